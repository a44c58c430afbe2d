//! Lambda's Invoke, before a function's code: what is handed over, and what is refused.

use super::*;

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
    let api = Api::new();
    lambda::with_function(&api).await;
    api.emulator.told();
    api
}

/// The payload is any JSON; names and ARNs are the same function; nothing at all is an empty object.
#[tokio::test]
async fn an_invocation_hands_any_json_over() {
    let api = with_function().await;
    let arn =
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Aecho/invocations";
    for (path, payload, answer) in [
        (PATH, "[1, \"two\"]", "[1, \"two\"]"),
        (PATH, "null", "null"),
        (PATH, "", "{}"),
        (arn, "\"text\"", "\"text\""),
        ("/2015-03-31/functions/echo/invocations?Qualifier=%24LATEST", "{}", "{}"),
    ] {
        let answered = invoke(&api, path, &[], payload.into()).await;
        assert_eq!(answered, (StatusCode::OK, String::new(), answer.into()), "{path} {payload}");
        assert_eq!(api.emulator.told(), ["invoke echo"]);
    }
    let dry = invoke(&api, PATH, &[("x-amz-invocation-type", "DryRun")], b"{}".into()).await;
    assert_eq!(dry, (StatusCode::NO_CONTENT, String::new(), String::new()));
    assert!(api.emulator.told().is_empty(), "a dry run invokes nothing");
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
            400,
            "InvalidParameterValueException",
            "Qualifier",
        ),
    ] {
        let (found, found_kind, answer) = invoke(&api, path, headers, payload).await;
        assert_eq!((found.as_u16(), found_kind.as_str()), (status, kind), "{answer}");
        assert!(answer.contains(named), "{answer} does not name {named}");
    }
    assert!(api.emulator.told().is_empty(), "what is refused invokes nothing");
}
