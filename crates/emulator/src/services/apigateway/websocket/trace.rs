//! The results of a message's processing, for its access log and the metrics, but not for templates.

use std::borrow::Cow;

/// A call of an integration or an authorizer for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The status that came of it: of a function, what it answered.
    pub status: u16,
    /// The status of the service that was called: of a function, Lambda's.
    pub service_status: u16,
    /// Milliseconds until the answer.
    pub latency_ms: u64,
    /// The error, in the callee's or the gateway's words.
    pub error: Option<String>,
    /// The callee's own id of the request.
    pub request_id: String,
}

/// An error with which the gateway itself answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// As sent to the client.
    pub message: &'static str,
    /// `$context.error.responseType`: the names of REST APIs' gateway responses.
    pub response_type: &'static str,
    /// Why the request model refused the message.
    pub validation: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// The handshake's status, or the message's, as a REST API would have it.
    pub status: Option<u16>,
    pub integration: Option<Call>,
    pub authorizer: Option<Call>,
    /// Why the gateway refused.
    pub error: Option<Failure>,
}

impl Trace {
    /// A variable's value, by its path below `$context`.
    pub fn get(&self, path: &str) -> Option<Cow<'_, str>> {
        let (group, name) = path.split_once('.').unwrap_or((path, ""));
        match (group, name) {
            ("status", "") => self.status.map(|status| status.to_string().into()),
            ("integrationLatency", "") => self.integration.as_ref()?.get("latency"),
            ("integration", _) => self.integration.as_ref()?.get(name),
            // Only authorizers set these: authentication with SigV4 calls nobody.
            ("authorize", "error" | "latency" | "status") | ("authorizer", _) => {
                self.authorizer.as_ref()?.get(name)
            }
            ("error", _) => self.error.as_ref()?.get(name),
            _ => None,
        }
    }
}

impl Call {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(match name {
            "status" => self.status.to_string().into(),
            "integrationStatus" => self.service_status.to_string().into(),
            "latency" | "integrationLatency" => self.latency_ms.to_string().into(),
            "error" => self.error.as_deref()?.into(),
            "requestId" => self.request_id.as_str().into(),
            _ => return None,
        })
    }
}

impl Failure {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(match name {
            "message" => self.message.into(),
            "messageString" => format!("\"{}\"", self.message).into(),
            "responseType" => self.response_type.into(),
            "validationErrorString" => self.validation.as_deref()?.into(),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Call {
        Call {
            status: 400,
            service_status: 201,
            latency_ms: 12,
            error: Some("refused".into()),
            request_id: "r".into(),
        }
    }

    #[test]
    fn an_access_log_sees_calls_and_errors_by_name() {
        let error =
            Failure { message: "Forbidden", response_type: "ACCESS_DENIED", validation: Some("[x]".into()) };
        let trace = Trace {
            status: Some(403),
            integration: Some(call()),
            authorizer: Some(Call { status: 200, service_status: 202, ..call() }),
            error: Some(error),
        };
        let expected = [
            ("status", "403"),
            ("integration.status", "400"),
            ("integration.integrationStatus", "201"),
            ("integration.latency", "12"),
            ("integrationLatency", "12"),
            ("integration.error", "refused"),
            ("integration.requestId", "r"),
            ("authorizer.status", "200"),
            ("authorizer.integrationStatus", "202"),
            ("authorizer.integrationLatency", "12"),
            ("authorizer.latency", "12"),
            ("authorizer.error", "refused"),
            ("authorizer.requestId", "r"),
            ("authorize.status", "200"),
            ("error.message", "Forbidden"),
            ("error.messageString", "\"Forbidden\""),
            ("error.responseType", "ACCESS_DENIED"),
            ("error.validationErrorString", "[x]"),
        ];
        for (name, value) in expected {
            assert_eq!(trace.get(name).as_deref(), Some(value), "{name}");
        }
        for absent in ["waf.status", "authenticate.status", "error.x", "integration", "x"] {
            assert_eq!(trace.get(absent), None, "{absent}");
        }
        assert_eq!(Trace::default().get("integration.status"), None);
    }
}
