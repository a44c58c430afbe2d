//! Tags of functions and event source mappings, by ARN.

use super::{Lambda, Store, parse};
use crate::protocol::rest::RestCall;
use crate::protocol::tags::Tags;
use crate::protocol::{Answer, ApiError, Reply, Service};
use http::Method;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TagResource {
    tags: Tags,
}

impl Lambda {
    /// `/2017-03-31/tags/{arn}`
    pub(super) fn serve_tags(&self, store: &mut Store, call: &RestCall, arn: &str) -> Answer {
        let tags = self.tags_of(store, arn)?;
        match call.method {
            Method::GET => Ok(Reply::ok(json!({"Tags": tags}))),
            Method::POST => {
                let request: TagResource = parse("TagResource", call.body.clone())?;
                tags.extend(request.tags);
                Ok(Reply::no_content())
            }
            Method::DELETE => {
                call.only_query(Service::Lambda, &["tagKeys"])?;
                let keys = call.query_values("tagKeys");
                tags.retain(|key, _| !keys.contains(&key.as_str()));
                Ok(Reply::no_content())
            }
            _ => Err(call.unsupported(Service::Lambda)),
        }
    }

    fn tags_of<'a>(&self, store: &'a mut Store, arn: &str) -> Result<&'a mut Tags, ApiError> {
        match arn.split_once(":event-source-mapping:") {
            Some((_, uuid)) => store.mapping_mut(uuid).map(|mapping| &mut mapping.tags),
            None => store.function_mut(arn, &self.account).map(|function| &mut function.tags),
        }
    }
}
