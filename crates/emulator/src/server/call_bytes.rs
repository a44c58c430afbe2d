//! How large an AWS API call may be, by operation.

use crate::services::kinesis;
use crate::services::lambda::control;
use http::Method;
use http::request::Parts;

/// Bytes of a call that carries a function's code, at most: Lambda's own limit, a zip of 50 MB in base64, and its
/// envelope.
const CODE_BYTES_MAX: usize = 70_167_211;
/// Bytes of a call that puts records, at most: 10 MiB of data in base64 (4/3), and the envelope of each record.
const RECORDS_BYTES_MAX: usize = 16 * 1_024 * 1_024;
/// Bytes of any other AWS API call, at most. The largest are events of Invoke (6 MB) and batches of 1 MiB whose
/// characters are escaped.
const CALL_BYTES_MAX: usize = control::PAYLOAD_BYTES_MAX + 64 * 1_024;

/// How many bytes an AWS API call may have, by its head.
pub fn call_bytes_max(parts: &Parts) -> usize {
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    if let Some(target) = target {
        let operation = target.strip_prefix(kinesis::TARGET_PREFIX);
        let puts = matches!(operation, Some("PutRecord" | "PutRecords"));
        return if puts { RECORDS_BYTES_MAX } else { CALL_BYTES_MAX };
    }
    let mut segments = parts.uri.path().trim_matches('/').split('/').skip(1);
    match (&parts.method, segments.next(), segments.next(), segments.next()) {
        (&Method::POST, Some("functions"), None, None)
        | (&Method::PUT, Some("functions"), Some(_), Some("code")) => CODE_BYTES_MAX,
        _ => CALL_BYTES_MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    #[test]
    fn each_operation_has_its_limit() {
        for (method, uri, target, bytes_max) in [
            ("POST", "/2015-03-31/functions", "", CODE_BYTES_MAX),
            ("POST", "/2015-03-31/functions/", "", CODE_BYTES_MAX),
            ("PUT", "/2015-03-31/functions/echo/code", "", CODE_BYTES_MAX),
            ("PUT", "/2015-03-31/functions/echo/configuration", "", CALL_BYTES_MAX),
            ("POST", "/2015-03-31/functions/echo/invocations", "", CALL_BYTES_MAX),
            ("POST", "/", "Kinesis_20131202.PutRecords", RECORDS_BYTES_MAX),
            ("POST", "/", "Kinesis_20131202.CreateStream", CALL_BYTES_MAX),
            ("POST", "/2015-03-31/functions", "AmazonSQS.SendMessage", CALL_BYTES_MAX),
            ("POST", "/", "", CALL_BYTES_MAX),
            ("POST", "/v2/apis", "", CALL_BYTES_MAX),
        ] {
            let mut request = Request::builder().method(method).uri(uri);
            if !target.is_empty() {
                request = request.header("x-amz-target", target);
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(call_bytes_max(&parts), bytes_max, "{method} {uri} {target}");
        }
    }
}
