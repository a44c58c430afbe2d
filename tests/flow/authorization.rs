//! Who may connect: authorizers and signatures on `$connect`.

use emulator::{Emulator, EmulatorOptions};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sluicegate_tests::api::{Api, empty_emulator, role};
use sluicegate_tests::client::Client;
use sluicegate_tests::test_emulator::TestEmulator;
use sluicegate_tests::{control, functions, signed_handshake};

const FUNCTION_ROLE: &str = "arn:aws:iam::000000000000:role/function";
const INVOKING_ROLE: &str = "arn:aws:iam::000000000000:role/invoking";

fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:us-east-1:000000000000:function:{name}")
}

/// Creates a scripted function, whose environment determines its answer.
async fn scripted(emulator: &Emulator, name: &str, environment: Value) {
    functions::scripted(emulator, name, FUNCTION_ROLE, environment).await;
}

/// Creates a REQUEST authorizer with a function; returns its id.
async fn authorizer(api: &Api<'_>, function: &str, more: Value) -> String {
    let uri = format!(
        "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations",
        function_arn(function)
    );
    let mut settings = json!({
        "name": function, "authorizerType": "REQUEST", "authorizerUri": uri,
        "identitySource": ["route.request.querystring.token"], "authorizerCredentialsArn": INVOKING_ROLE,
    });
    if let (Value::Object(settings), Value::Object(more)) = (&mut settings, more) {
        settings.extend(more);
    }
    api.post("authorizers", settings).await["authorizerId"].as_str().expect("an id").to_owned()
}

/// Creates a `$connect` route with an authorizer and a MOCK integration.
async fn guard(api: &Api<'_>, authorizer: &str) {
    let connect = api.mock(200, json!({"integrationResponseKey": "/200/"})).await;
    let route = json!({
        "routeKey": "$connect", "target": format!("integrations/{connect}"),
        "authorizationType": "CUSTOM", "authorizerId": authorizer,
    });
    api.post("routes", route).await;
}

async fn status(uri: &str) -> StatusCode {
    match Client::try_connect(uri, &[]).await {
        Ok((_, response)) => response.status(),
        Err(response) => response.status(),
    }
}

fn policy(effect: &str, resource: &str) -> Value {
    json!({"Statement": {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}})
}

fn answer(effect: &str, resource: &str) -> Value {
    json!({"ANSWER": json!({"principalId": "me", "policyDocument": policy(effect, resource)}).to_string()})
}

async fn guarded_emulator() -> Emulator {
    let emulator = empty_emulator().await;
    role(&emulator, FUNCTION_ROLE, "lambda.amazonaws.com", &["logs:*"]).await;
    role(&emulator, INVOKING_ROLE, "apigateway.amazonaws.com", &["lambda:InvokeFunction"]).await;
    emulator
}

/// docs/aws-behaviour.md#apigateway-handshake-status and #apigateway-authorization: with the function of the example, in
/// the stack that `dev` composes.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_connects_and_no_other_client_does() {
    let values = std::fs::read_to_string(functions::project().join("examples/authorizer/stack.tfvars"));
    let emulator =
        TestEmulator::with(&values.expect("the example's values"), EmulatorOptions::default()).await;
    assert_eq!(status(&emulator.uri()).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&format!("{}?token=", emulator.uri())).await, StatusCode::UNAUTHORIZED);
    assert_eq!(
        emulator_invocations(&emulator.emulator, "sluicegate-authorizer"),
        0,
        "no identity, no invocation"
    );
    assert_eq!(status(&format!("{}?token=guess", emulator.uri())).await, StatusCode::UNAUTHORIZED);
    let mut client = Client::connect(&format!("{}?token=let-me-in", emulator.uri())).await;
    client.send(r#"{"n":1}"#).await;
    assert_eq!(client.receive().await, r#"{"n":1}"#);
    // Nothing is cached: each handshake invokes the authorizer.
    Client::connect(&format!("{}?token=let-me-in", emulator.uri())).await.close().await;
    assert_eq!(emulator_invocations(&emulator.emulator, "sluicegate-authorizer"), 3);
}

/// The emulator's count of a function's invocations.
fn emulator_invocations(emulator: &Emulator, function: &str) -> u64 {
    let metrics = emulator.metrics();
    let of_function = format!("sluicegate_function_invocations_total{{function=\"{function}\"");
    let counts = metrics.lines().filter(|line| line.starts_with(&of_function));
    counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

/// docs/aws-behaviour.md#apigateway-handshake-status: the status for each kind of authorizer answer.
#[tokio::test(flavor = "multi_thread")]
async fn an_authorizers_answer_decides_the_status() {
    let emulator = guarded_emulator().await;
    let connect = "arn:aws:execute-api:us-east-1:000000000000:*/test/$connect";
    let everything_else = "arn:aws:execute-api:us-east-1:000000000000:*/test/*/*";
    let cases = [
        ("allows", answer("Allow", connect), StatusCode::SWITCHING_PROTOCOLS),
        ("denies", answer("Deny", "*"), StatusCode::FORBIDDEN),
        ("misses", answer("Allow", everything_else), StatusCode::FORBIDDEN),
        ("raises", json!({"FAILURE": "Unauthorized"}), StatusCode::UNAUTHORIZED),
        ("fails", json!({"FAILURE": "no database"}), StatusCode::INTERNAL_SERVER_ERROR),
        ("dies", json!({}), StatusCode::INTERNAL_SERVER_ERROR),
        ("babbles", json!({"ANSWER": r#"{"isAuthorized":true}"#}), StatusCode::INTERNAL_SERVER_ERROR),
    ];
    for (name, environment, expected) in cases {
        scripted(&emulator, name, environment).await;
        let api = Api::create(&emulator).await;
        guard(&api, &authorizer(&api, name, json!({})).await).await;
        let uri = format!("{}?token=x", api.deploy(json!({})).await);
        assert_eq!(status(&uri).await, expected, "an authorizer that {name}");
    }
    // An authorizer whose function does not exist.
    let api = Api::create(&emulator).await;
    guard(&api, &authorizer(&api, "nobody", json!({})).await).await;
    let uri = format!("{}?token=x", api.deploy(json!({})).await);
    assert_eq!(status(&uri).await, StatusCode::INTERNAL_SERVER_ERROR);
}

/// docs/aws-behaviour.md#apigateway-authorization, observed: templates of later messages can read the authorizer's
/// context.
#[tokio::test(flavor = "multi_thread")]
async fn an_authorizers_context_stays_on_the_connection_as_text() {
    let emulator = guarded_emulator().await;
    let said = json!({
        "principalId": "me", "policyDocument": policy("Allow", "*"), "context": {"tier": 7, "beta": true},
    });
    scripted(&emulator, "speaks", json!({"ANSWER": said.to_string()})).await;
    let api = Api::create(&emulator).await;
    guard(&api, &authorizer(&api, "speaks", json!({})).await).await;
    let template = "$context.authorizer.principalId $context.authorizer.tier $context.authorizer.beta $context.authorizer.none|$context.authorizer";
    let response = json!({"integrationResponseKey": "$default", "responseTemplates": {"$default": template}});
    let mock = api.mock(200, response).await;
    api.route("$default", &mock, true).await;
    let uri = format!("{}?token=x", api.deploy(json!({})).await);
    let mut client = Client::connect(&uri).await;
    client.send("{}").await;
    // The object itself renders empty.
    assert_eq!(client.receive().await, "me 7 true |");
}

/// docs/aws-behaviour.md#apigateway-authorization: each form of identity source; all of them must be present.
#[tokio::test(flavor = "multi_thread")]
async fn every_identity_source_must_be_in_the_handshake() {
    let emulator = guarded_emulator().await;
    scripted(&emulator, "allows", answer("Allow", "*")).await;
    let api = Api::create(&emulator).await;
    let sources = [
        "route.request.header.X-Token",
        "route.request.querystring.token",
        "stageVariables.tier",
        "context.identity.sourceIp",
    ];
    guard(&api, &authorizer(&api, "allows", json!({"identitySource": sources})).await).await;
    let uri = api.deploy(json!({"stageVariables": {"tier": "free"}})).await;
    let with_query = format!("{uri}?token=x");
    let status = |response: Result<(Client, http::Response<_>), http::Response<_>>| match response {
        Ok((_, response)) | Err(response) => response.status(),
    };
    let header = [("x-token", "y")];
    assert_eq!(status(Client::try_connect(&with_query, &header).await), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(status(Client::try_connect(&uri, &header).await), StatusCode::UNAUTHORIZED);
    assert_eq!(status(Client::try_connect(&with_query, &[]).await), StatusCode::UNAUTHORIZED);
    let (status_code, answer) =
        api.call(Method::PATCH, "stages/test", &json!({"stageVariables": {"tier": ""}})).await;
    assert!(status_code.is_success(), "{answer}");
    assert_eq!(status(Client::try_connect(&with_query, &header).await), StatusCode::UNAUTHORIZED);
}

/// Either a role may invoke the function, or the function's policy allows this authorizer to.
#[tokio::test(flavor = "multi_thread")]
async fn an_authorizer_needs_permission_to_invoke_its_function() {
    let emulator = guarded_emulator().await;
    scripted(&emulator, "allows", answer("Allow", "*")).await;
    let api = Api::create(&emulator).await;
    let id = authorizer(&api, "allows", json!({"authorizerCredentialsArn": null})).await;
    guard(&api, &id).await;
    let uri = format!("{}?token=x", api.deploy(json!({})).await);
    assert_eq!(status(&uri).await, StatusCode::INTERNAL_SERVER_ERROR, "no policy");
    let permit = |sid: &str, authorizer: &str| {
        json!({
            "StatementId": sid, "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com",
            "SourceArn": format!("arn:aws:execute-api:us-east-1:000000000000:{}/authorizers/{authorizer}", api.id),
        })
    };
    let policy = "/2015-03-31/functions/allows/policy";
    control::rest(&emulator, "lambda", Method::POST, policy, &permit("other", "other")).await;
    assert_eq!(status(&uri).await, StatusCode::INTERNAL_SERVER_ERROR, "another authorizer's permission");
    control::rest(&emulator, "lambda", Method::POST, policy, &permit("this", &id)).await;
    assert_eq!(status(&uri).await, StatusCode::SWITCHING_PROTOCOLS);
}

/// docs/aws-behaviour.md#apigateway-authorization: AWS_IAM requires a signature and `execute-api:Invoke` on `$connect`.
#[tokio::test(flavor = "multi_thread")]
async fn with_iam_authorization_a_handshake_must_be_signed() {
    let emulator = empty_emulator().await;
    let api = Api::create(&emulator).await;
    api.post("routes", json!({"routeKey": "$connect", "authorizationType": "AWS_IAM"})).await;
    let uri = api.deploy(json!({})).await;
    assert_eq!(status(&uri).await, StatusCode::FORBIDDEN);
    let scope = "20260101/us-east-1/execute-api/aws4_request";
    let by_query = |key: &str| {
        let signature = "X-Amz-SignedHeaders=host&X-Amz-Signature=0";
        format!("{uri}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={key}/{scope}&{signature}")
    };
    assert_eq!(status(&by_query("developer")).await, StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(status(&by_query("ASIAIOSFODNN7EXAMPLE")).await, StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(status(&by_query("ASIA0SLUICE0UNKNOWN2")).await, StatusCode::FORBIDDEN);
    let elsewhere = by_query("developer").replace("us-east-1", "eu-west-1");
    assert_eq!(status(&elsewhere).await, StatusCode::FORBIDDEN, "docs/aws-behaviour.md#request-region");
    let header = format!("AWS4-HMAC-SHA256 Credential=developer/{scope}, SignedHeaders=host, Signature=0");
    let signed = Client::try_connect(&uri, &[("authorization", &header)]).await;
    assert!(signed.is_ok());
}

/// docs/aws-behaviour.md#apigateway-authorization: a role's session connects if the role may invoke `$connect` of this
/// API, and signed by its own secret.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_connects_if_its_policies_allow_it() {
    let emulator = empty_emulator().await;
    let api = Api::create(&emulator).await;
    api.post("routes", json!({"routeKey": "$connect", "authorizationType": "AWS_IAM"})).await;
    let uri = api.deploy(json!({})).await;
    let arn = |below: &str| format!("arn:aws:execute-api:us-east-1:000000000000:{}/test/{below}", api.id);
    for (name, effect, action, resource, expected) in [
        ("may", "Allow", "execute-api:Invoke", arn("$connect"), 101),
        ("may-all", "Allow", "execute-api:*", arn("*"), 101),
        ("other-route", "Allow", "execute-api:Invoke", arn("$default"), 403),
        ("other-action", "Allow", "execute-api:ManageConnections", arn("$connect"), 403),
        ("denied", "Deny", "execute-api:Invoke", arn("$connect"), 403),
    ] {
        let role = ("RoleName", name);
        let trust = json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "000000000000"}}});
        let create = [("Action", "CreateRole"), role, ("AssumeRolePolicyDocument", &trust.to_string())];
        control::iam(&emulator, &create).await;
        let policy =
            json!({"Statement": {"Effect": effect, "Action": action, "Resource": resource}}).to_string();
        let put = [("Action", "PutRolePolicy"), role, ("PolicyName", "p"), ("PolicyDocument", &policy)];
        control::iam(&emulator, &put).await;
        let session =
            control::assume_role(&emulator, &format!("arn:aws:iam::000000000000:role/{name}")).await;
        let mut keys = signed_handshake::of_session(&session);
        assert_eq!(signed_status(&uri, &uri, &keys).await, expected, "{name}");
        // What was signed for another stage, or with another secret, or without the session's token, proves nothing.
        assert_eq!(signed_status(&uri, &uri.replace("/test", "/other"), &keys).await, 403, "{name}");
        keys.secret_access_key.push('x');
        assert_eq!(signed_status(&uri, &uri, &keys).await, 403, "{name}");
        keys.secret_access_key.pop();
        keys.session_token = None;
        assert_eq!(signed_status(&uri, &uri, &keys).await, 403, "{name}");
    }
}

/// The status of a handshake whose signature was made for a URI.
async fn signed_status(uri: &str, signed_for: &str, keys: &signed_http::Keys) -> StatusCode {
    let headers = signed_handshake::headers(signed_for, keys);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (Ok((_, response)) | Err(response)) = Client::try_connect(uri, &headers).await;
    response.status()
}
