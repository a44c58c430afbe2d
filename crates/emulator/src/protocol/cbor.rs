//! Smithy RPC v2 CBOR, which current SDKs and the AWS CLI use for CloudWatch: CBOR to JSON and back.

use super::xml::is_timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value};

/// The CBOR tag of an epoch-based timestamp.
const EPOCH_TAG: u64 = 1;

/// A request's body as JSON; `None` if it is not CBOR, or has values that JSON does not.
pub fn decode(bytes: &[u8]) -> Option<Value> {
    if bytes.is_empty() {
        return Some(Value::Object(Map::new()));
    }
    to_json(ciborium::from_reader(bytes).ok()?)
}

fn to_json(value: Cbor) -> Option<Value> {
    Some(match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(flag) => Value::Bool(flag),
        Cbor::Integer(integer) => match i64::try_from(integer) {
            Ok(small) => Value::from(small),
            Err(_) => Value::from(u64::try_from(integer).ok()?),
        },
        Cbor::Float(float) => Value::Number(Number::from_f64(float)?),
        Cbor::Text(text) => Value::String(text),
        Cbor::Bytes(bytes) => Value::String(STANDARD.encode(bytes)),
        Cbor::Tag(EPOCH_TAG, seconds) => to_json(*seconds)?,
        Cbor::Array(items) => Value::Array(items.into_iter().map(to_json).collect::<Option<_>>()?),
        Cbor::Map(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, member)| Some((name.into_text().ok()?, to_json(member)?)))
                .collect::<Option<_>>()?,
        ),
        _ => return None,
    })
}

/// A document as CBOR, with tagged timestamps.
pub fn encode(value: &Value) -> Vec<u8> {
    encode_with(value, timestamp)
}

/// A document as CBOR. `special` writes the members, by name and value, for which JSON has no form of its own.
pub fn encode_with(value: &Value, special: impl Fn(&str, &Value) -> Option<Cbor> + Copy) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing into memory does not fail.
    if let Err(error) = ciborium::into_writer(&to_cbor(value, special), &mut bytes) {
        tracing::error!(%error, "failed to write a document as CBOR");
    }
    bytes
}

/// A number is a timestamp if its name says so.
fn timestamp(name: &str, value: &Value) -> Option<Cbor> {
    let seconds = value.as_f64().filter(|_| is_timestamp(name))?;
    Some(Cbor::Tag(EPOCH_TAG, Box::new(Cbor::Float(seconds))))
}

fn to_cbor(value: &Value, special: impl Fn(&str, &Value) -> Option<Cbor> + Copy) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(flag) => Cbor::Bool(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => Cbor::from(integer),
            (None, Some(integer)) => Cbor::from(integer),
            (None, None) => Cbor::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Array(items) => Cbor::Array(items.iter().map(|item| to_cbor(item, special)).collect()),
        Value::Object(members) => Cbor::Map(
            members
                .iter()
                .map(|(name, member)| {
                    let member = special(name, member).unwrap_or_else(|| to_cbor(member, special));
                    (Cbor::Text(name.clone()), member)
                })
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_survives_the_round_trip() {
        let document = json!({
            "AlarmNames": ["a", "b"], "Threshold": 1.5, "Period": 60, "ActionsEnabled": true,
            "StateUpdatedTimestamp": 1_700_000_000.25,
        });
        assert_eq!(decode(&encode(&document)), Some(document));
        assert_eq!(decode(b""), Some(json!({})));
        assert_eq!(decode(b"\xff\xff"), None);
    }

    #[test]
    fn timestamps_are_tagged() {
        let encoded = encode(&json!({"LastModified": 1.0}));
        let Cbor::Map(members) = ciborium::from_reader(encoded.as_slice()).unwrap() else { panic!("no map") };
        assert!(matches!(members[0].1, Cbor::Tag(EPOCH_TAG, _)));
    }
}
