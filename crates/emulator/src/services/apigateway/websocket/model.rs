//! Converts a message for the schema validator of request models.
//!
//! The validator's numbers are doubles and its strings UTF-8. A message beyond these is not refused for it, because
//! schemas hardly ever depend on it: a larger number counts as the largest double of its sign, half a surrogate pair as
//! U+FFFD. The integration gets the message's own text in any case.

use super::context::MessageContext;
use super::selection::Subject;
use super::stage::{RequestModel, RequestModels, Route, Stage};
use json_text::{Json, NotJson, Token};
use serde_json::{Map, Number, Value};

/// Levels of a message that a model looks at, at most: the validator recurses. A deeper message is refused.
pub const MODEL_LEVELS_MAX: usize = 512;

/// Why a message cannot be validated; the client gets `Bad request body`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Every model refuses text that is not JSON: decided, docs/aws-behaviour.md#apigateway-text-that-is-not-json
    /// leaves it open.
    #[error(transparent)]
    NotJson(#[from] NotJson),
    /// Over [`MODEL_LEVELS_MAX`].
    #[error("the message is nested deeper than the {MODEL_LEVELS_MAX} levels that a request model takes")]
    TooDeep,
}

/// What the route's request model says against a message. The reason is worked out for an access log alone.
pub fn violation(stage: &Stage, route: &Route, context: &MessageContext<'_>, body: &str) -> Option<String> {
    // Messages to a proxy are not validated (docs/aws-behaviour.md#apigateway-model-selection).
    if route.integration.as_ref().is_some_and(|integration| integration.is_proxy()) {
        return None;
    }
    let model = chosen(&route.request_models, context, body)?;
    // Text that is not JSON is refused by any model: decided,
    // docs/aws-behaviour.md#apigateway-text-that-is-not-json leaves it open.
    let instance = match instance(body) {
        Ok(instance) => instance,
        Err(unusable) => return Some(format!("[{unusable}]")),
    };
    if model.schema.is_valid(&instance) {
        return None;
    }
    let reason = stage.access_log.as_ref().and_then(|_| model.schema.validate(&instance).err());
    Some(reason.map_or_else(String::new, |error| format!("[{error}]")))
}

/// The model of the key that the expression comes to, else that of `$default`.
fn chosen<'a>(
    models: &'a RequestModels,
    context: &MessageContext<'_>,
    body: &str,
) -> Option<&'a RequestModel> {
    let selected = models.selection.as_ref().and_then(|selection| {
        let json = if selection.reads_body() { Json::read(body).ok() } else { None };
        let key = selection.evaluate(Subject { body: json, context: Some(context), ..Subject::default() })?;
        models.by_key.get(&*key)
    });
    selected.or_else(|| models.by_key.get("$default"))
}

/// An array or object that is not complete yet, with the name under which its next member goes.
enum Open {
    Array(Vec<Value>),
    Object(Map<String, Value>, String),
}

/// Fails with [`Unusable`].
pub fn instance(body: &str) -> Result<Value, Unusable> {
    let mut open: Vec<Open> = Vec::new();
    for token in Json::read(body)?.tokens() {
        let complete = match token {
            Token::BeginArray | Token::BeginObject if open.len() == MODEL_LEVELS_MAX => {
                return Err(Unusable::TooDeep);
            }
            Token::BeginArray => {
                open.push(Open::Array(Vec::new()));
                continue;
            }
            Token::BeginObject => {
                open.push(Open::Object(Map::new(), String::new()));
                continue;
            }
            Token::Name(name) => {
                if let Some(Open::Object(_, next)) = open.last_mut() {
                    *next = name.lossy().into_owned();
                }
                continue;
            }
            Token::End => match open.pop() {
                Some(Open::Array(items)) => Value::Array(items),
                Some(Open::Object(members, _)) => Value::Object(members),
                None => Value::Null,
            },
            Token::Null => Value::Null,
            Token::Bool(value) => Value::Bool(value),
            Token::Number(digits) => Value::Number(number(digits)),
            Token::Text(text) => Value::String(text.lossy().into_owned()),
        };
        match open.last_mut() {
            Some(Open::Array(items)) => items.push(complete),
            Some(Open::Object(members, name)) => {
                members.insert(std::mem::take(name), complete);
            }
            None => return Ok(complete),
        }
    }
    Ok(Value::Null)
}

fn number(digits: &str) -> Number {
    let largest = if digits.starts_with('-') { f64::MIN } else { f64::MAX };
    let beyond = || Number::from_f64(largest).unwrap_or_else(|| 0.into());
    serde_json::from_str(digits).unwrap_or_else(|_| beyond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_validator_cannot_hold_is_the_nearest_that_it_can() {
        let read = |text: &str| instance(text).unwrap();
        assert_eq!(read(r#"{"a": "\ud83d", "b": "\ud83d\ude00"}"#), json!({"a": "\u{fffd}", "b": "😀"}));
        assert_eq!(read("[1e400, -1e400, 1e-400]"), json!([f64::MAX, f64::MIN, 0.0]));
        assert_eq!(
            read(r#" [ { } , [ ] , null , {"a":{"a":1,"a":[2]}} ] "#),
            json!([{}, [], null, {"a": {"a": [2]}}])
        );
        assert_eq!(instance("{").unwrap_err().to_string(), "the text is not JSON from byte 1 on");
    }

    /// A schema that looks at every level, on half the stack of a runtime's thread.
    #[test]
    fn the_deepest_message_has_room_and_a_deeper_one_is_refused() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(instance(&nested(MODEL_LEVELS_MAX + 1)), Err(Unusable::TooDeep));
        let deepest = move || {
            let schema = json!({"items": {"$ref": "#"}, "uniqueItems": true, "type": "array"});
            let schema = jsonschema::validator_for(&schema).unwrap();
            let deep = instance(&nested(MODEL_LEVELS_MAX)).unwrap();
            assert!(schema.is_valid(&deep) && schema.validate(&deep).is_ok());
        };
        const HALF_A_STACK_BYTES: usize = 1_024 * 1_024;
        let thread = std::thread::Builder::new().stack_size(HALF_A_STACK_BYTES);
        thread.spawn(deepest).unwrap().join().unwrap();
    }

    proptest::proptest! {
        /// Another reader accepts the same texts with the same values.
        #[test]
        fn what_serde_json_writes_is_read_as_it_was(text in "[\\[{\"a:1,.e\\-}\\] ]{0,20}|\"\\PC{0,8}\"|-?[0-9]{1,25}(\\.[0-9]{1,20})?") {
            let theirs = serde_json::from_str::<Value>(&text);
            match instance(&text) {
                Ok(ours) => if let Ok(theirs) = theirs { proptest::prop_assert_eq!(ours, theirs) },
                Err(_) => proptest::prop_assert!(theirs.is_err()),
            }
        }
    }
}
