//! Reads a request's document into a typed shape. Members that the shape does not have are refused by name.

use super::{ApiError, Service};
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Deserialises `input`, whose shape denies unknown fields. Errors: the service's own error for an invalid argument,
/// which names the operation and the argument.
pub fn parse<T: DeserializeOwned>(service: Service, operation: &str, input: Value) -> Result<T, ApiError> {
    let mut input = input;
    super::reply::strip_nulls(&mut input);
    serde_json::from_value(input).map_err(|error| explain(service, operation, &error.to_string()))
}

/// Serde lists every field it knows after an unknown one, and names its own types; a person wants to know which argument
/// is refused, and which value.
fn explain(service: Service, operation: &str, error: &str) -> ApiError {
    let quoted = |prefix: &str| error.strip_prefix(prefix).and_then(|rest| rest.split('`').next());
    if let Some(argument) = quoted("unknown field `") {
        return service.invalid(format!("{operation}: argument {argument} is not supported by the emulator"));
    }
    if let Some(argument) = quoted("missing field `") {
        return service.missing(operation, argument);
    }
    let of_wrong_kind =
        ["invalid type: ", "invalid value: "].iter().find_map(|kind| error.strip_prefix(kind));
    let value = of_wrong_kind.map(|rest| rest.rsplit_once(", expected").map_or(rest, |(value, _)| value));
    service.invalid(match value {
        Some(value) => format!("{operation}: a value is of the wrong kind or out of range: {value}"),
        None => format!("{operation}: {error}"),
    })
}

/// `current` with the members of `patch`, as the PATCH operations of API Gateway and the Update operations of Lambda
/// do: an empty string removes a member, and a member in `merged` is a map whose entries are replaced or removed one by
/// one. Errors: as [`parse`].
pub fn overlay<T: Serialize + DeserializeOwned>(
    service: Service,
    operation: &str,
    current: &T,
    patch: Value,
    merged: &[&str],
) -> Result<T, ApiError> {
    let Value::Object(patch) = patch else {
        return Err(service.invalid(format!("{operation}: the request's body must be a JSON object")));
    };
    let mut document = serde_json::to_value(current).map_err(ApiError::internal)?;
    if let Value::Object(members) = &mut document {
        for (name, value) in patch {
            put(members, name, value, merged);
        }
    }
    parse(service, operation, document)
}

fn put(members: &mut Map<String, Value>, name: String, value: Value, merged: &[&str]) {
    match (value, merged.contains(&name.as_str())) {
        (Value::Null, _) => {}
        (Value::String(text), _) if text.is_empty() => {
            members.remove(&name);
        }
        (Value::Object(entries), true) => {
            let current = members.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if !current.is_object() {
                *current = Value::Object(Map::new());
            }
            if let Value::Object(current) = current {
                entries.into_iter().for_each(|(key, entry)| put(current, key, entry, &[]));
            }
        }
        (value, _) => {
            members.insert(name, value);
        }
    }
}

/// A number or a boolean, which the Query protocol sends as text.
pub fn from_text<'de, D: Deserializer<'de>, T: std::str::FromStr + DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => {
            text.parse().map(Some).map_err(|_| D::Error::custom(format!("{text} is not a value of its kind")))
        }
        other => serde_json::from_value(other).map_err(D::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Shape {
        name: String,
        text: Option<String>,
        variables: Option<BTreeMap<String, String>>,
    }

    #[test]
    fn an_unknown_argument_is_refused_by_its_name() {
        let error =
            parse::<Shape>(Service::ApiGateway, "CreateShape", json!({"name": "n", "corsConfiguration": {}}))
                .unwrap_err();
        assert_eq!(error.code, "BadRequestException");
        assert_eq!(error.message, "CreateShape: argument corsConfiguration is not supported by the emulator");
    }

    #[test]
    fn the_parsers_own_words_are_not_told() {
        let refused = |input: Value| parse::<Shape>(Service::Sqs, "Shape", input).unwrap_err();
        let missing = refused(json!({}));
        assert_eq!(
            (missing.code, missing.query_code),
            ("MissingRequiredParameterException", Some("MissingParameter"))
        );
        assert_eq!(missing.message, "The request must contain the parameter name.");
        let wrong = refused(json!({"name": -1}));
        assert_eq!(wrong.message, "Shape: a value is of the wrong kind or out of range: integer `-1`");
    }

    #[test]
    fn an_overlay_replaces_removes_and_merges() {
        let current = Shape {
            name: "n".into(),
            text: Some("t".into()),
            variables: Some([("a".into(), "1".into()), ("b".into(), "2".into())].into()),
        };
        let patch = json!({"text": "", "variables": {"a": "", "c": "3"}, "name": null});
        let next = overlay(Service::ApiGateway, "UpdateShape", &current, patch, &["variables"]).unwrap();
        let variables = [("b".to_string(), "2".to_string()), ("c".to_string(), "3".to_string())];
        assert_eq!(next, Shape { name: "n".into(), text: None, variables: Some(variables.into()) });
    }
}
