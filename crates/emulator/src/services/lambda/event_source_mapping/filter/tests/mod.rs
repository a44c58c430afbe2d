//! Each operator with its source, what is refused, and that nothing panics.

mod properties;
mod refusals;

use super::{FilterSubject, Filters, Outcome};
use crate::services::kinesis::Record;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

fn record(data: &[u8]) -> Record {
    Record {
        sequence_number: "49590338271490256608559692538361571095921575989136588898".into(),
        partition_key: "L0SM9cOFvHcCIhw=".into(),
        data: STANDARD.encode(data),
        arrived_ms: 1_545_084_650_987,
    }
}

fn passes(filters: &Filters, data: &[u8]) -> bool {
    filters.matches(&subject(&record(data)))
}

fn subject(record: &Record) -> FilterSubject<'_> {
    FilterSubject {
        record,
        shard_id: "shardId-000000000006",
        event_source_arn: "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream",
        region: "us-east-2",
    }
}

fn filters<const N: usize>(patterns: [&str; N]) -> Filters {
    Filters::parse(&patterns.map(str::to_owned)).unwrap_or_else(|error| panic!("{patterns:?}: {error}"))
}

fn check(cases: &[(&str, &str, bool)]) {
    for (rules, data, expected) in cases {
        let pattern = format!(r#"{{"data": {rules}}}"#);
        assert_eq!(passes(&filters([&pattern]), data.as_bytes()), *expected, "{pattern} on {data}");
    }
}

/// Lambda developer guide, "Filter rule syntax".
#[test]
fn operators_of_the_lambda_guide() {
    check(&[
        // Null, empty, equals, or.
        (r#"{"UserID": [null]}"#, r#"{"UserID": null}"#, true),
        (r#"{"UserID": [null]}"#, r#"{"UserID": ""}"#, false),
        (r#"{"UserID": [null]}"#, r#"{}"#, false),
        (r#"{"LastName": [""]}"#, r#"{"LastName": ""}"#, true),
        (r#"{"LastName": [""]}"#, r#"{"LastName": null}"#, false),
        (r#"{"Name": ["Alice"]}"#, r#"{"Name": "Alice"}"#, true),
        (r#"{"Name": ["Alice"]}"#, r#"{"Name": "alice"}"#, false),
        (r#"{"Ok": [true]}"#, r#"{"Ok": true}"#, true),
        (r#"{"Ok": [true]}"#, r#"{"Ok": "true"}"#, false),
        (r#"{"PaymentType": ["Credit", "Debit"]}"#, r#"{"PaymentType": "Debit"}"#, true),
        (r#"{"PaymentType": ["Credit", "Debit"]}"#, r#"{"PaymentType": "Cash"}"#, false),
        // Equals, ignoring case.
        (r#"{"Name": [{"equals-ignore-case": "alICE"}]}"#, r#"{"Name": "Alice"}"#, true),
        (r#"{"Name": [{"equals-ignore-case": "ÀÉ"}]}"#, r#"{"Name": "àé"}"#, true),
        (r#"{"Name": [{"equals-ignore-case": "alice"}]}"#, r#"{"Name": "alic"}"#, false),
        // And.
        (r#"{"Place": ["NY"], "Day": ["Monday"]}"#, r#"{"Place": "NY", "Day": "Monday"}"#, true),
        (r#"{"Place": ["NY"], "Day": ["Monday"]}"#, r#"{"Place": "NY", "Day": "Sunday"}"#, false),
        (r#"{"Place": ["NY"], "Day": ["Monday"]}"#, r#"{"Place": "NY"}"#, false),
        // Not.
        (r#"{"Weather": [{"anything-but": ["Raining"]}]}"#, r#"{"Weather": "Sunny"}"#, true),
        (r#"{"Weather": [{"anything-but": ["Raining"]}]}"#, r#"{"Weather": "Raining"}"#, false),
        (r#"{"Weather": [{"anything-but": "Raining"}]}"#, r#"{"Weather": "Raining"}"#, false),
        (r#"{"Weather": [{"anything-but": ["Raining"]}]}"#, r#"{}"#, false),
        // Numeric.
        (r#"{"Price": [{"numeric": ["=", 100]}]}"#, r#"{"Price": 100.0}"#, true),
        (r#"{"Price": [{"numeric": ["=", 100]}]}"#, r#"{"Price": "100"}"#, false),
        (r#"{"Price": [{"numeric": [">", 10, "<=", 20]}]}"#, r#"{"Price": 10}"#, false),
        (r#"{"Price": [{"numeric": [">", 10, "<=", 20]}]}"#, r#"{"Price": 10.5}"#, true),
        (r#"{"Price": [{"numeric": [">", 10, "<=", 20]}]}"#, r#"{"Price": 20}"#, true),
        (r#"{"Price": [{"numeric": [">", 10, "<=", 20]}]}"#, r#"{"Price": 20.5}"#, false),
        (r#"{"Price": [{"numeric": ["<", 0]}]}"#, r#"{"Price": 0}"#, false),
        (r#"{"Price": [{"numeric": [">=", 0]}]}"#, r#"{"Price": 0}"#, true),
        // Beyond the range of numeric matching (EventBridge user guide).
        (r#"{"Price": [{"numeric": [">=", 0]}]}"#, r#"{"Price": 5e9}"#, true),
        (r#"{"Price": [{"numeric": [">=", 0]}]}"#, r#"{"Price": 5000000001}"#, false),
        (r#"{"Price": [{"numeric": ["<", 0]}]}"#, r#"{"Price": -5000000001}"#, false),
        // Exists.
        (r#"{"ProductName": [{"exists": true}]}"#, r#"{"ProductName": null}"#, true),
        (r#"{"ProductName": [{"exists": true}]}"#, r#"{}"#, false),
        (r#"{"ProductName": [{"exists": false}]}"#, r#"{}"#, true),
        (r#"{"ProductName": [{"exists": false}]}"#, r#"{"ProductName": null}"#, false),
        // Begins with, ends with.
        (r#"{"Region": [{"prefix": "us-"}]}"#, r#"{"Region": "us-east-1"}"#, true),
        (r#"{"Region": [{"prefix": "us-"}]}"#, r#"{"Region": "eu-us-1"}"#, false),
        (r#"{"FileName": [{"suffix": ".png"}]}"#, r#"{"FileName": "a.png"}"#, true),
        (r#"{"FileName": [{"suffix": ".png"}]}"#, r#"{"FileName": "a.png.gz"}"#, false),
    ]);
}

/// Lambda developer guide, note below the table: numbers are compared as they are written.
#[test]
fn exact_numbers_keep_integers_and_decimals_apart() {
    check(&[
        (r#"{"n": [300]}"#, r#"{"n": 300}"#, true),
        (r#"{"n": [300]}"#, r#"{"n": 300.0}"#, false),
        (r#"{"n": [300]}"#, r#"{"n": 3.0e2}"#, false),
        (r#"{"n": [{"anything-but": [300]}]}"#, r#"{"n": 300}"#, false),
        (r#"{"n": [{"anything-but": [300, 4]}]}"#, r#"{"n": 5}"#, true),
    ]);
}

/// EventBridge user guide, "Comparison operators": `anything-but` with a prefix, and `$or`.
#[test]
fn operators_of_the_eventbridge_guide() {
    let or = r#"{"a": [1], "$or": [{"b": [2]}, {"c": [3], "d": [4]}]}"#;
    check(&[
        (r#"{"Region": [{"anything-but": {"prefix": "us-"}}]}"#, r#"{"Region": "eu-west-1"}"#, true),
        (r#"{"Region": [{"anything-but": {"prefix": "us-"}}]}"#, r#"{"Region": "us-east-1"}"#, false),
        (or, r#"{"a": 1, "b": 2}"#, true),
        (or, r#"{"a": 1, "c": 3, "d": 4}"#, true),
        (or, r#"{"a": 1, "c": 3}"#, false),
        (or, r#"{"b": 2}"#, false),
        // An ordinary key where it does not list objects (Event Ruler's README).
        (r#"{"$or": ["x"]}"#, r#"{"$or": "x"}"#, true),
        (r#"{"$or": {"a": ["x"]}}"#, r#"{"$or": {"a": "x"}}"#, true),
        (r#"{"$or": [{"prefix": "x"}, {"suffix": "y"}]}"#, r#"{"$or": "zy"}"#, true),
    ]);
}

/// Event Ruler's README, "JSON array matching" and "Exists matching".
#[test]
fn arrays_and_objects() {
    let employees =
        r#"{"employees": [[{"first": "Anna", "last": "Smith"}], [{"first": "Peter", "last": "Jones"}]]}"#;
    check(&[
        (r#"{"tags": ["b"]}"#, r#"{"tags": ["a", "b"]}"#, true),
        (r#"{"tags": ["b"]}"#, r#"{"tags": [["a", ["b"]]]}"#, true),
        (r#"{"tags": ["c"]}"#, r#"{"tags": ["a", "b"]}"#, false),
        (r#"{"tags": [{"anything-but": "a"}]}"#, r#"{"tags": ["a", "b"]}"#, true),
        (r#"{"tags": [{"exists": true}]}"#, r#"{"tags": []}"#, false),
        (r#"{"employees": {"first": ["Anna"]}}"#, employees, true),
        (r#"{"employees": {"first": ["Anna"], "last": ["Smith"]}}"#, employees, true),
        (r#"{"employees": {"first": ["Anna"], "last": ["Jones"]}}"#, employees, false),
        (r#"{"employees": {"age": [{"exists": false}]}}"#, employees, true),
        (r#"{"employees": {"last": [{"exists": false}]}}"#, employees, false),
        (r#"{"list": {"k": [{"exists": false}]}}"#, r#"{"list": [{"k": 1}, {}]}"#, false),
        (r#"{"list": {"k": [{"exists": false}, 1]}}"#, r#"{"list": [{"k": 1}, {}]}"#, true),
        // Only leaves exist, and a missing parent has no leaves.
        (r#"{"d": {"count": [{"exists": false}]}}"#, r#"{"d": {"count": {"c1": 100}}}"#, true),
        (r#"{"d": {"count": [{"exists": true}]}}"#, r#"{"d": {"count": {"c1": 100}}}"#, false),
        (r#"{"d": {"count": [{"exists": false}]}}"#, r#"{}"#, true),
        (r#"{"d": {"count": [{"anything-but": 1}]}}"#, r#"{"d": {"count": {"c1": 100}}}"#, false),
    ]);
}

/// Lambda developer guide, "Using event filtering with a Kinesis event source": incoming data against pattern.
#[test]
fn data_that_is_not_json_is_dropped_by_patterns_for_data_alone() {
    let data = filters([r#"{"data": {"a": [{"exists": false}]}}"#]);
    let metadata = filters([r#"{"partitionKey": ["L0SM9cOFvHcCIhw="]}"#]);
    let either = filters([r#"{"data": {"a": [1]}}"#, r#"{"partitionKey": ["L0SM9cOFvHcCIhw="]}"#]);
    for text in ["plain text", "{\"a\": 1", "", "\u{feff}{}"] {
        assert!(!passes(&data, text.as_bytes()), "{text:?}");
        assert!(passes(&metadata, text.as_bytes()), "{text:?}");
        assert!(passes(&either, text.as_bytes()), "{text:?}");
    }
    assert!(!passes(&data, &[0xff, 0xfe]));
    assert!(passes(&data, b"{}"));
}

/// Values that other JSON readers reject drop no record, and match nothing by accident.
#[test]
fn all_that_rfc_8259_allows_is_read() {
    let deep = format!(r#"{{"k": "r", "x": {}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let deeper = format!(r#"{{"x": {}1{}, "k": "r"}}"#, r#"{"a":["#.repeat(50_000), "]}".repeat(50_000));
    for data in [
        &*deep,
        &deeper,
        r#"{"k": "r", "x": "\ud83d"}"#,
        r#"{"\ud83d": 1, "k": "\u0072"}"#,
        r#"{"x": 1e400, "k": "r"}"#,
    ] {
        assert!(passes(&filters([r#"{"data": {"k": ["r"]}}"#]), data.as_bytes()));
        assert!(passes(&filters([r#"{"data": {"y": {"z": [{"exists": false}]}}}"#]), data.as_bytes()));
    }
    assert!(passes(&filters([r#"{"data": {"x": [1]}}"#]), deep.as_bytes()), "arrays are seen through");
    check(&[
        (r#"{"x": ["�"]}"#, r#"{"x": "\ud83d"}"#, false),
        (r#"{"x": [{"anything-but": "�"}]}"#, r#"{"x": "\ud83d"}"#, true),
        (r#"{"x": [{"equals-ignore-case": "�"}]}"#, r#"{"x": "\ud83d"}"#, false),
        (r#"{"x": [{"prefix": "a"}]}"#, r#"{"x": "a\ud83d"}"#, true),
        (r#"{"x": [{"suffix": "a"}]}"#, r#"{"x": "\ud83da"}"#, true),
        (r#"{"x": [{"anything-but": {"prefix": "a"}}]}"#, r#"{"x": "\ud83da"}"#, true),
        (r#"{"x": ["😀"]}"#, r#"{"x": "\ud83d\ude00"}"#, true),
        (r#"{"x": [{"exists": true}]}"#, r#"{"x": 1e400}"#, true),
        (r#"{"x": [{"numeric": [">", 0]}]}"#, r#"{"x": 1e400}"#, false),
        (r#"{"x": [{"numeric": ["<", 0]}]}"#, r#"{"x": -1e400}"#, false),
        (r#"{"x": [{"anything-but": [1]}]}"#, r#"{"x": 1e400}"#, true),
        (r#"{"x": [{"numeric": [">=", 0]}]}"#, r#"{"x": 1e-400}"#, true),
    ]);
}

#[test]
fn data_that_is_not_json_is_told_from_data_that_does_not_match() {
    let outcome = |pattern: &str, data: &[u8]| filters([pattern]).outcome(&subject(&record(data)));
    let pattern = r#"{"data": {"a": [1]}}"#;
    assert_eq!(outcome(pattern, br#"{"a": 1}"#), Outcome::Passes);
    assert_eq!(outcome(pattern, br#"{"a": 2}"#), Outcome::NoMatch);
    assert_eq!(outcome(pattern, br#"{"a": 1"#), Outcome::NotJson);
    assert_eq!(outcome(r#"{"partitionKey": ["x"]}"#, br#"{"a": 1"#), Outcome::NoMatch);
}

#[test]
fn metadata_keys_are_those_of_the_event_record() {
    for (pattern, expected) in [
        (r#"{"partitionKey": ["L0SM9cOFvHcCIhw="]}"#, true),
        (r#"{"partitionKey": ["other"]}"#, false),
        (r#"{"sequenceNumber": [{"prefix": "4959"}]}"#, true),
        (r#"{"approximateArrivalTimestamp": [{"numeric": [">", 1545084650.9, "<", 1545084651]}]}"#, true),
        (r#"{"kinesisSchemaVersion": ["1.0"], "eventVersion": ["1.0"]}"#, true),
        (r#"{"eventID": [{"prefix": "shardId-000000000006:49590338"}]}"#, true),
        (r#"{"eventName": ["aws:kinesis:record"], "eventSource": ["aws:kinesis"]}"#, true),
        (r#"{"eventSourceARN": [{"suffix": "stream/lambda-stream"}]}"#, true),
        (r#"{"awsRegion": ["us-east-2"]}"#, true),
        (r#"{"awsRegion": [{"anything-but": "us-east-2"}]}"#, false),
        (r#"{"$or": [{"awsRegion": ["eu-west-1"]}, {"data": {"a": [1]}}]}"#, true),
    ] {
        assert_eq!(passes(&filters([pattern]), br#"{"a": 1}"#), expected, "{pattern}");
    }
}

#[test]
fn any_filter_lets_a_record_pass_and_so_do_no_filters() {
    let two = filters([r#"{"data": {"routeKey": ["relay"]}}"#, r#"{"data": {"routeKey": ["chat"]}}"#]);
    assert!(passes(&two, br#"{"routeKey": "chat"}"#));
    assert!(!passes(&two, br#"{"routeKey": "$default"}"#));
    assert!(passes(&filters([]), b"anything at all"));
}
