//! Access to the emulator's port, and the answers to malformed requests, which a raw socket sends.

use emulator::{Emulator, EmulatorOptions};
use sluicegate_tests::PATIENCE;
use sluicegate_tests::api::{empty_emulator, empty_emulator_with};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const SIGNED: &str = "Authorization: AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0\r\n";
const JSON: &str = "Content-Type: application/x-amz-json-1.1\r\n";

/// Sends bytes, closes the sending side if the request is cut off, and reads to the end.
async fn exchange(emulator: &Emulator, bytes: &str, is_cut_off: bool) -> String {
    let exchange = async {
        let mut socket = TcpStream::connect(emulator.address()).await.expect("the emulator listens");
        socket.write_all(bytes.as_bytes()).await.expect("it reads");
        if is_cut_off {
            socket.shutdown().await.expect("our side ends");
        }
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    };
    tokio::time::timeout(PATIENCE, exchange).await.expect("an answer in time")
}

/// A request with some header lines and a body.
async fn send(emulator: &Emulator, line: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}Content-Length: {length}"
    );
    exchange(emulator, &format!("{head}\r\n\r\n{body}"), false).await
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

/// docs/aws-behaviour.md#request-region
#[tokio::test(flavor = "multi_thread")]
async fn a_call_for_another_region_is_refused_in_its_services_protocol() {
    let emulator = empty_emulator().await;
    let elsewhere = SIGNED.replace("us-east-1", "eu-west-1");
    let kinesis = format!("{JSON}{elsewhere}X-Amz-Target: Kinesis_20131202.ListStreams\r\n");
    let message = "Credential should be scoped to a valid region, not 'eu-west-1'. This emulator is in us-east-1: set \
                   AWS_REGION=us-east-1, or start it with --region eu-west-1";
    for (line, headers, code) in [
        ("POST /", &kinesis, "InvalidSignatureException"),
        ("GET /v2/apis", &elsewhere, ""),
        ("POST /v1/@connections/x", &elsewhere, ""),
        ("POST /2015-03-31/functions/f/invocations", &elsewhere, ""),
        ("POST /", &elsewhere.replace("lambda", "iam"), "<Code>SignatureDoesNotMatch</Code>"),
    ] {
        let answer = send(&emulator, line, headers, "Action=ListRoles&Version=2010-05-08").await;
        let says_so = answer.contains(message) || answer.contains(&message.replace('\'', "&apos;"));
        assert!(status(&answer) == "403" && says_so && answer.contains(code), "{line}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_call_is_refused_in_its_services_protocol() {
    let emulator = empty_emulator().await;
    let kinesis = format!("{JSON}X-Amz-Target: Kinesis_20131202.ListStreams\r\n");
    let logs = format!("{JSON}X-Amz-Target: Logs_20140328.DescribeLogGroups\r\n");
    let typed =
        r#"{"__type":"MissingAuthenticationTokenException","message":"Missing Authentication Token"}"#;
    for (line, headers, body) in [
        ("POST /", kinesis.as_str(), typed),
        ("POST /", &logs, typed),
        ("GET /v2/apis", "", r#"{"message":"Missing Authentication Token"}"#),
        ("POST /v1/@connections/x", "", r#"{"message":"Missing Authentication Token"}"#),
        ("POST /2015-03-31/functions", "", r#"{"message":"Missing Authentication Token"}"#),
        ("POST /2015-03-31/functions/f/invocations", "", r#"{"message":"Missing Authentication Token"}"#),
        (
            "POST /",
            "",
            "<Code>MissingAuthenticationToken</Code><Message>Missing Authentication Token</Message>",
        ),
    ] {
        let answer = send(&emulator, line, headers, "Action=ListRoles&Version=2010-05-08").await;
        assert_eq!(status(&answer), "403", "{line}: {answer}");
        assert!(answer.contains("x-amzn-errortype: MissingAuthenticationTokenException"), "{line}: {answer}");
        assert!(answer.contains(body), "{line}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_call_is_accepted_if_that_is_allowed() {
    let mut options = EmulatorOptions::default();
    options.access.allows_unsigned = true;
    let emulator = empty_emulator_with(options).await;
    let target = |name: &str| format!("{JSON}X-Amz-Target: Kinesis_20131202.{name}\r\n");
    let stream = r#"{"StreamName":"s","ShardCount":1}"#;
    let record = r#"{"StreamName":"s","PartitionKey":"k","Data":"AAEC"}"#;
    for (line, headers, body) in [
        ("POST /", target("CreateStream"), stream),
        ("POST /", target("PutRecord"), record),
        ("POST /", String::new(), "Action=ListRoles&Version=2010-05-08"),
        ("GET /v2/apis", String::new(), ""),
    ] {
        let answer = send(&emulator, line, &headers, body).await;
        assert_eq!(status(&answer), "200", "{line}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_error_says_what_is_wrong_with_a_request() {
    let emulator = empty_emulator().await;
    let close = "Connection: close\r\n";
    let call = format!("POST / HTTP/1.1\r\nHost: localhost\r\n{close}{SIGNED}");
    let page = format!("GET /_sluicegate/health HTTP/1.1\r\n{close}");
    let chunked = "Transfer-Encoding: chunked\r\n\r\n";
    let large = "Content-Length: 250000000\r\n\r\na";
    let (whole, cut_off) = (false, true);
    for (bytes, is_cut_off, expected, says) in [
        (format!("{page}\r\n"), whole, "400", "the request names no host"),
        (format!("{page}Host: localhost\r\nHost: localhost\r\n\r\n"), whole, "400", "names two hosts"),
        (format!("{page}Host: a b\r\n\r\n"), whole, "400", "the request's host is malformed"),
        (
            format!("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n{close}\r\n"),
            whole,
            "400",
            "names two hosts",
        ),
        (format!("{page}Host: evil.example\r\n\r\n"), whole, "403", "--allowed-host evil.example"),
        (format!("{call}Content-Length: 9\r\n\r\na"), cut_off, "400", "ended early or is malformed"),
        (format!("{call}{chunked}5\r\nab"), cut_off, "400", "ended early or is malformed"),
        (format!("{call}{chunked}x\r\n"), whole, "400", "ended early or is malformed"),
        (format!("{call}{large}"), whole, "413", "must be smaller than 6356992 bytes"),
        // Refused by its head, without waiting for its body.
        (format!("POST / HTTP/1.1\r\nHost: localhost\r\n{close}{large}"), whole, "403", "Missing"),
    ] {
        let answer = exchange(&emulator, &bytes, is_cut_off).await;
        assert_eq!(status(&answer), expected, "{bytes:?}: {answer}");
        assert!(answer.contains(says), "{bytes:?}: {answer}");
    }
}

/// A page cannot set or omit these headers, which the browser adds.
#[tokio::test(flavor = "multi_thread")]
async fn other_sites_cannot_use_the_emulators_pages() {
    let emulator = empty_emulator().await;
    for headers in ["Origin: http://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n"] {
        for (line, body) in [("PUT /_sluicegate/faults", "put-swapped"), ("GET /_sluicegate/state", "")] {
            let answer = send(&emulator, line, headers, body).await;
            assert_eq!(status(&answer), "403", "{line}: {answer}");
        }
    }
    assert_eq!(emulator.faults().report()["faults"], serde_json::json!([]));
    let answer = send(&emulator, "GET /_sluicegate/state", "", "").await;
    assert_eq!(status(&answer), "200", "{answer}");
    for header in ["x-frame-options: DENY", "cross-origin-resource-policy: same-origin"] {
        assert!(answer.to_lowercase().contains(&header.to_lowercase()), "{answer}");
    }
}
