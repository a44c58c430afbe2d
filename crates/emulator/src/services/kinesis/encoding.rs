//! The two encodings of the wire API's bodies: JSON, and CBOR, which the Java SDK uses.

use crate::protocol::cbor::{self, Epoch};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ciborium::Value as Cbor;
use http::{HeaderMap, header};
use serde_json::Value;

/// The encoding of a request and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Json,
    Cbor,
}

impl Encoding {
    /// As a call's `Content-Type` says, without its parameters; `None`: the API does not know it.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        [Self::Json, Self::Cbor].into_iter().find(|known| known.content_type() == media_type)
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/x-amz-json-1.1",
            Self::Cbor => "application/x-amz-cbor-1.1",
        }
    }

    /// A body as JSON, bytes in base64 and timestamps in seconds; null where it is neither.
    pub(super) fn decode(self, body: &[u8]) -> Value {
        match self {
            Self::Json => serde_json::from_slice(body).unwrap_or_default(),
            Self::Cbor => cbor::decode_as(body, Epoch::Milliseconds).unwrap_or_default(),
        }
    }

    /// A document as a body; what is called `Data` are bytes, and what is called as a timestamp is one.
    pub(super) fn encode(self, document: &Value) -> Vec<u8> {
        match self {
            Self::Json => document.to_string().into_bytes(),
            Self::Cbor => cbor::encode_with(document, special),
        }
    }
}

/// docs/aws-behaviour.md#kinesis-cbor-timestamps: tagged, in whole milliseconds; Java's SDK fails on fractions.
fn special(name: &str, value: &Value) -> Option<Cbor> {
    match value {
        Value::String(text) if name == "Data" => STANDARD.decode(text).ok().map(Cbor::Bytes),
        Value::Number(seconds) if name.ends_with("Timestamp") => seconds.as_f64().map(cbor::milliseconds),
        _ => None,
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
            "StreamCreationTimestamp": 1_732_000_000.123,
        });
        for encoding in [Encoding::Json, Encoding::Cbor] {
            assert_eq!(encoding.decode(&encoding.encode(&document)), document);
        }
    }

    /// The bytes that Java's SDK sends and reads: tag 1 (c1) before a 64-bit integer (1b).
    #[test]
    fn timestamps_are_those_of_javas_sdk() {
        let time = [0xc1, 0x1b, 0, 0, 0x01, 0x93, 0x43, 0x91, 0x3a, 0x7b];
        let document = json!({"Timestamp": 1_732_005_411.451});
        let bytes = [&[0xa1, 0x69][..], b"Timestamp", &time].concat();
        assert_eq!(Encoding::Cbor.decode(&bytes), document);
        assert_eq!(Encoding::Cbor.encode(&document), bytes);
    }

    #[test]
    fn data_are_bytes_in_cbor() {
        let encoded = Encoding::Cbor.encode(&json!({"Data": "AAEC", "a": ["AAEC", {"Data": "no base64"}]}));
        let Cbor::Map(members) = ciborium::from_reader(encoded.as_slice()).unwrap() else { panic!("no map") };
        assert_eq!(members[0].1, Cbor::Bytes(vec![0, 1, 2]));
        let no_data = Cbor::Map(vec![(Cbor::Text("Data".into()), Cbor::Text("no base64".into()))]);
        assert_eq!(members[1].1, Cbor::Array(vec![Cbor::Text("AAEC".into()), no_data]));
        let numbers = Encoding::Cbor.encode(&json!([u64::MAX, i64::MIN, 7, -1.5]));
        assert_eq!(Encoding::Cbor.decode(&numbers[..1]), Value::Null);
        let numbers: Cbor = ciborium::from_reader(numbers.as_slice()).unwrap();
        let expected: [Cbor; 4] = [u64::MAX.into(), i64::MIN.into(), 7.into(), (-1.5).into()];
        assert_eq!(numbers, Cbor::Array(expected.to_vec()));
    }
}
