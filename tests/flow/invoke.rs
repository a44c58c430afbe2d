//! Lambda's Invoke, from the port to a real function's process.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emulator::Emulator;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sluicegate_tests::api::{empty_emulator, role};
use sluicegate_tests::{control, functions};

const ROLE: &str = "arn:aws:iam::000000000000:role/invoked";

/// The response of an Invoke.
struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    payload: Value,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The last lines of the log, which the request asks for.
    fn log(&self) -> String {
        String::from_utf8(STANDARD.decode(self.header("x-amz-log-result")).expect("base64")).expect("text")
    }
}

async fn invoke(emulator: &Emulator, function: &str, payload: &str) -> Answer {
    let scope = "Credential=developer/20260101/us-east-1/lambda/aws4_request";
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("/2015-03-31/functions/{function}/invocations"))
        .header(header::AUTHORIZATION, format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"))
        .header("x-amz-log-type", "Tail")
        .body(payload.to_owned().into());
    let (parts, body) = emulator.call(request.expect("a sound request")).await.into_parts();
    let body = body.collect().await.expect("an answer").to_bytes();
    let payload = serde_json::from_slice(&body).unwrap_or_default();
    Answer { status: parts.status, headers: parts.headers, payload }
}

/// The function's answer, its failure, its log lines, and the error if it is throttled.
#[tokio::test(flavor = "multi_thread")]
async fn invoke_returns_answer_failure_log_and_throttling() {
    let emulator = empty_emulator().await;
    // The role allows nothing, not even the log; the caller gets the log lines all the same.
    role(&emulator, ROLE, "lambda.amazonaws.com", &["kinesis:*"]).await;
    functions::scripted(&emulator, "answers", ROLE, json!({"ANSWER": r#"{"all":"well"}"#})).await;
    functions::scripted(&emulator, "fails", ROLE, json!({"FAILURE": "no database"})).await;

    for _ in 0..2 {
        let answer = invoke(&emulator, "answers", r#"[1, {"a": "b"}]"#).await;
        assert_eq!((answer.status, &answer.payload), (StatusCode::OK, &json!({"all": "well"})));
        assert_eq!(
            (answer.header("x-amz-executed-version"), answer.header("x-amz-function-error")),
            ("$LATEST", "")
        );
        let (id, log) = (answer.header("x-amzn-requestid"), answer.log());
        let lines: Vec<_> = log.lines().collect();
        assert_eq!(lines[0], format!("START RequestId: {id} Version: $LATEST"), "{log}");
        assert_eq!(lines[1], r#"EVENT [1, {"a": "b"}]"#, "{log}");
        assert_eq!(lines[2], format!("END RequestId: {id}"), "{log}");
        assert!(lines[3].starts_with(&format!("REPORT RequestId: {id}\t")) && lines.len() == 4, "{log}");
    }

    let answer = invoke(&emulator, "fails", "").await;
    assert_eq!((answer.status, answer.header("x-amz-function-error")), (StatusCode::OK, "Unhandled"));
    assert_eq!(answer.payload, json!({"errorType": "Error", "errorMessage": "no database"}));
    assert!(answer.log().contains("EVENT {}"), "{}", answer.log());

    let concurrency = "/2017-10-31/functions/answers/concurrency";
    let none = json!({"ReservedConcurrentExecutions": 0});
    control::rest(&emulator, "lambda", Method::PUT, concurrency, &none).await;
    let answer = invoke(&emulator, "answers", "{}").await;
    assert_eq!(
        (answer.status, answer.header("x-amzn-errortype")),
        (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException")
    );
    assert_eq!(answer.payload["Reason"], "ReservedFunctionConcurrentInvocationLimitExceeded");
}
