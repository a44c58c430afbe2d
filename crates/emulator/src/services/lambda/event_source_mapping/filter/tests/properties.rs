//! What holds for any pattern and any record.

use super::{Filters, passes};
use proptest::prelude::*;
use serde_json::{Value, json};

/// JSON made of few keys and values, so that patterns and records meet.
fn any_json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..3).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec!["", "a", "ab", "=", ">", "<=", "É"]).prop_map(Value::from),
    ];
    let keys = ["a", "b", "data", "partitionKey", "$or", "prefix", "suffix", "exists"];
    let operators = ["anything-but", "numeric", "equals-ignore-case", "wildcard"];
    let keys: Vec<&str> = keys.into_iter().chain(operators).collect();
    scalar.prop_recursive(5, 40, 4, move |inner| {
        let key = prop::sample::select(keys.clone()).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_rule() -> impl Strategy<Value = Value> {
    prop_oneof![
        any_json().prop_filter("a scalar", |json| !json.is_array() && !json.is_object()),
        "[ab]{0,2}".prop_map(|text| json!({ "prefix": text })),
        "[ab]{0,2}".prop_map(|text| json!({ "suffix": text })),
        "[abAB]{0,2}".prop_map(|text| json!({ "equals-ignore-case": text })),
        any::<bool>().prop_map(|exists| json!({ "exists": exists })),
        (-3i64..3).prop_map(|n| json!({ "anything-but": n })),
        (-3i64..3).prop_map(|n| json!({ "numeric": [">", n, "<=", n + 2] })),
    ]
}

/// An object that is a pattern for data.
fn any_object() -> impl Strategy<Value = Value> {
    let rules = prop::collection::vec(any_rule(), 1..3).prop_map(Value::from);
    let leaf = ("[ab]", rules).prop_map(|(key, rules)| json!({ key: rules }));
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            ("[ab]", inner.clone()).prop_map(|(key, object)| json!({ key: object })),
            prop::collection::vec(inner, 2..4).prop_map(|objects| json!({ "$or": objects })),
        ]
    })
}

fn parse(pattern: &Value) -> Filters {
    Filters::parse(&[pattern.to_string()]).unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

proptest! {
    #[test]
    fn no_text_panics(pattern in any::<String>(), data in any::<Vec<u8>>()) {
        if let Ok(filters) = Filters::parse(&[pattern]) {
            passes(&filters, &data);
        }
    }

    #[test]
    fn no_json_panics(pattern in any_json(), data in any_json()) {
        for pattern in [&pattern, &json!({ "data": pattern })] {
            if let Ok(filters) = Filters::parse(&[pattern.to_string()]) {
                passes(&filters, data.to_string().as_bytes());
            }
        }
    }

    #[test]
    fn a_pattern_is_taken_and_or_with_itself_changes_nothing(object in any_object(), data in any_json()) {
        let data = data.to_string();
        let plain = parse(&json!({ "data": object }));
        let doubled = parse(&json!({ "data": { "$or": [object, object] } }));
        prop_assert_eq!(passes(&plain, data.as_bytes()), passes(&doubled, data.as_bytes()));
    }

    #[test]
    fn a_second_filter_only_lets_more_pass(one in any_object(), two in any_object(), data in any_json()) {
        let data = data.to_string();
        let (one, two) = (json!({ "data": one }), json!({ "data": two }));
        let both = Filters::parse(&[one.to_string(), two.to_string()]).unwrap();
        let either = passes(&parse(&one), data.as_bytes()) || passes(&parse(&two), data.as_bytes());
        prop_assert_eq!(passes(&both, data.as_bytes()), either);
    }

    #[test]
    fn a_member_exists_or_is_absent(data in any_json()) {
        let data = data.to_string();
        let exists = |exists: bool| parse(&json!({ "data": { "a": { "b": [{ "exists": exists }] } } }));
        prop_assert!(passes(&exists(true), data.as_bytes()) != passes(&exists(false), data.as_bytes()));
    }
}
