//! The two encodings of the wire API's bodies: JSON, and CBOR, which the Java SDK uses.

use crate::protocol::cbor;
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
    /// By a call's `Content-Type`. A type that the API does not know is read as JSON, and refused by the library.
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

    /// A body as JSON, with bytes in base64; null if it is neither.
    pub(super) fn decode(self, body: &[u8]) -> Value {
        match self {
            Self::Json => serde_json::from_slice(body).unwrap_or_default(),
            Self::Cbor => ciborium::from_reader(body)
                .map(|value: Cbor| super::store::types::cbor_to_json(&value))
                .unwrap_or_default(),
        }
    }

    /// A document as a body; members named `Data` are bytes.
    pub(super) fn encode(self, document: &Value) -> Vec<u8> {
        match self {
            Self::Json => document.to_string().into_bytes(),
            Self::Cbor => cbor::encode_with(document, data),
        }
    }
}

/// Members named `Data` are bytes.
fn data(name: &str, value: &Value) -> Option<Cbor> {
    let text = value.as_str().filter(|_| name == "Data")?;
    STANDARD.decode(text).ok().map(Cbor::Bytes)
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
