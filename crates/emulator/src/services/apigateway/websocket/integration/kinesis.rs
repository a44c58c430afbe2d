//! Puts what the request template renders into a stream.

use super::{Answer, IntegrationError};
use crate::core::identity::{Denied, Principal};
use crate::services::apigateway::websocket::gateway::Gateway;
use crate::services::apigateway::websocket::stage::KinesisAction;
use crate::services::kinesis::{KinesisError, PutRecord, stream_of};
use serde_json::Value;

/// Acts as the integration's role on the stream that the rendered request names.
pub(super) async fn put(
    gateway: &Gateway,
    action: KinesisAction,
    role_arn: &str,
    request: &str,
) -> Result<Answer, IntegrationError> {
    let streams = &gateway.shared.streams;
    let (stream, put): (_, Result<Vec<u8>, KinesisError>) = match action {
        KinesisAction::PutRecord => {
            let record = PutRecord::read(request);
            let stream = record.stream();
            may(gateway, role_arn, "kinesis:PutRecord", stream.as_deref())?;
            let placed = streams.put_record(&record).await;
            (stream, placed.map(|placed| serde_json::to_vec(&placed).unwrap_or_default()))
        }
        KinesisAction::PutRecords => {
            let records: Value = serde_json::from_str(request).unwrap_or_default();
            let stream = stream_of(&records);
            may(gateway, role_arn, "kinesis:PutRecords", stream.as_deref())?;
            let placed = streams.put_records(&records).await;
            (stream, placed.map(|placed| placed.to_string().into_bytes()))
        }
    };
    let request_id = uuid::Uuid::new_v4().to_string();
    Ok(match put {
        Ok(body) => Answer::new(200, body, request_id),
        Err(error) => {
            // On a one-way route the client never learns of this (docs/aws-behaviour.md#template-kinesis): the log
            // and the metric must tell.
            tracing::warn!(target: "flow", hop = "refused record", stream = stream.as_deref().unwrap_or("?"), %error);
            Answer::new(error.status, error.to_json().to_string(), request_id).with_error(error.to_string())
        }
    })
}

/// Whether the gateway may act as the role, and the role on the stream.
fn may(gateway: &Gateway, role_arn: &str, action: &str, stream: Option<&str>) -> Result<(), Denied> {
    gateway.shared.permissions.assume("apigateway.amazonaws.com", role_arn)?;
    let resource = gateway.shared.account.stream_arn(stream.unwrap_or("*"));
    gateway.shared.permissions.check(&Principal::Role(role_arn.to_owned()), action, &resource)
}
