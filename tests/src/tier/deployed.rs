//! A stack that is already deployed, named by environment variables.

use super::choice::DEPLOYED;
use super::health;
use crate::endpoint::{Endpoint, TargetKind};
use crate::sdk::Caller;
use anyhow::Context as _;
use std::env;

/// Reads a stack's outputs from `SLUICEGATE_WEBSOCKET_URI`, `SLUICEGATE_STREAM_NAME` and the optional
/// `SLUICEGATE_CONNECTIONS_ENDPOINT`. Without `AWS_ENDPOINT_URL` the stack is on AWS, and the caller's keys are used.
pub async fn from_environment() -> anyhow::Result<Endpoint> {
    let read = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let required =
        |name: &str| read(name).with_context(|| format!("{name} is not set: set it to the stack's output"));
    let websocket_uri = required(DEPLOYED)?;
    let aws_endpoint = read("AWS_ENDPOINT_URL");
    let (emulator, caller) = match &aws_endpoint {
        None => {
            let caller = Caller::from_environment();
            (TargetKind::Aws, caller.context("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")?)
        }
        Some(endpoint) => {
            let host = endpoint.trim_start_matches("http://").trim_end_matches('/');
            let is_ours = health::is_healthy(host, "/_sluicegate/health").await;
            (
                if is_ours { TargetKind::Local } else { TargetKind::LocalStack },
                Caller::from_environment().unwrap_or_else(Caller::developer),
            )
        }
    };
    Ok(Endpoint {
        emulator,
        connections_endpoint: read("SLUICEGATE_CONNECTIONS_ENDPOINT")
            .unwrap_or_else(|| websocket_uri.replacen("ws", "http", 1)),
        websocket_uri,
        aws_endpoint,
        stream_name: required("SLUICEGATE_STREAM_NAME")?,
        caller,
    })
}
