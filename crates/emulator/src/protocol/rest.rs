//! A call of a REST service: a method, a path in decoded segments, a query and a document.

use super::{ApiError, Service, query};
use http::Method;
use http::request::Parts;
use serde_json::Value;

#[derive(Debug)]
pub struct RestCall {
    pub method: Method,
    /// The path's segments, percent-decoded one by one, so that an ARN remains one segment.
    pub segments: Vec<String>,
    /// The query's decoded pairs.
    pub query: Vec<(String, String)>,
    /// The `Host` of the request; URLs in answers are built from it.
    pub host: String,
    pub body: Value,
}

impl RestCall {
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

    /// The segments as a slice, for patterns.
    pub fn path(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    /// The value of a query argument.
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a repeated query argument.
    pub fn query_values(&self, name: &str) -> Vec<&str> {
        self.query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Refuses all other query arguments. Errors: the service's error for an invalid argument, which names the first.
    pub fn only_query(&self, service: Service, supported: &[&str]) -> Result<(), ApiError> {
        match self.query.iter().find(|(name, _)| !supported.contains(&name.as_str())) {
            Some((name, _)) => {
                let what = format!("{} {}", self.method, self.segments.join("/"));
                Err(service.invalid(format!("{what}: argument {name} is not supported by the emulator")))
            }
            None => Ok(()),
        }
    }

    /// The error for a method and path without an operation.
    pub fn unsupported(&self, service: Service) -> ApiError {
        let operation = format!("{} /{}", self.method, self.segments.join("/"));
        ApiError::unsupported_operation(service.signing_name(), &operation)
    }
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
