//! What is refused, and with which message.

use crate::services::lambda::event_source_mapping::filter::{FILTERS_MAX, Filters, PATTERN_CHARS_MAX};

fn refusal(patterns: &[String]) -> String {
    match Filters::parse(patterns) {
        Ok(filters) => panic!("{patterns:?} was taken: {filters:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn refusals_name_the_place_and_what_is_wrong() {
    for (pattern, expected) in [
        ("{", "Filters[0].Pattern is not JSON: EOF"),
        ("null", "Filters[0].Pattern: a pattern is a JSON object"),
        (r#"["a"]"#, "Filters[0].Pattern: a pattern is a JSON object"),
        ("{}", "Filters[0].Pattern: an empty object"),
        (r#"{"data": {"a": {}}}"#, "Filters[0].Pattern.data.a: an empty object"),
        (r#"{"data": {"a": []}}"#, "Filters[0].Pattern.data.a: an empty array"),
        (r#"{"data": {"a": "x"}}"#, "Filters[0].Pattern.data.a: a bare value"),
        (r#"{"data": {"a": [["x"]]}}"#, "Filters[0].Pattern.data.a: an array is not a rule"),
        (r#"{"data": ["text"]}"#, "Filters[0].Pattern.data: `data` takes an object"),
        (
            r#"{"partitionKey": {"a": ["x"]}}"#,
            "Filters[0].Pattern.partitionKey: this key holds a single value",
        ),
        (
            r#"{"kinesis": {"data": {"a": [1]}}}"#,
            "Filters[0].Pattern.kinesis: a Kinesis record has no such key",
        ),
        (r#"{"data": {"$or": [{"a": [1]}]}}"#, "Filters[0].Pattern.data: `$or` joins at least 2 objects"),
        (
            r#"{"$or": [{"a": [1]}, {"data": {"b": [1]}}]}"#,
            "Filters[0].Pattern.a: a Kinesis record has no such key",
        ),
        (r#"{"data": {"a": [{}]}}"#, "Filters[0].Pattern.data.a: a rule has one operator, this one has 0"),
        (r#"{"data": {"a": [{"prefix": "a", "suffix": "b"}]}}"#, "this one has 2"),
        (r#"{"data": {"a": [{"prefix": 1}]}}"#, "`prefix` takes a string"),
        (r#"{"data": {"a": [{"suffix": null}]}}"#, "`suffix` takes a string"),
        (r#"{"data": {"a": [{"equals-ignore-case": ["x"]}]}}"#, "`equals-ignore-case` takes a string"),
        (r#"{"data": {"a": [{"exists": "true"}]}}"#, "`exists` takes true or false"),
        (r#"{"data": {"a": [{"anything-but": []}]}}"#, "`anything-but` takes a string, a number"),
        (r#"{"data": {"a": [{"anything-but": ["x", 1]}]}}"#, "`anything-but` takes a string, a number"),
        (r#"{"data": {"a": [{"anything-but": null}]}}"#, "`anything-but` takes a string, a number"),
        (r#"{"data": {"a": [{"anything-but": {"prefix": ""}}]}}"#, "`anything-but` takes a prefix"),
    ] {
        let refusal = refusal(&[pattern.to_owned()]);
        assert!(refusal.contains(expected), "{pattern} was refused with: {refusal}");
    }
}

#[test]
fn unknown_operators_are_refused_by_name() {
    for (rule, operator) in [
        (r#"{"wildcard": "a*"}"#, "wildcard"),
        (r#"{"cidr": "10.0.0.0/8"}"#, "cidr"),
        (r#"{"starts-with": "a"}"#, "starts-with"),
        (r#"{"anything-but": {"suffix": "a"}}"#, "anything-but: suffix"),
        (r#"{"anything-but": {"wildcard": "a*"}}"#, "anything-but: wildcard"),
    ] {
        let refusal = refusal(&[format!(r#"{{"data": {{"a": [{rule}]}}}}"#)]);
        let expected =
            format!("Filters[0].Pattern.data.a: operator `{operator}` is not supported: use prefix, ");
        assert!(refusal.starts_with(&expected), "{rule} was refused with: {refusal}");
    }
}

/// The grammar of Event Ruler: one equality, one bound, or a lower bound and then a higher one.
#[test]
fn numeric_takes_an_equality_or_bounds_in_order() {
    for operand in [
        r#"1"#,
        r#"[]"#,
        r#"["="]"#,
        r#"["=", "1"]"#,
        r#"["!=", 1]"#,
        r#"[">>", 1]"#,
        r#"[1, ">"]"#,
        r#"["<", 5, ">", 1]"#,
        r#"[">", 5, ">", 6]"#,
        r#"[">", 5, "<", 5]"#,
        r#"[">", 1, "<"]"#,
        r#"["=", 1, "=", 2]"#,
        r#"[">", 1, "<", 2, "<", 3]"#,
        r#"[">", 5.1e9]"#,
        r#"["<", -5000000001]"#,
    ] {
        let refusal = refusal(&[format!(r#"{{"data": {{"a": [{{"numeric": {operand}}}]}}}}"#)]);
        assert!(refusal.contains("`numeric` takes "), "{operand} was refused with: {refusal}");
    }
}

#[test]
fn limits_are_those_of_the_lambda_api() {
    let pattern = |chars: usize| {
        let around = r#"{"data": {"a": [""]}}"#.chars().count();
        format!(r#"{{"data": {{"a": ["{}"]}}}}"#, "é".repeat(chars - around))
    };
    assert!(Filters::parse(&vec![pattern(PATTERN_CHARS_MAX); FILTERS_MAX]).is_ok());
    assert_eq!(
        refusal(&[pattern(30), pattern(PATTERN_CHARS_MAX + 1)]),
        "Filters[1].Pattern has 4097 characters: shorten it to 4096"
    );
    assert_eq!(
        refusal(&vec![pattern(30); FILTERS_MAX + 1]),
        "6 filters are too many: a mapping has at most 5"
    );
}
