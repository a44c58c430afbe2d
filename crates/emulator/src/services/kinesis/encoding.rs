//! The two forms of the wire API's bodies: JSON, and the CBOR that Java's SDK speaks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ciborium::Value as Cbor;
use http::{HeaderMap, header};
use serde_json::Value;

/// The form of a request, and of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Json,
    Cbor,
}

impl Encoding {
    /// As a call's `Content-Type` says; what the API does not know is read as JSON, and refused by the library.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let content_type = headers.get(header::CONTENT_TYPE).map(header::HeaderValue::as_bytes);
        if content_type == Some(Self::Cbor.content_type().as_bytes()) { Self::Cbor } else { Self::Json }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/x-amz-json-1.1",
            Self::Cbor => "application/x-amz-cbor-1.1",
        }
    }

    /// A body as JSON, bytes in base64; null where it is neither.
    pub(super) fn decode(self, body: &[u8]) -> Value {
        match self {
            Self::Json => serde_json::from_slice(body).unwrap_or_default(),
            Self::Cbor => ciborium::from_reader(body)
                .map(|value: Cbor| super::store::types::cbor_to_json(&value))
                .unwrap_or_default(),
        }
    }

    /// A document as a body; what is called `Data` are bytes.
    pub(super) fn encode(self, document: &Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        let written = match self {
            Self::Json => serde_json::to_writer(&mut bytes, document).is_ok(),
            Self::Cbor => ciborium::into_writer(&cbor(document, false), &mut bytes).is_ok(),
        };
        debug_assert!(written, "writing into memory cannot fail");
        bytes
    }
}

fn cbor(value: &Value, is_data: bool) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(flag) => Cbor::Bool(*flag),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(integer), _) => integer.into(),
            (None, Some(integer)) => integer.into(),
            (None, None) => number.as_f64().unwrap_or_default().into(),
        },
        Value::String(text) if is_data => {
            STANDARD.decode(text).map_or_else(|_| text.clone().into(), Cbor::Bytes)
        }
        Value::String(text) => text.clone().into(),
        Value::Array(items) => items.iter().map(|item| cbor(item, false)).collect::<Vec<_>>().into(),
        Value::Object(members) => {
            let member =
                |(name, member): (&String, &Value)| (name.clone().into(), cbor(member, name == "Data"));
            Cbor::Map(members.iter().map(member).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_survives_both_forms() {
        let document = json!({
            "Records": [{"Data": "AAEC/w==", "PartitionKey": "k", "ApproximateArrivalTimestamp": 1.5}],
            "MillisBehindLatest": 0, "NextShardIterator": null, "EncryptionType": "NONE",
        });
        for encoding in [Encoding::Json, Encoding::Cbor] {
            assert_eq!(encoding.decode(&encoding.encode(&document)), document);
        }
    }

    #[test]
    fn data_are_bytes_in_cbor() {
        let encoded = Encoding::Cbor.encode(&json!({"Data": "AAEC"}));
        let Cbor::Map(members) = ciborium::from_reader(encoded.as_slice()).unwrap() else { panic!("no map") };
        assert_eq!(members[0].1, Cbor::Bytes(vec![0, 1, 2]));
    }
}
