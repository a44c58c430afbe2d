//! `@connections` of the API Gateway Management API, over signed HTTP.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use signed_http::connections::{self, SERVICE};

use super::transport::{Answer, Transport, causes};
use crate::connections::{BoxFuture, ConnectionInfo, Connections, Delivery, SendError};

/// The clients of the stage at one callback endpoint.
pub(crate) struct EndpointConnections {
    transport: Transport,
    endpoint: String,
}

impl EndpointConnections {
    /// `endpoint` ends before `/@connections`.
    pub fn new(transport: Transport, endpoint: String) -> Self {
        Self { transport, endpoint }
    }

    pub(super) fn request(
        &self,
        method: Method,
        id: &str,
        message: Bytes,
    ) -> Result<Request<Bytes>, SendError> {
        if id.is_empty() {
            return Err(SendError::InvalidConnectionId(String::new()));
        }
        let mut request = Request::builder().method(&method).uri(connections::uri(&self.endpoint, id));
        if method == Method::POST {
            request = request.header("content-type", "application/octet-stream");
        }
        request.body(message).map_err(|_| SendError::InvalidConnectionId(id.into()))
    }

    async fn call(&self, method: Method, id: &str, message: Bytes) -> Result<Answer, SendError> {
        let request = self.request(method, id, message)?;
        let answer = self.transport.send(SERVICE, request).await;
        let answer = answer.map_err(|error| SendError::Unavailable(causes(error.as_ref())))?;
        if answer.status.is_success() || answer.status == StatusCode::GONE {
            return Ok(answer);
        }
        Err(refusal(&answer, id))
    }
}

/// What an answer that is no success means (docs/aws-behaviour.md#apigateway-connections).
pub(super) fn refusal(answer: &Answer, id: &str) -> SendError {
    let message = answer.message();
    match answer.status.as_u16() {
        403 => SendError::Forbidden(message),
        400 if message.contains("connectionId") => SendError::InvalidConnectionId(id.into()),
        429 => SendError::Throttled(message),
        408 | 500..=599 => SendError::Unavailable(format!("{}: {message}", answer.status.as_u16())),
        status => SendError::Rejected { status, message },
    }
}

impl Connections for EndpointConnections {
    fn post<'a>(&'a self, id: &'a str, message: Bytes) -> BoxFuture<'a, Result<Delivery, SendError>> {
        Box::pin(async move {
            let answer = self.call(Method::POST, id, message).await?;
            Ok(if answer.status == StatusCode::GONE { Delivery::Gone } else { Delivery::Delivered })
        })
    }

    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<ConnectionInfo>, SendError>> {
        Box::pin(async move {
            let answer = self.call(Method::GET, id, Bytes::new()).await?;
            if answer.status == StatusCode::GONE {
                return Ok(None);
            }
            let info = serde_json::from_slice(&answer.body);
            info.map(Some)
                .map_err(|error| SendError::Unavailable(format!("the response is not a connection: {error}")))
        })
    }

    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move { self.call(Method::DELETE, id, Bytes::new()).await.map(drop) })
    }

    /// An unsigned request: the endpoint refuses it, free of charge, and the connection it came on stays open.
    fn warm_up(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let Ok(request) = Request::head(format!("{}/", self.endpoint)).body(Bytes::new()) else {
                return;
            };
            if let Err(error) = self.transport.exchange(request).await {
                tracing::warn!(
                    error = causes(error.as_ref()),
                    "the connections endpoint does not respond yet"
                );
            }
        })
    }
}
