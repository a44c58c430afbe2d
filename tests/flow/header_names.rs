//! Templates, authorizers, functions and access logs get a handshake's headers as the client wrote them.

use emulator::Emulator;
use serde_json::{Value, json};
use sluicegate_tests::api::{Api, empty_emulator, role};
use sluicegate_tests::raw::{RawClient, handshake, head};
use sluicegate_tests::{control, functions};

const FUNCTION_ROLE: &str = "arn:aws:iam::000000000000:role/function";
const INVOKING_ROLE: &str = "arn:aws:iam::000000000000:role/invoking";

/// The status of a handshake with more headers, whose bytes are sent unchanged.
async fn status(emulator: &Emulator, api: &Api<'_>, more: &[u8]) -> u16 {
    let path = format!("/_aws/execute-api/{}/test", api.id);
    let mut request = head(&handshake(emulator.address(), &path));
    request.truncate(request.len() - 2);
    request.extend_from_slice(more);
    request.extend_from_slice(if more.is_empty() { b"\r\n" } else { b"\r\n\r\n" });
    let mut client = RawClient::dial(emulator.address()).await.expect("a connection");
    client.send(&request).await.expect("sent");
    client.head().await.expect("an answer").status
}

/// docs/aws-behaviour.md#apigateway-header-names: `x-token` is not `X-Token`, and no value is dropped.
#[tokio::test(flavor = "multi_thread")]
async fn a_template_finds_a_header_by_the_name_that_was_sent() {
    let emulator = empty_emulator().await;
    for (looked_up, sent, expected) in [
        ("x-token", &b"x-token: abc"[..], "abc"),
        ("X-Token", b"x-token: abc", ""),
        ("X-Token", b"X-Token: abc", "abc"),
        ("x-token", b"X-Token: abc", ""),
        ("X-TOKEN", b"x-token: a\r\nX-TOKEN: b", "b"),
        ("x-token", b"x-token: a\r\nX-TOKEN: b", "a"),
        ("sec-websocket-protocol", b"sec-websocket-protocol: chat", "chat"),
        ("Sec-WebSocket-Version", b"", "13"),
        ("x-name", b"x-name: J\xc3\xbcrgen", "J\u{fc}rgen"),
        ("x-name", b"x-name: J\xfcrgen", "J\u{fc}rgen"),
        ("X-Forwarded-For", b"x-forwarded-for: 203.0.113.9", "127.0.0.1"),
    ] {
        let api = Api::create(&emulator).await;
        let condition = format!("$input.params('{looked_up}') == \"{expected}\"");
        let template = format!("{{\"statusCode\": #if({condition})200#{{else}}400#end}}");
        let mock = json!({"integrationType": "MOCK", "requestTemplates": {"$default": template}});
        let connect = api.integration(mock).await;
        let responses = format!("integrations/{connect}/integrationresponses");
        api.post(&responses, json!({"integrationResponseKey": "$default"})).await;
        api.route("$connect", &connect, true).await;
        api.deploy(json!({})).await;
        let sent_text = String::from_utf8_lossy(sent);
        assert_eq!(status(&emulator, &api, sent).await, 101, "{looked_up} of {sent_text}");
    }
}

/// In the events of a `$connect` function and of an authorizer; identity sources ignore the case.
#[tokio::test(flavor = "multi_thread")]
async fn an_authorizer_and_a_function_see_names_as_sent() {
    let emulator = empty_emulator().await;
    role(&emulator, FUNCTION_ROLE, "lambda.amazonaws.com", &["logs:*"]).await;
    role(&emulator, INVOKING_ROLE, "apigateway.amazonaws.com", &["lambda:InvokeFunction"]).await;
    let policy = json!({"Statement": {"Action": "*", "Effect": "Allow", "Resource": "*"}});
    let allow = json!({"principalId": "me", "policyDocument": policy}).to_string();
    functions::scripted(&emulator, "guard", FUNCTION_ROLE, json!({"ANSWER": allow})).await;
    functions::scripted(&emulator, "greet", FUNCTION_ROLE, json!({"ANSWER": "{}"})).await;
    let invocation = |name: &str| {
        format!(
            "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:{name}/invocations"
        )
    };
    let api = Api::create(&emulator).await;
    let authorizer = json!({
        "name": "guard", "authorizerType": "REQUEST", "authorizerUri": invocation("guard"),
        "identitySource": ["route.request.header.X-Token"], "authorizerCredentialsArn": INVOKING_ROLE,
    });
    let authorizer = api.post("authorizers", authorizer).await["authorizerId"].clone();
    let greet = json!({
        "integrationType": "AWS_PROXY", "integrationUri": invocation("greet"), "credentialsArn": INVOKING_ROLE,
    });
    let greet = api.integration(greet).await;
    let route = json!({
        "routeKey": "$connect", "target": format!("integrations/{greet}"),
        "authorizationType": "CUSTOM", "authorizerId": authorizer,
    });
    api.post("routes", route).await;
    api.deploy(json!({})).await;
    let sent = b"x-token: abc\r\nX-tOKEN: d\r\nUSER-agent: caf\xe9";
    assert_eq!(status(&emulator, &api, sent).await, 101);
    for function in ["guard", "greet"] {
        let logs = json!({"logGroupName": format!("/aws/lambda/{function}"), "filterPattern": "EVENT"});
        let logged = control::json(&emulator, "Logs_20140328.FilterLogEvents", &logs).await;
        let line = logged["events"][0]["message"].as_str().expect("a line");
        let event: Value =
            serde_json::from_str(line.strip_prefix("EVENT ").expect("an event")).expect("JSON");
        let headers = &event["headers"];
        assert_eq!((&headers["x-token"], &headers["X-tOKEN"]), (&json!("abc"), &json!("d")), "{function}");
        assert_eq!(headers["USER-agent"], "caf\u{e9}", "{function}");
        assert_eq!(headers["Host"], emulator.address().to_string(), "{function}");
        assert_eq!(headers["X-Token"], Value::Null, "{function}");
        assert_eq!(event["requestContext"]["identity"]["userAgent"], "caf\u{e9}", "{function}");
    }
}
