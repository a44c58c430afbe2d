//! What a new version's log says of it. Pure.

use serde_json::Value;
use std::collections::HashSet;

/// Metrics of a batch that must stay at nothing (`stream-function` writes them).
const LOST: [&str; 2] = ["DeadLetters", "DeadLetterFailures"];
const HANDLED: &str = "Records";
/// Lambda's own line about an invocation's end.
const REPORT: &str = "platform.report";

/// A version, as its log shows it so far.
#[derive(Debug, Default)]
pub struct VersionLog {
    /// Records whose handling began.
    pub records: u64,
    /// The first failure.
    pub failure: Option<String>,
    seen: HashSet<String>,
}

impl VersionLog {
    /// Takes in an event of FilterLogEvents: one of another version's, or one that was seen before, counts for nothing.
    pub fn take_in(&mut self, event: &Value, version: &str) {
        let text = |member: &str| event[member].as_str().unwrap_or_default();
        let is_versions = text("logStreamName").contains(&format!("[{version}]"));
        if !is_versions || !self.seen.insert(text("eventId").to_owned()) {
            return;
        }
        let Ok(line) = serde_json::from_str::<Value>(text("message")) else { return };
        if line["type"] == REPORT && line["record"]["status"] != "success" {
            let request = line["record"]["requestId"].as_str().unwrap_or("?");
            let status = line["record"]["status"].as_str().unwrap_or("?");
            self.fail(format!("invocation {request} ended with {status}"));
        }
        if line["_aws"].is_null() {
            return;
        }
        self.records += line[HANDLED].as_u64().unwrap_or_default();
        for metric in LOST {
            let count = line[metric].as_u64().unwrap_or_default();
            if count > 0 {
                self.fail(format!("{metric} is {count} in one batch"));
            }
        }
    }

    fn fail(&mut self, failure: String) {
        self.failure.get_or_insert(failure);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn log(events: &[(&str, &str, Value)]) -> VersionLog {
        let mut log = VersionLog::default();
        for (id, stream, line) in events {
            let event = json!({ "eventId": id, "logStreamName": stream, "message": line.to_string() });
            log.take_in(&event, "3");
        }
        log
    }

    fn report(status: &str) -> Value {
        json!({ "type": REPORT, "record": { "requestId": "r", "status": status } })
    }

    fn batch(records: u64, dead_letters: u64) -> Value {
        json!({ "_aws": {}, "Records": records, "DeadLetters": dead_letters, "DeadLetterFailures": 0 })
    }

    #[test]
    fn records_are_counted_once_and_of_the_version_alone() {
        let events = [
            ("1", "2026/11/30/[3]a", batch(4, 0)),
            ("1", "2026/11/30/[3]a", batch(4, 0)),
            ("2", "2026/11/30/[3]b", batch(1, 0)),
            ("3", "2026/11/30/[2]c", batch(9, 9)),
            ("4", "2026/11/30/[2]c", report("error")),
            ("5", "2026/11/30/[3]a", report("success")),
            ("6", "2026/11/30/[3]a", json!("text")),
        ];
        let log = log(&events);
        assert_eq!((log.records, log.failure), (5, None));
    }

    #[test]
    fn a_failed_invocation_or_a_dead_letter_is_a_failure() {
        for (line, failure) in [
            (report("timeout"), "invocation r ended with timeout"),
            (batch(1, 2), "DeadLetters is 2 in one batch"),
        ] {
            let log = log(&[("1", "2026/11/30/[3]a", line), ("2", "[3]", report("error"))]);
            assert_eq!(log.failure.as_deref(), Some(failure));
        }
    }
}
