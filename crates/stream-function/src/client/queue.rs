//! `SendMessage` of SQS, over signed HTTP.

use bytes::Bytes;
use http::Request;
use serde::Serialize;

use super::transport::{Transport, causes};
use crate::connections::BoxFuture;
use crate::dead_letters::DeadLetterQueue;

/// SigV4's name of the service.
const SERVICE: &str = "sqs";

/// One SQS queue.
pub(crate) struct Queue {
    transport: Transport,
    endpoint: String,
    url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessage<'a> {
    queue_url: &'a str,
    message_body: &'a str,
}

impl Queue {
    /// The queue with this URL, reached at `endpoint`.
    pub fn new(transport: Transport, endpoint: String, url: String) -> Self {
        Self { transport, endpoint, url }
    }

    pub(super) fn request(&self, message: &str) -> Result<Request<Bytes>, String> {
        let body = serde_json::to_vec(&SendMessage { queue_url: &self.url, message_body: message })
            .map_err(|error| error.to_string())?;
        Request::post(format!("{}/", self.endpoint))
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", "AmazonSQS.SendMessage")
            .body(Bytes::from(body))
            .map_err(|error| error.to_string())
    }

    async fn send(&self, message: &str) -> Result<(), String> {
        let request = self.request(message)?;
        let answer = self.transport.send(SERVICE, request).await.map_err(|error| causes(error.as_ref()))?;
        if answer.status.is_success() { Ok(()) } else { Err(answer.message()) }
    }
}

impl DeadLetterQueue for Queue {
    fn publish<'a>(&'a self, message: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(self.send(message))
    }
}
