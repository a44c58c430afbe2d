//! A call of a REST service: a method, a path in decoded segments, a query and a document.

use super::{ApiError, Service, query};
use http::Method;
use http::request::Parts;
use serde_json::Value;

/// One call.
#[derive(Debug)]
pub struct RestCall {
    /// The HTTP method.
    pub method: Method,
    /// The path's segments, percent-decoded one by one, so that an ARN stays one segment.
    pub segments: Vec<String>,
    /// The query's pairs, decoded.
    pub query: Vec<(String, String)>,
    /// The `Host` that the caller used, from which URLs in answers are built.
    pub host: String,
    /// The document.
    pub body: Value,
}

impl RestCall {
    /// Takes a request apart.
    pub fn new(parts: &Parts, host: String, body: Value) -> Self {
        let path = parts.uri.path().trim_matches('/');
        Self {
            method: parts.method.clone(),
            segments: path.split('/').map(decode).collect(),
            query: parts.uri.query().map(query::pairs).unwrap_or_default(),
            host,
            body,
        }
    }

    /// The segments as a slice that patterns can match.
    pub fn path(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    /// A query argument's value.
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a repeated query argument.
    pub fn query_values(&self, name: &str) -> Vec<&str> {
        self.query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Refuses query arguments other than those named.
    ///
    /// # Errors
    /// The service's error for a bad argument, naming the first.
    pub fn only_query(&self, service: Service, supported: &[&str]) -> Result<(), ApiError> {
        match self.query.iter().find(|(name, _)| !supported.contains(&name.as_str())) {
            Some((name, _)) => {
                let what = format!("{} {}", self.method, self.segments.join("/"));
                Err(service.invalid(format!("{what}: argument {name} is not supported by the emulator")))
            }
            None => Ok(()),
        }
    }

    /// The refusal of a method and path that nobody serves.
    pub fn unsupported(&self, service: Service) -> ApiError {
        let operation = format!("{} /{}", self.method, self.segments.join("/"));
        ApiError::unsupported_operation(service.signing_name(), &operation)
    }
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
