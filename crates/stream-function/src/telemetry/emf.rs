//! Metrics in CloudWatch's embedded metric format: a log line that CloudWatch turns into metrics, free of API calls.
//!
//! Source: Amazon CloudWatch User Guide, "Specification: embedded metric format".

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::log::timestamp;
use super::tally::Counts;
use crate::limits::METRIC_VALUES_MAX;

/// The metrics' namespace.
const NAMESPACE: &str = "Sluicegate";

/// The fields of a line other than its counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// Lambda filters lines by their level, and treats a line without one as INFO.
    pub level: &'static str,
    pub function_name: &'a str,
    pub request_id: &'a str,
    pub now: SystemTime,
    pub duration_ms: u64,
}

/// One line for one batch. Its dimension is the function's name.
pub(crate) fn metrics_line(counts: &Counts, about: Line<'_>) -> String {
    let Line { level, function_name, request_id, now, duration_ms } = about;
    let now_epoch_ms = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now_epoch_ms = u64::try_from(now_epoch_ms).unwrap_or(u64::MAX);
    let ages_ms = sample(&counts.ages_ms);
    let mut values = vec![
        ("Records", "Count", json!(counts.records)),
        ("Replies", "Count", json!(counts.replies)),
        ("Gone", "Count", json!(counts.gone)),
        ("Retried", "Count", json!(counts.retried)),
        ("DeadLetters", "Count", json!(counts.dead_letters)),
        ("DeadLetterFailures", "Count", json!(counts.dead_letter_failures)),
        ("Skipped", "Count", json!(counts.skipped)),
        ("Redelivered", "Count", json!(counts.redelivered)),
        ("Duration", "Milliseconds", json!(duration_ms)),
    ];
    // A metric without a value is no valid line; a batch of nothing but skipped records has no ages.
    if !ages_ms.is_empty() {
        values.push(("AgeAtHandling", "Milliseconds", json!(ages_ms)));
    }
    // Named only where there are some: a custom metric is paid for by the month in which it appears.
    for (name, count) in [("Probes", counts.probes), ("Rejected", counts.rejected)] {
        if count > 0 {
            values.push((name, "Count", json!(count)));
        }
    }
    let metrics: Vec<Value> =
        values.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
    let mut line = json!({
        "timestamp": timestamp(now),
        "level": level,
        "_aws": {
            "Timestamp": now_epoch_ms,
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": metrics}],
        },
        "FunctionName": function_name,
        "requestId": request_id,
    });
    for (name, _, value) in values {
        line[name] = value;
    }
    line.to_string()
}

/// At most [`METRIC_VALUES_MAX`] of the values, evenly sampled, including the largest.
fn sample(values: &[u64]) -> Vec<u64> {
    if values.len() <= METRIC_VALUES_MAX {
        return values.to_vec();
    }
    let taken = METRIC_VALUES_MAX - 1;
    let evenly = (0..taken).map(|n| values[n * values.len() / taken]);
    evenly.chain(values.iter().copied().max()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const ABOUT: Line<'_> =
        Line { level: "WARN", function_name: "echo", request_id: "r-1", now: UNIX_EPOCH, duration_ms: 7 };

    /// Lambda's filter reads both.
    #[test]
    fn a_line_has_a_level_and_a_time() {
        let about = Line { now: UNIX_EPOCH + Duration::from_millis(1_583_348_638_390), ..ABOUT };
        let line: Value = serde_json::from_str(&metrics_line(&Counts::default(), about)).unwrap();
        assert_eq!(
            (&line["level"], &line["timestamp"]),
            (&json!("WARN"), &json!("2020-03-04T19:03:58.390Z"))
        );
        assert_eq!(line["_aws"]["Timestamp"], 1_583_348_638_390_u64);
    }

    #[test]
    fn every_metric_that_is_declared_has_a_value() {
        let counts = Counts { records: 2, replies: 1, gone: 1, ages_ms: vec![4, 5], ..Counts::default() };
        let line: Value = serde_json::from_str(&metrics_line(&counts, ABOUT)).unwrap();
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "Sluicegate");
        assert_eq!(directive["Dimensions"], json!([["FunctionName"]]));
        assert_eq!(line["FunctionName"], "echo");
        let metrics = directive["Metrics"].as_array().unwrap();
        assert_eq!(metrics.len(), 10);
        for metric in metrics {
            let value = &line[metric["Name"].as_str().unwrap()];
            assert!(value.is_u64() || value.is_array(), "{metric}");
        }
        assert_eq!((&line["Records"], &line["AgeAtHandling"]), (&json!(2), &json!([4, 5])));
    }

    #[test]
    fn nothing_is_declared_that_has_no_value() {
        let line = metrics_line(&Counts::default(), ABOUT);
        for name in ["AgeAtHandling", "Probes", "Rejected"] {
            assert!(!line.contains(name), "{line}");
        }
        let line = metrics_line(&Counts { probes: 2, rejected: 3, ..Counts::default() }, ABOUT);
        assert!(line.contains(r#""Probes":2"#) && line.contains(r#""Rejected":3"#), "{line}");
    }

    #[test]
    fn many_ages_are_sampled_with_the_oldest() {
        let mut values: Vec<u64> = (0..10_000).collect();
        values.swap(9_999, 5_001);
        let sampled = sample(&values);
        assert_eq!(sampled.len(), METRIC_VALUES_MAX);
        assert!(sampled.contains(&9_999) && sampled.contains(&0));
    }
}
