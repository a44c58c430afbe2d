//! `@connections` by AWS's own client: the feature `aws-sdk`.

use aws_sdk_apigatewaymanagement::config::retry::RetryConfig;
use aws_sdk_apigatewaymanagement::config::timeout::TimeoutConfig;
use aws_sdk_apigatewaymanagement::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_apigatewaymanagement::error::{DisplayErrorContext, SdkError};
use aws_sdk_apigatewaymanagement::operation::get_connection::GetConnectionOutput;
use aws_sdk_apigatewaymanagement::primitives::{Blob, DateTime, DateTimeFormat};
use aws_sdk_apigatewaymanagement::{Client, Config};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use bytes::Bytes;
use http::StatusCode;

use super::connections::refusal;
use super::transport::Answer;
use crate::connections::{BoxFuture, ConnectionInfo, Connections, Delivery, Identity, SendError};
use crate::environment::Environment;
use crate::limits::{CONNECT_TIMEOUT, REQUEST_TIMEOUT};

/// A connection id that no client has: the answer does not matter, the connection that it comes on stays open.
const NOBODY: &str = "warm-up";

/// The clients of the stage at one callback endpoint.
pub(crate) struct SdkConnections(Client);

impl SdkConnections {
    /// Without retries of its own: the caller retries, within the record's time.
    pub fn new(environment: &Environment) -> Self {
        let keys = Credentials::new(
            &environment.access_key_id,
            &environment.secret_access_key,
            environment.session_token.clone(),
            None,
            "environment",
        );
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_timeout(REQUEST_TIMEOUT);
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(environment.region.clone()))
            .credentials_provider(keys)
            .endpoint_url(&environment.connections_endpoint)
            .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts.build());
        Self(Client::from_conf(config.build()))
    }
}

/// What an SDK's error means. Nothing, if it is that the client has left.
fn failed<E: std::error::Error + Send + Sync + 'static>(error: &SdkError<E>, id: &str) -> Option<SendError> {
    let SdkError::ServiceError(response) = error else {
        return Some(SendError::Unavailable(DisplayErrorContext(error).to_string()));
    };
    let status = StatusCode::from_u16(response.raw().status().as_u16());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = Bytes::copy_from_slice(response.raw().body().bytes().unwrap_or_default());
    (status != StatusCode::GONE).then(|| refusal(&Answer { status, body }, id))
}

fn info(output: GetConnectionOutput) -> ConnectionInfo {
    let text = |time: Option<DateTime>| time.and_then(|time| time.fmt(DateTimeFormat::DateTime).ok());
    let identity = output
        .identity
        .map(|identity| Identity { source_ip: identity.source_ip, user_agent: identity.user_agent });
    ConnectionInfo {
        connected_at: text(output.connected_at),
        last_active_at: text(output.last_active_at),
        identity,
    }
}

fn checked(id: &str) -> Result<&str, SendError> {
    if id.is_empty() { Err(SendError::InvalidConnectionId(String::new())) } else { Ok(id) }
}

impl Connections for SdkConnections {
    fn post<'a>(&'a self, id: &'a str, message: Bytes) -> BoxFuture<'a, Result<Delivery, SendError>> {
        Box::pin(async move {
            let post = self.0.post_to_connection().connection_id(checked(id)?).data(Blob::new(message));
            match post.send().await {
                Ok(_) => Ok(Delivery::Delivered),
                Err(error) => failed(&error, id).map_or(Ok(Delivery::Gone), Err),
            }
        })
    }

    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<ConnectionInfo>, SendError>> {
        Box::pin(async move {
            match self.0.get_connection().connection_id(checked(id)?).send().await {
                Ok(output) => Ok(Some(info(output))),
                Err(error) => failed(&error, id).map_or(Ok(None), Err),
            }
        })
    }

    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            match self.0.delete_connection().connection_id(checked(id)?).send().await {
                Ok(_) => Ok(()),
                Err(error) => failed(&error, id).map_or(Ok(()), Err),
            }
        })
    }

    fn warm_up(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Err(SendError::Unavailable(error)) = self.get(NOBODY).await {
                tracing::warn!(error, "the connections endpoint does not respond yet");
            }
        })
    }
}
