//! Reads a call of the wire API, or says what no operation can answer.

use super::encoding::Encoding;
use super::request::TARGET_PREFIX;
use super::store::types::Operation;
use http::Method;
use http::request::Parts;
use serde_json::Value;

/// A call that has an operation and a document.
#[derive(Debug, PartialEq)]
pub(super) struct Call {
    pub encoding: Encoding,
    pub operation: Operation,
    pub request: Value,
}

/// Why no operation answers a call. The sender gets the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unserved {
    #[error("Unable to determine service/operation name to be authorized")]
    Unnamed,
    #[error(
        "the content type is not one of the Kinesis API, which are application/x-amz-json-1.1 and application/x-amz-cbor-1.1"
    )]
    ContentType,
    #[error("the request names no operation of kinesis")]
    Operation(Encoding),
    #[error("the body is not a JSON or CBOR object")]
    Body(Encoding),
}

impl Call {
    pub(super) fn read(parts: &Parts, body: &[u8]) -> Result<Self, Unserved> {
        let target = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
        let name = target.and_then(|target| target.strip_prefix(TARGET_PREFIX)).unwrap_or_default();
        if parts.method != Method::POST {
            return Err(Unserved::Unnamed);
        }
        let Some(encoding) = Encoding::of(&parts.headers) else {
            return Err(if name.is_empty() { Unserved::Unnamed } else { Unserved::ContentType });
        };
        let operation = name.parse().map_err(|_| Unserved::Operation(encoding))?;
        let request = encoding.decode(body);
        if !request.is_object() {
            return Err(Unserved::Body(encoding));
        }
        Ok(Self { encoding, operation, request })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::kinesis::WriteLimits;
    use crate::services::kinesis::tests::start;
    use http_body_util::BodyExt as _;
    use serde_json::json;

    #[test]
    fn a_call_has_an_operation_and_a_document() {
        let [json_type, cbor_type] = [Encoding::Json, Encoding::Cbor].map(Encoding::content_type);
        let with_charset = format!("{json_type}; charset=utf-8");
        let read = |method: &str, target: &str, content_type: &str, body: &[u8]| {
            let call = http::Request::builder()
                .method(method)
                .uri("/")
                .header("x-amz-target", format!("{TARGET_PREFIX}{target}"))
                .header("content-type", content_type);
            Call::read(&call.body(()).unwrap().into_parts().0, body)
        };
        for (content_type, encoding) in
            [(json_type, Encoding::Json), (&with_charset, Encoding::Json), (cbor_type, Encoding::Cbor)]
        {
            let request = json!({"Limit": 1});
            let body = encoding.encode(&request);
            let call = Call { encoding, operation: Operation::ListStreams, request };
            assert_eq!(read("POST", "ListStreams", content_type, &body), Ok(call));
            let unknown = Err(Unserved::Operation(encoding));
            assert_eq!(read("POST", "ListRivers", content_type, &body), unknown);
            assert_eq!(read("POST", "", content_type, b""), unknown);
            for no_document in [&b""[..], b"[]", b"\x80", b"{"] {
                let refused = read("POST", "ListStreams", content_type, no_document);
                assert_eq!(refused, Err(Unserved::Body(encoding)), "{content_type}: {no_document:?}");
            }
            assert_eq!(read("GET", "ListStreams", content_type, &body), Err(Unserved::Unnamed));
        }
        for content_type in ["", "application/json", "application/x-amz-json-1.0", "text/plain; a"] {
            assert_eq!(read("POST", "ListStreams", content_type, b"{}"), Err(Unserved::ContentType));
            assert_eq!(read("POST", "", content_type, b"{}"), Err(Unserved::Unnamed));
        }
    }

    /// By its code in the header and the body, in XML where nothing says how the caller encodes.
    #[tokio::test]
    async fn what_nothing_answers_is_refused_in_its_form() {
        let streams = start(WriteLimits::Lifted, None).await;
        let json_type = Encoding::Json.content_type();
        for (method, target, content_type, status, code, of_body) in [
            ("GET", "ListStreams", json_type, 403, "AccessDeniedException", "<AccessDeniedException>"),
            (
                "POST",
                "ListStreams",
                "text/xml",
                404,
                "UnknownOperationException",
                "<UnknownOperationException>",
            ),
            ("POST", "ListRivers", json_type, 400, "UnknownOperationException", r#"{"__type":"Unknown"#),
            ("POST", "ListStreams", json_type, 400, "SerializationException", r#"{"__type":"Serial"#),
        ] {
            let call = http::Request::builder()
                .method(method)
                .uri("/")
                .header("x-amz-target", format!("{TARGET_PREFIX}{target}"))
                .header("content-type", content_type);
            let (parts, ()) = call.body(()).unwrap().into_parts();
            let refused = streams.handle(parts, "[]".into()).await;
            assert_eq!(
                (refused.status().as_u16(), &refused.headers()["x-amzn-errortype"]),
                (status, &code.parse().unwrap())
            );
            let body = refused.into_body().collect().await.unwrap().to_bytes();
            assert!(body.starts_with(of_body.as_bytes()), "{body:?}");
        }
    }
}
