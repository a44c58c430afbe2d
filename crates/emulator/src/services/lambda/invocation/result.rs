//! How an invocation ends, and what the caller and the log get. Pure.

use super::config::LogFormat;
use super::runtime_api::RESPONSE_BYTES_MAX;
use crate::core::clock;
use bytes::Bytes;
use serde_json::{Value, json};
use std::process::ExitStatus;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvocationResult {
    Response(Bytes),
    /// The function failed: `FunctionError: Unhandled`, with the error's JSON.
    Error(Bytes),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// It reported an error, in an invocation or in its init.
    Reported(Bytes),
    /// Its answer has too many bytes: so many.
    TooLarge(usize),
    TimedOut {
        timeout_s: u32,
    },
    /// Its process ended; the text says how.
    Exited(String),
    /// It exceeded its memory and was killed.
    OutOfMemory,
    NotStarted(String),
}

impl Failure {
    /// Its process ended by itself.
    pub fn exited(status: Option<ExitStatus>) -> Self {
        use std::os::unix::process::ExitStatusExt as _;
        Self::Exited(match status.map(|status| (status.code(), status.signal())) {
            Some((Some(0), _)) => "Runtime exited without providing a reason".into(),
            Some((Some(code), _)) => format!("Runtime exited with error: exit status {code}"),
            Some((None, Some(9))) => KILLED.into(),
            Some((None, Some(signal))) => format!("Runtime exited with error: signal: {signal}"),
            Some((None, None)) | None => "Runtime exited with error: unknown".into(),
        })
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Reported(_) => "Function.Unhandled",
            Self::TooLarge(_) => "Function.ResponseSizeTooLarge",
            Self::TimedOut { .. } => "Sandbox.Timedout",
            Self::Exited(_) | Self::OutOfMemory => "Runtime.ExitError",
            Self::NotStarted(_) => "Runtime.InvalidEntrypoint",
        }
    }

    fn message(&self, request_id: &str) -> String {
        let of_request = |what: &str| format!("RequestId: {request_id} Error: {what}");
        match self {
            Self::Reported(_) => String::new(),
            Self::TooLarge(bytes) => format!(
                "Response payload size ({bytes} bytes) exceeded maximum allowed payload size ({RESPONSE_BYTES_MAX} bytes)."
            ),
            Self::TimedOut { timeout_s } => {
                of_request(&format!("Task timed out after {timeout_s}.00 seconds"))
            }
            Self::Exited(how) | Self::NotStarted(how) => of_request(how),
            Self::OutOfMemory => of_request(KILLED),
        }
    }

    /// The payload for the caller.
    pub fn payload(&self, request_id: &str) -> Bytes {
        match self {
            Self::Reported(body) => body.clone(),
            other => json!({"errorType": other.kind(), "errorMessage": other.message(request_id)})
                .to_string()
                .into(),
        }
    }

    /// Lambda's own log line about the error; a function that reports an error has logged it itself.
    pub fn log_line(&self, request_id: &str, now_ms: u64) -> Option<String> {
        match self {
            Self::Reported(_) => None,
            Self::TimedOut { timeout_s } => Some(format!(
                "{} {request_id} Task timed out after {timeout_s}.00 seconds",
                clock::iso_8601(now_ms)
            )),
            other => Some(format!("{}\n{}", other.message(request_id), other.kind())),
        }
    }

    fn status(&self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::TimedOut { .. } => ("timeout", None),
            Self::OutOfMemory => ("error", Some("Runtime.OutOfMemory")),
            other => ("error", Some(other.kind())),
        }
    }
}

const KILLED: &str = "Runtime exited with error: signal: killed";

/// The content of the REPORT line.
pub(super) struct Report<'a> {
    pub request_id: &'a str,
    pub duration: Duration,
    /// Only of the environment's first invocation.
    pub init: Option<Duration>,
    pub memory_mb: u32,
    /// `None` if the system does not say.
    pub memory_peak_mb: Option<u64>,
    pub failure: Option<&'a Failure>,
}

impl Report<'_> {
    pub fn text(&self) -> String {
        let mut line = format!(
            "REPORT RequestId: {}\tDuration: {:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB\t",
            self.request_id,
            ms(self.duration),
            self.billed_ms(),
            self.memory_mb
        );
        if let Some(mb) = self.memory_peak_mb {
            line += &format!("Max Memory Used: {mb} MB\t");
        }
        if let Some(init) = self.init {
            line += &format!("Init Duration: {:.2} ms\t", ms(init));
        }
        if let Some(failure) = self.failure {
            let (status, kind) = failure.status();
            line += &format!("Status: {status}\t");
            line += &kind.map(|kind| format!("Error Type: {kind}\t")).unwrap_or_default();
        }
        line
    }

    /// `platform.report`, which replaces it in JSON.
    pub fn json(&self) -> Value {
        let (status, kind) = self.failure.map_or(("success", None), Failure::status);
        let mut record = json!({
            "requestId": self.request_id,
            "status": status,
            "metrics": {
                "durationMs": rounded(ms(self.duration)),
                "billedDurationMs": self.billed_ms(),
                "memorySizeMB": self.memory_mb,
            },
        });
        let metrics = &mut record["metrics"];
        if let Some(mb) = self.memory_peak_mb {
            metrics["maxMemoryUsedMB"] = mb.into();
        }
        if let Some(init) = self.init {
            metrics["initDurationMs"] = rounded(ms(init)).into();
        }
        if let Some(kind) = kind {
            record["errorType"] = kind.into();
        }
        record
    }

    /// Per started millisecond; an OS-only runtime's init is billed too (docs/aws-behaviour.md#lambda-init).
    fn billed_ms(&self) -> u64 {
        (ms(self.duration + self.init.unwrap_or_default()).ceil()) as u64
    }
}

/// A line of Lambda itself, in the function's log format.
pub(super) fn platform_line(
    format: LogFormat,
    kind: &str,
    record: &Value,
    text: impl Fn() -> String,
    now_ms: u64,
) -> String {
    match format {
        LogFormat::Text => text(),
        LogFormat::Json => {
            // In the order of Lambda's own members.
            format!(r#"{{"time":"{}","type":"{kind}","record":{record}}}"#, clock::iso_8601(now_ms))
        }
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

fn rounded(ms: f64) -> f64 {
    (ms * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(failure: Option<&Failure>) -> Report<'_> {
        Report {
            request_id: "id",
            duration: Duration::from_micros(1_250),
            init: Some(Duration::from_micros(20_500)),
            memory_mb: 128,
            memory_peak_mb: Some(17),
            failure,
        }
    }

    #[test]
    fn a_report_has_the_members_of_lambdas_own() {
        assert_eq!(
            report(None).text(),
            "REPORT RequestId: id\tDuration: 1.25 ms\tBilled Duration: 22 ms\tMemory Size: 128 MB\tMax Memory Used: 17 MB\tInit Duration: 20.50 ms\t"
        );
        let failed = report(Some(&Failure::OutOfMemory)).text();
        assert!(failed.ends_with("Status: error\tError Type: Runtime.OutOfMemory\t"), "{failed}");
        let json = report(Some(&Failure::TimedOut { timeout_s: 3 })).json();
        assert_eq!((&json["status"], &json["metrics"]["maxMemoryUsedMB"]), (&json!("timeout"), &json!(17)));
    }

    #[test]
    fn failures_are_worded_as_lambda_words_them() {
        let payload = |failure: Failure| {
            let payload: Value = serde_json::from_slice(&failure.payload("id")).expect("JSON");
            format!(
                "{}: {}",
                payload["errorType"].as_str().unwrap_or(""),
                payload["errorMessage"].as_str().unwrap_or("")
            )
        };
        assert_eq!(
            payload(Failure::TimedOut { timeout_s: 3 }),
            "Sandbox.Timedout: RequestId: id Error: Task timed out after 3.00 seconds"
        );
        assert_eq!(
            payload(Failure::OutOfMemory),
            "Runtime.ExitError: RequestId: id Error: Runtime exited with error: signal: killed"
        );
        assert_eq!(
            payload(Failure::TooLarge(7_000_000)),
            "Function.ResponseSizeTooLarge: Response payload size (7000000 bytes) exceeded maximum allowed payload size (6291556 bytes)."
        );
    }
}
