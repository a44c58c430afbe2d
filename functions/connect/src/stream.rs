//! The stream that CONNECT events go to.

use crate::event::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use serde_json::json;
use signed_http::{BoxError, Limits, SignedHttp, credentials};
use std::time::Duration;

/// SigV4's name of the service.
const SERVICE: &str = "kinesis";
/// Within the function's own 5 s.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(1),
    request: Duration::from_secs(4),
    response_bytes_max: 64 * 1024,
};

/// A stream and the way to it.
pub struct Stream {
    name: String,
    endpoint: String,
    http: SignedHttp,
}

impl Stream {
    /// The stream that the environment names; `None`: CONNECT events go nowhere.
    ///
    /// # Errors
    /// If Lambda's own variables are missing, or the system's root certificates.
    pub fn from_environment(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, BoxError> {
        let Some(name) = lookup("STREAM_NAME").filter(|name| !name.is_empty()) else { return Ok(None) };
        let keys = credentials::read(lookup)?;
        let endpoint = endpoint(lookup, &keys.region);
        let http = SignedHttp::new(&keys, endpoint.starts_with("https:"), LIMITS)?;
        Ok(Some(Self { name, endpoint, http }))
    }

    /// Puts a CONNECT event, under its connection's id as partition key.
    ///
    /// # Errors
    /// If Kinesis does not take it.
    pub async fn put(&self, context: &Context) -> Result<(), BoxError> {
        let body = json!({
            "StreamName": self.name,
            "Data": STANDARD.encode(context.record()?),
            "PartitionKey": context.connection_id,
        });
        let request = Request::post(&self.endpoint)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", "Kinesis_20131202.PutRecord")
            .body(body.to_string().into())?;
        let answer = self.http.send(SERVICE, request).await?;
        if answer.status.is_success() {
            return Ok(());
        }
        Err(format!("the stream {} did not take the CONNECT event: {}", self.name, answer.message()).into())
    }
}

/// The service's own override, else the emulator's address, else the region's endpoint.
fn endpoint(lookup: &dyn Fn(&str) -> Option<String>, region: &str) -> String {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    lookup("AWS_ENDPOINT_URL_KINESIS")
        .or_else(|| lookup("AWS_ENDPOINT_URL"))
        .unwrap_or_else(|| format!("https://kinesis.{region}.{domain}/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_the_override_else_the_regions() {
        let found = |variables: &'static [(&'static str, &'static str)], region: &str| {
            endpoint(
                &move |name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into()),
                region,
            )
        };
        assert_eq!(found(&[], "eu-west-1"), "https://kinesis.eu-west-1.amazonaws.com/");
        assert_eq!(found(&[], "cn-north-1"), "https://kinesis.cn-north-1.amazonaws.com.cn/");
        let emulator = &[("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")];
        assert_eq!(found(emulator, "us-east-1"), "http://127.0.0.1:4566");
    }

    #[test]
    fn without_a_name_there_is_no_stream() {
        assert!(Stream::from_environment(&|_| None).unwrap().is_none());
        let lookup = |name: &str| (name == "STREAM_NAME").then(|| "s".to_owned());
        assert!(Stream::from_environment(&lookup).is_err(), "Lambda's variables are missing");
    }
}
