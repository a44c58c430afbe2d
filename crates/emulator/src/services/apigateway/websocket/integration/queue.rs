//! Sends what the request template renders to a queue: a form, as SQS's Query protocol has it
//! (docs/aws-behaviour.md#apigateway-sqs-integration).

use super::{Answer, IntegrationError};
use crate::core::identity::Principal;
use crate::protocol::{ApiError, query};
use crate::services::apigateway::websocket::gateway::Gateway;
use serde_json::{Map, Value, json};

/// The one action that an integration may ask a queue for.
const ACTION: &str = "SendMessage";
/// The name under which a form lists a message's attributes.
const ATTRIBUTES: &str = "MessageAttribute";
/// Members of an answer that has one of them with a value or `null`, as AWS's own has.
const OPTIONAL_MEMBERS: [&str; 3] =
    ["MD5OfMessageAttributes", "MD5OfMessageSystemAttributes", "SequenceNumber"];

/// Acts as the integration's role on the queue that its URI names.
pub(super) async fn send(
    gateway: &Gateway,
    account_id: &str,
    name: &str,
    role_arn: &str,
    request: &str,
) -> Result<Answer, IntegrationError> {
    let (permissions, account) = (&gateway.shared.permissions, &gateway.shared.account);
    permissions.assume("apigateway.amazonaws.com", role_arn)?;
    let role = Principal::Role(role_arn.to_owned());
    permissions.check(&role, &format!("sqs:{ACTION}"), &account.arn("sqs", name))?;
    let request_id = uuid::Uuid::new_v4().to_string();
    let sent = match document(request, &format!("{account_id}/{name}")) {
        Ok(_) if account_id != account.id => {
            let message = format!(
                "the queue {name} belongs to account {account_id}, and the emulator plays {}",
                account.id
            );
            Err(ApiError::bad_request("QueueDoesNotExist", message))
        }
        Ok(document) => gateway.shared.queues.handle(&role, "", ACTION, document).await,
        Err(refused) => Err(refused),
    };
    Ok(match sent {
        Ok(reply) => {
            let result = result(reply.body.unwrap_or_default());
            let body = json!({
                "SendMessageResponse": {
                    "ResponseMetadata": {"RequestId": request_id},
                    "SendMessageResult": result,
                },
            });
            Answer::new(200, body.to_string(), request_id)
        }
        Err(error) => {
            // As of Kinesis: on a one-way route the client never learns of this.
            tracing::warn!(target: "flow", hop = "refused message", queue = name, %error);
            let kind = if error.status.is_server_error() { "Receiver" } else { "Sender" };
            let code = error.query_code.unwrap_or(error.code);
            let body = json!({
                "Error": {"Code": code, "Detail": null, "Message": error.message, "Type": kind},
                "RequestId": request_id,
            });
            Answer::new(error.status.as_u16(), body.to_string(), request_id).with_error(error.to_string())
        }
    })
}

fn result(sent: Value) -> Map<String, Value> {
    let mut result: Map<_, _> =
        OPTIONAL_MEMBERS.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
    if let Value::Object(members) = sent {
        result.extend(members);
    }
    result
}

/// The request as SQS's JSON protocol has it.
fn document(form: &str, queue_url: &str) -> Result<Value, ApiError> {
    let pairs = query::pairs(form);
    let action = pairs.iter().find(|(name, _)| name == "Action").map(|(_, action)| action.as_str());
    match action {
        Some(ACTION) => {}
        Some(other) => {
            return Err(ApiError::unsupported_operation("sqs", &format!("{other} by an integration")));
        }
        None => {
            let message =
                "the request names no Action: it must be a form, such as Action=SendMessage&MessageBody=…";
            return Err(ApiError::bad_request("MissingAction", message));
        }
    }
    let mut document = match query::document(&pairs) {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    // The path says which queue it is.
    document.insert("QueueUrl".into(), queue_url.into());
    if let Some(Value::String(delay)) = document.get("DelaySeconds") {
        let seconds: u64 = delay.parse().map_err(|_| {
            ApiError::bad_request(
                "InvalidParameterValue",
                format!("DelaySeconds: {delay:?} is not a whole number"),
            )
        })?;
        document.insert("DelaySeconds".into(), seconds.into());
    }
    if let Some(listed) = document.remove(ATTRIBUTES) {
        document.insert("MessageAttributes".into(), attributes(&listed).into());
    }
    Ok(document.into())
}

/// `MessageAttribute.1.Name=n&MessageAttribute.1.Value.StringValue=v`, by name.
fn attributes(listed: &Value) -> Map<String, Value> {
    let entries = listed.as_object().into_iter().flat_map(Map::values);
    let named =
        entries.map(|entry| (entry["Name"].as_str().unwrap_or_default().to_owned(), entry["Value"].clone()));
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_a_request_to_send() {
        let read = |form: &str| document(form, "0/q").map_err(|error| error.message);
        for (form, expected) in [
            ("Action=SendMessage&MessageBody=a%26b+c", json!({"MessageBody": "a&b c"})),
            ("Action=SendMessage&Version=2012-11-05&MessageBody=x", json!({"MessageBody": "x"})),
            ("Action=SendMessage&MessageBody={\"a\":1}", json!({"MessageBody": "{\"a\":1}"})),
            (
                "MessageBody=x&Action=SendMessage&DelaySeconds=7",
                json!({"MessageBody": "x", "DelaySeconds": 7}),
            ),
            ("Action=SendMessage", json!({})),
            (
                "Action=SendMessage&QueueUrl=http%3A%2F%2Fh%2F0%2Fother&MessageBody=x",
                json!({"MessageBody": "x"}),
            ),
            (
                "Action=SendMessage&MessageBody=x&MessageAttribute.1.Name=id&MessageAttribute.1.Value.StringValue=c%3D\
                 &MessageAttribute.1.Value.DataType=String",
                json!({
                    "MessageBody": "x",
                    "MessageAttributes": {"id": {"StringValue": "c=", "DataType": "String"}},
                }),
            ),
        ] {
            let mut expected = expected;
            expected["QueueUrl"] = "0/q".into();
            assert_eq!(read(form), Ok(expected), "{form}");
        }
        for (form, named) in [
            ("Action=PurgeQueue", "PurgeQueue"),
            ("MessageBody=x", "no Action"),
            ("{\"MessageBody\":\"x\"}", "no Action"),
            ("", "no Action"),
            ("Action=SendMessage&MessageBody=x&DelaySeconds=soon", "soon"),
        ] {
            let refused = read(form).unwrap_err();
            assert!(refused.contains(named), "{form}: {refused} does not name {named}");
        }
    }
}
