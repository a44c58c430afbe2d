//! CBOR to JSON and back: Smithy RPC v2, which current SDKs and the AWS CLI speak to CloudWatch, and the form that
//! Java's SDK speaks to Kinesis.

use super::xml::is_timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value};

/// The CBOR tag of an epoch-based timestamp.
const EPOCH_TAG: u64 = 1;

/// What an integer under the tag of a timestamp counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epoch {
    /// Seconds, as RFC 8949 and Smithy have it.
    Seconds,
    /// Milliseconds, as Kinesis has it.
    Milliseconds,
}

/// A request's body as JSON; `None` if it is no CBOR, or holds what JSON cannot.
pub fn decode(bytes: &[u8]) -> Option<Value> {
    if bytes.is_empty() {
        return Some(Value::Object(Map::new()));
    }
    decode_as(bytes, Epoch::Seconds)
}

/// A document as JSON, its timestamps in seconds.
pub fn decode_as(bytes: &[u8], epoch: Epoch) -> Option<Value> {
    to_json(ciborium::from_reader(bytes).ok()?, epoch)
}

fn to_json(value: Cbor, epoch: Epoch) -> Option<Value> {
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
        Cbor::Tag(EPOCH_TAG, time) => match (epoch, to_json(*time, epoch)?) {
            (Epoch::Milliseconds, Value::Number(time)) if !time.is_f64() => {
                Value::from(time.as_f64()? / 1_000.0)
            }
            (_, time @ Value::Number(_)) => time,
            _ => return None,
        },
        Cbor::Array(items) => {
            Value::Array(items.into_iter().map(|item| to_json(item, epoch)).collect::<Option<_>>()?)
        }
        Cbor::Map(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, member)| Some((name.into_text().ok()?, to_json(member, epoch)?)))
                .collect::<Option<_>>()?,
        ),
        _ => return None,
    })
}

/// A document as CBOR, its timestamps tagged and in seconds.
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

/// A timestamp as Kinesis writes it.
pub fn milliseconds(seconds: f64) -> Cbor {
    Cbor::Tag(EPOCH_TAG, Box::new(Cbor::from((seconds * 1_000.0).round() as i64)))
}

/// A number called as a timestamp is one.
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
    fn a_tagged_integer_counts_what_its_protocol_says_and_a_fraction_seconds() {
        let tagged = |time: Cbor| {
            let mut bytes = Vec::new();
            ciborium::into_writer(&Cbor::Tag(EPOCH_TAG, Box::new(time)), &mut bytes).unwrap();
            bytes
        };
        let integer = tagged(1_500.into());
        assert_eq!(decode_as(&integer, Epoch::Seconds), Some(json!(1_500)));
        assert_eq!(decode_as(&integer, Epoch::Milliseconds), Some(json!(1.5)));
        for epoch in [Epoch::Seconds, Epoch::Milliseconds] {
            assert_eq!(decode_as(&tagged(1.5.into()), epoch), Some(json!(1.5)));
            assert_eq!(decode_as(&tagged("1970".into()), epoch), None);
        }
    }

    #[test]
    fn timestamps_are_tagged() {
        let encoded = encode(&json!({"LastModified": 1.0}));
        let Cbor::Map(members) = ciborium::from_reader(encoded.as_slice()).unwrap() else { panic!("no map") };
        assert!(matches!(members[0].1, Cbor::Tag(EPOCH_TAG, _)));
    }
}
