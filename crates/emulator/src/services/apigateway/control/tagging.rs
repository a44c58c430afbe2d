//! Tags of APIs and stages, by ARN.

use super::resource::{not_found, parse};
use super::{ApiGateway, Store};
use crate::protocol::rest::RestCall;
use crate::protocol::tags::Tags;
use crate::protocol::{Answer, ApiError, Reply, Service};
use http::Method;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TagResource {
    tags: Tags,
}

impl ApiGateway {
    /// `/v2/tags/{arn}`, where the ARN is `arn:aws:apigateway:{region}::/apis/{api}[/stages/{stage}]`.
    pub(super) fn serve_tags(&self, store: &mut Store, call: &RestCall, arn: &str) -> Answer {
        let tags = find(store, arn)?;
        match call.method {
            Method::GET => Ok(Reply::ok(json!({"tags": tags.clone().unwrap_or_default()}))),
            Method::POST => {
                let request: TagResource = parse("TagResource", call.body.clone())?;
                tags.get_or_insert_default().extend(request.tags);
                Ok(Reply::created(json!({})))
            }
            Method::DELETE => {
                call.only_query(Service::ApiGateway, &["tagKeys"])?;
                let keys = call.query_values("tagKeys");
                tags.get_or_insert_default().retain(|key, _| !keys.contains(&key.as_str()));
                Ok(Reply::no_content())
            }
            _ => Err(call.unsupported(Service::ApiGateway)),
        }
    }
}

fn find<'a>(store: &'a mut Store, arn: &str) -> Result<&'a mut Option<Tags>, ApiError> {
    let missing = || not_found("resource", arn);
    let path = arn.split_once("::/apis/").map(|(_, path)| path).ok_or_else(missing)?;
    let (api, stage) = match path.split_once("/stages/") {
        Some((api, stage)) => (api, Some(stage)),
        None => (path, None),
    };
    let record = store.apis.get_mut(api).ok_or_else(missing)?;
    match stage {
        None => Ok(&mut record.definition.api.tags),
        Some(stage) => record.stages.get_mut(stage).map(|stage| &mut stage.settings.tags).ok_or_else(missing),
    }
}
