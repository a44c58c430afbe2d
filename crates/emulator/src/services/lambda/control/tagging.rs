//! Tags of functions and event source mappings, by ARN.

use super::checks::check_tags;
use super::mapping::mapping_arn;
use super::reference::{NameForm, Reference, foreign, mismatch, unreachable, validation};
use super::{Lambda, Store, invalid, parse};
use crate::protocol::rest::RestCall;
use crate::protocol::tags::Tags;
use crate::protocol::{Answer, ApiError, Reply, Service};
use http::Method;
use regex_lite::Regex;
use serde::Deserialize;
use serde_json::json;
use std::sync::LazyLock;

/// The pattern of taggable resources.
const RESOURCE: &str = r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)";
static WHOLE_RESOURCE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!("^(?:{RESOURCE})$")).ok());

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TagResource {
    tags: Tags,
}

/// A tagged resource.
enum Tagged {
    Function(String),
    Mapping(String),
}

impl Lambda {
    /// `/2017-03-31/tags/{arn}`
    pub(super) fn serve_tags(&self, store: &mut Store, call: &RestCall, arn: &str) -> Answer {
        let tagged = self.tagged(arn)?;
        let mut tags = self.tags_of(store, &tagged)?;
        match call.method {
            Method::GET => return Ok(Reply::ok(json!({"Tags": tags}))),
            Method::POST => {
                let request: TagResource = parse("TagResource", call.body.clone())?;
                if request.tags.is_empty() {
                    return Err(invalid("An error occurred and the request cannot be processed."));
                }
                tags.extend(request.tags);
                check_tags(&tags)?;
            }
            Method::DELETE => {
                call.only_query(Service::Lambda, &["tagKeys"])?;
                let keys = call.query_values("tagKeys");
                if keys.is_empty() {
                    let null =
                        "Value null at 'tagKeys' failed to satisfy constraint: Member must not be null";
                    return Err(validation(&[null.to_owned()]));
                }
                tags.retain(|key, _| !keys.contains(&key.as_str()));
            }
            _ => return Err(call.unsupported(Service::Lambda)),
        }
        match tagged {
            Tagged::Mapping(uuid) => store.mapping_mut(&uuid)?.tags = tags,
            Tagged::Function(name) => {
                let function = store.function_mut(&name, &self.account)?;
                function.tags = tags;
                function.latest.renew_revision();
            }
        }
        Ok(Reply::no_content())
    }

    fn tagged(&self, arn: &str) -> Result<Tagged, ApiError> {
        if !WHOLE_RESOURCE.as_ref().is_some_and(|regex| regex.is_match(arn)) {
            return Err(validation(&[mismatch("resource", arn, RESOURCE)]));
        }
        let parts: Vec<_> = arn.split(':').collect();
        let [_, _, _, region, account, kind, name, ..] = parts[..] else {
            return Err(validation(&[mismatch("resource", arn, RESOURCE)]));
        };
        match kind {
            "event-source-mapping" if region != self.account.region() => {
                Err(unreachable(region, &self.account))
            }
            "event-source-mapping" if account != self.account.id => Err(foreign(account, &self.account)),
            "event-source-mapping" => Ok(Tagged::Mapping(name.to_owned())),
            "function" => match Reference::read(&self.account, NameForm::Write, arn, None)? {
                Reference { name, qualifier: None } => Ok(Tagged::Function(name)),
                _ => Err(invalid(
                    "Tags on function aliases and versions are not supported. Please specify a function ARN.",
                )),
            },
            other => Err(invalid(format!("Resource: a {other} is not supported by the emulator"))),
        }
    }

    fn tags_of(&self, store: &Store, tagged: &Tagged) -> Result<Tags, ApiError> {
        match tagged {
            Tagged::Function(name) => Ok(store.function(name, &self.account)?.tags.clone()),
            Tagged::Mapping(uuid) => {
                store.mappings.get(uuid).map(|mapping| mapping.tags.clone()).ok_or_else(|| {
                    let message =
                        format!("Event source mapping not found: {}", mapping_arn(&self.account, uuid));
                    ApiError::not_found("ResourceNotFoundException", message)
                })
            }
        }
    }
}
