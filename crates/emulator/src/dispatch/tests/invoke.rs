//! Lambda's Invoke: what reaches a function's code, and what is refused before.

use super::*;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

const PATH: &str = "/2015-03-31/functions/echo/invocations";

/// An Invoke with some headers; its status, the error's type and the answer.
async fn invoke(
    api: &Api,
    path: &str,
    headers: &[(&str, &str)],
    payload: Vec<u8>,
) -> (StatusCode, String, String) {
    let mut request = Request::builder().method("POST").uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, body) = api.send(request.body(Bytes::from(payload)).unwrap()).await;
    let kind = parts.headers.get("x-amzn-errortype").map(|kind| kind.to_str().unwrap().to_owned());
    (parts.status, kind.unwrap_or_default(), String::from_utf8_lossy(&body).into_owned())
}

async fn with_function() -> Api {
    let api = Api::new().await;
    lambda::with_function(&api).await;
    assert_eq!(invocations(&api), [0, 0, 0]);
    api
}

/// How many invocations of the function were answered, failed and were throttled.
fn invocations(api: &Api) -> [u64; 3] {
    let page = api.emulator.metrics();
    ["ok", "error", "throttled"].map(|outcome| {
        let sample =
            format!("sluicegate_function_invocations_total{{function=\"echo\",outcome=\"{outcome}\"}} ");
        page.lines().find_map(|line| line.strip_prefix(&sample)).expect(&sample).parse().unwrap()
    })
}

/// The function's code rather than a test, run by this very binary: it answers each event with the event.
#[test]
#[ignore = "runs as a function of an_invocation_hands_any_json_over"]
fn echo() {
    let Ok(api) = std::env::var("AWS_LAMBDA_RUNTIME_API") else {
        return; // run by hand, among all that is ignored
    };
    let call = |head: String, body: &str| {
        let mut socket = TcpStream::connect(&api).unwrap();
        write!(socket, "{head} HTTP/1.0\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    };
    loop {
        let next = call("GET /2018-06-01/runtime/invocation/next".into(), "");
        let (head, event) = next.split_once("\r\n\r\n").unwrap();
        let id = head.lines().find_map(|line| line.strip_prefix("lambda-runtime-aws-request-id: ")).unwrap();
        call(format!("POST /2018-06-01/runtime/invocation/{id}/response"), event);
    }
}

/// Makes [`echo`] the function's code, with a timeout that suffices on a busy machine.
async fn with_echo() -> Api {
    let api = with_function().await;
    let binary = std::env::current_exe().unwrap();
    let script = format!("#!/bin/sh\nexec '{}' --ignored --exact {}::echo\n", binary.display(), module());
    api.made("PUT", "/2015-03-31/functions/echo/code", json!({"ZipFile": lambda::zip(&script)})).await;
    api.made("PUT", "/2015-03-31/functions/echo/configuration", json!({"Timeout": 60})).await;
    api
}

/// This module's name in the binary's tests: without the crate.
fn module() -> &'static str {
    module_path!().split_once("::").unwrap().1
}

/// The payload is any JSON; names and ARNs mean the same function; an empty payload is an empty object.
#[tokio::test]
async fn an_invocation_hands_any_json_over() {
    let api = with_echo().await;
    let arn =
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Aecho/invocations";
    let cases = [
        (PATH, "[1, \"two\"]", "[1, \"two\"]"),
        (PATH, "null", "null"),
        (PATH, "", "{}"),
        (arn, "\"text\"", "\"text\""),
        ("/2015-03-31/functions/echo/invocations?Qualifier=%24LATEST", "{}", "{}"),
    ];
    for (number, (path, payload, answer)) in (1..).zip(cases) {
        let answered = invoke(&api, path, &[], payload.into()).await;
        assert_eq!(answered, (StatusCode::OK, String::new(), answer.into()), "{path} {payload}");
        assert_eq!(invocations(&api), [number, 0, 0]);
    }
    let dry = invoke(&api, PATH, &[("x-amz-invocation-type", "DryRun")], b"{}".into()).await;
    assert_eq!(dry, (StatusCode::NO_CONTENT, String::new(), String::new()));
    assert_eq!(invocations(&api), [cases.len() as u64, 0, 0], "a dry run invokes nothing");
}

#[tokio::test]
async fn what_cannot_be_invoked_is_refused_by_name() {
    let api = with_function().await;
    let none: &[(&str, &str)] = &[];
    let large = vec![b' '; 6 * 1_048_576 + 1];
    for (path, headers, payload, status, kind, named) in [
        (
            "/2015-03-31/functions/none/invocations",
            none,
            b"{}".to_vec(),
            404,
            "ResourceNotFoundException",
            "function:none",
        ),
        (PATH, none, large, 413, "RequestTooLargeException", "6291456"),
        (PATH, none, b"{".to_vec(), 400, "InvalidRequestContentException", "parse request body"),
        (
            PATH,
            &[("x-amz-invocation-type", "Event")],
            b"{}".to_vec(),
            400,
            "InvalidParameterValueException",
            "InvocationType Event",
        ),
        (
            PATH,
            &[("x-amz-log-type", "All")],
            b"{}".to_vec(),
            400,
            "InvalidParameterValueException",
            "LogType All",
        ),
        (
            PATH,
            &[("x-amz-client-context", "e30=")],
            b"{}".to_vec(),
            400,
            "InvalidParameterValueException",
            "ClientContext",
        ),
        (
            "/2015-03-31/functions/echo/invocations?Qualifier=1",
            none,
            b"{}".to_vec(),
            404,
            "ResourceNotFoundException",
            "function:echo:1",
        ),
    ] {
        let (found, found_kind, answer) = invoke(&api, path, headers, payload).await;
        assert_eq!((found.as_u16(), found_kind.as_str()), (status, kind), "{answer}");
        assert!(answer.contains(named), "{answer} does not name {named}");
    }
    assert_eq!(invocations(&api), [0, 0, 0], "what is refused invokes nothing");
}

/// The alias's weight decides anew for each invocation; a version's number and name lead to that version alone.
#[tokio::test]
async fn an_invocation_runs_the_version_that_its_qualifier_means() {
    let api = with_echo().await;
    for timeout in [50, 40] {
        api.publish(Value::Null).await;
        api.configure(json!({"Timeout": timeout})).await;
    }
    let weights = json!({"AdditionalVersionWeights": {"2": 0.5}});
    let alias = json!({"Name": "live", "FunctionVersion": "1", "RoutingConfig": weights});
    api.made("POST", "/2015-03-31/functions/echo/aliases", alias).await;
    let executed = async |qualifier: &str| {
        let request = Request::post(format!("{PATH}{qualifier}")).body(Bytes::from_static(b"1")).unwrap();
        let (parts, body) = api.send(request).await;
        assert_eq!((parts.status, &body[..]), (StatusCode::OK, &b"1"[..]), "{qualifier}");
        parts.headers["x-amz-executed-version"].to_str().unwrap().to_owned()
    };
    for (qualifier, version) in [("", "$LATEST"), ("?Qualifier=$LATEST", "$LATEST"), ("?Qualifier=1", "1")] {
        assert_eq!(executed(qualifier).await, version);
    }
    // That one of two versions is never chosen has a chance of one in 2^63.
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..64 {
        seen.insert(executed("?Qualifier=live").await);
        if seen.len() > 1 {
            break;
        }
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["1", "2"]);
}
