//! Integrations that the project's own stack does not have: MOCK, PutRecords, and every way in which a template
//! or a response is chosen.

use aws_sdk_kinesis::types::{Record, ShardIteratorType, StreamStatus};
use http::StatusCode;
use local::plane::Plane;
use serde_json::{Value, json};
use sluicegate_tests::api::{Api, INTEGRATION_ROLE, empty_plane, role};
use sluicegate_tests::client::Client;
use sluicegate_tests::{eventually, sdk};

const STREAM: &str = "events";

/// A plane with a stream of one shard and a role that may put records into it.
async fn plane_with_stream() -> Plane {
    let plane = empty_plane().await;
    let actions = ["kinesis:PutRecord", "kinesis:PutRecords"];
    role(&plane, INTEGRATION_ROLE, "apigateway.amazonaws.com", &actions).await;
    let kinesis = sdk::kinesis(&plane.endpoint_url());
    kinesis.create_stream().stream_name(STREAM).shard_count(1).send().await.expect("a stream");
    eventually("the stream is ACTIVE", || async {
        let described =
            kinesis.describe_stream_summary().stream_name(STREAM).send().await.expect("a summary");
        let summary = described.stream_description_summary.expect("a summary");
        summary.stream_status == StreamStatus::Active
    })
    .await;
    plane
}

async fn records(plane: &Plane) -> Vec<Record> {
    let kinesis = sdk::kinesis(&plane.endpoint_url());
    let iterator = kinesis
        .get_shard_iterator()
        .stream_name(STREAM)
        .shard_id("shardId-000000000000")
        .shard_iterator_type(ShardIteratorType::TrimHorizon)
        .send()
        .await
        .expect("an iterator");
    kinesis.get_records().set_shard_iterator(iterator.shard_iterator).send().await.expect("records").records
}

/// What comes back for a message.
async fn exchange(client: &mut Client, message: &Value) -> String {
    client.send(message.to_string()).await;
    client.receive().await
}

fn default_response(template: &str) -> Value {
    json!({"integrationResponseKey": "$default", "responseTemplates": {"$default": template}})
}

/// Facts A6: PutRecords takes a batch that its template builds, with the checks of an outside caller.
#[tokio::test(flavor = "multi_thread")]
async fn put_records_appends_what_its_template_builds() {
    let plane = plane_with_stream().await;
    let api = Api::create(&plane).await;
    let template = r#"{"StreamName":"events","Records":[#foreach($item in $input.path('$.items')){"Data":"$util.base64Encode($item)","PartitionKey":"$context.connectionId"}#if($foreach.hasNext),#end#end]}"#;
    let settings = json!({"requestTemplates": {"$default": template}, "passthroughBehavior": "NEVER"});
    let batch = api.kinesis("PutRecords", settings).await;
    let response = default_response("$input.json('$')");
    api.post(&format!("integrations/{batch}/integrationresponses"), response).await;
    api.route("$default", &batch, true).await;
    api.deploy(json!({})).await;
    let mut client = api.client().await;

    let answer = exchange(&mut client, &json!({"items": ["a", "b", "c"]})).await;
    assert!(answer.contains(r#""FailedRecordCount":0"#), "{answer}");
    let data: Vec<_> = records(&plane).await.iter().map(|record| record.data.as_ref().to_vec()).collect();
    assert_eq!(data, [b"a", b"b", b"c"]);
    // None at all is what Kinesis itself refuses.
    let answer = exchange(&mut client, &json!({"items": []})).await;
    assert!(answer.contains("ValidationException"), "{answer}");
    assert_eq!(records(&plane).await.len(), 3);
}

/// Facts A5: without a response template the backend's answer is relayed as it is.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_template_is_relayed() {
    let plane = plane_with_stream().await;
    let api = Api::create(&plane).await;
    let template = r#"{"StreamName":"events","Data":"eA==","PartitionKey":"$context.connectionId"}"#;
    let put = api.kinesis("PutRecord", json!({"requestTemplates": {"$default": template}})).await;
    let response = json!({"integrationResponseKey": "/200/"});
    api.post(&format!("integrations/{put}/integrationresponses"), response).await;
    api.route("$default", &put, true).await;
    api.deploy(json!({})).await;
    let answer: Value =
        serde_json::from_str(&exchange(&mut api.client().await, &json!({})).await).expect("JSON");
    assert_eq!(answer["ShardId"], "shardId-000000000000");
    assert_eq!(answer["SequenceNumber"].as_str(), records(&plane).await[0].sequence_number.as_str().into());
}

/// Facts A3 and A5: on a one-way route a backend's refusal is silent; what the gateway itself fails at is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_one_way_route_tells_no_backend_error_but_the_gateways_own() {
    let plane = plane_with_stream().await;
    let api = Api::create(&plane).await;
    let template = |data: &str| {
        let request =
            format!(r#"{{"StreamName":"$input.path('$.stream')","Data":"{data}","PartitionKey":"p"}}"#);
        json!({"requestTemplates": {"$default": request}})
    };
    let put = api.kinesis("PutRecord", template("eA==")).await;
    api.route("put", &put, false).await;
    let failing =
        api.kinesis("PutRecord", template("$util.base64Decode('%')$input.path('$.a').substring(9)")).await;
    api.route("failing", &failing, false).await;
    let mut denied_settings = template("eA==");
    denied_settings["credentialsArn"] = "arn:aws:iam::000000000000:role/nobody".into();
    let denied = api.kinesis("PutRecord", denied_settings).await;
    api.route("denied", &denied, false).await;
    let echo = api.mock(200, default_response("end")).await;
    api.route("end", &echo, true).await;
    api.deploy(json!({})).await;
    let mut client = api.client().await;

    client.send(json!({"action": "put", "stream": "none"}).to_string()).await;
    client.send(json!({"action": "put", "stream": STREAM}).to_string()).await;
    // Messages of one connection are handled in order: silence is whatever came before this answer.
    assert_eq!(exchange(&mut client, &json!({"action": "end"})).await, "end");
    assert_eq!(records(&plane).await.len(), 1);
    for action in ["failing", "denied"] {
        let frame = exchange(&mut client, &json!({"action": action, "a": "x"})).await;
        assert!(
            frame.starts_with(r#"{"message": "Internal server error", "connectionId":""#),
            "{action}: {frame}"
        );
    }
}

/// Facts A5: the key that matches the status answers, else `$default`, else there is an internal server error.
#[tokio::test(flavor = "multi_thread")]
async fn the_integration_response_is_chosen_by_status() {
    let plane = empty_plane().await;
    let api = Api::create(&plane).await;
    let template = "{\"statusCode\": $input.json('$.status')}";
    let settings = json!({"integrationType": "MOCK", "requestTemplates": {"$default": template}});
    let with_default = api.integration(settings.clone()).await;
    let keyed =
        |key: &str, text: &str| json!({"integrationResponseKey": key, "responseTemplates": {"t": text}});
    for response in [keyed("/200/", "exactly"), keyed(r"/2\d\d/", "two hundreds"), keyed("$default", "else")]
    {
        api.post(&format!("integrations/{with_default}/integrationresponses"), response).await;
    }
    let without = api.integration(settings).await;
    api.post(&format!("integrations/{without}/integrationresponses"), keyed("/200/", "exactly")).await;
    api.route("$default", &with_default, true).await;
    api.route("without", &without, true).await;
    api.deploy(json!({})).await;
    let mut client = api.client().await;
    for (status, expected) in [(200, "exactly"), (204, "two hundreds"), (500, "else"), (2000, "else")] {
        assert_eq!(exchange(&mut client, &json!({"status": status})).await, expected, "{status}");
    }
    let unmatched = exchange(&mut client, &json!({"action": "without", "status": 201})).await;
    assert!(unmatched.starts_with(r#"{"message": "Internal server error""#), "{unmatched}");
    let no_number = exchange(&mut client, &json!({"status": "200"})).await;
    assert!(no_number.starts_with(r#"{"message": "Internal server error""#), "{no_number}");
}

/// Facts A7: which request template applies.
#[tokio::test(flavor = "multi_thread")]
async fn the_request_template_is_chosen_by_its_expression() {
    let plane = empty_plane().await;
    let api = Api::create(&plane).await;
    let status = |status: u16| format!("{{\"statusCode\":{status}}}");
    let cases = [
        // The expression, the templates' keys, a message, and the key that applies.
        (Some("$request.body.kind"), vec!["A", "B"], json!({"kind": "B"}), Some("B")),
        (Some("${request.body.kind}"), vec!["A", "$default"], json!({"kind": "C"}), Some("$default")),
        (Some("$request.body.kind"), vec!["A"], json!({"kind": "C"}), None),
        (Some("default"), vec!["default", "other"], json!({}), Some("default")),
        (Some("default"), vec!["$default"], json!({}), Some("$default")),
        (Some("\\$default"), vec!["$default", "x"], json!({}), Some("$default")),
        (None, vec!["application/json"], json!({}), Some("application/json")),
        (None, vec!["a", "b"], json!({}), None),
    ];
    for (index, (expression, keys, message, expected)) in cases.into_iter().enumerate() {
        let templates: serde_json::Map<_, _> = keys
            .iter()
            .zip(200..)
            .map(|(key, number)| ((*key).to_owned(), Value::from(status(number))))
            .collect();
        let expected = expected.and_then(|expected| keys.iter().position(|key| *key == expected));
        let settings = json!({
            "integrationType": "MOCK", "requestTemplates": templates, "passthroughBehavior": "NEVER",
            "templateSelectionExpression": expression,
        });
        let mock = api.integration(settings).await;
        for number in 200..203 {
            let key = format!("/{number}/");
            let response =
                json!({"integrationResponseKey": key, "responseTemplates": {"t": number.to_string()}});
            api.post(&format!("integrations/{mock}/integrationresponses"), response).await;
        }
        let route = format!("case{index}");
        api.route(&route, &mock, true).await;
        if index == 0 {
            api.deploy(json!({})).await;
        }
        let mut message = message;
        message["action"] = route.as_str().into();
        let answer = exchange(&mut api.client().await, &message).await;
        match expected {
            Some(position) => assert_eq!(answer, (200 + position).to_string(), "case {index}"),
            // NEVER: 415, which a client sees as an error of the server's.
            None => assert!(
                answer.starts_with(r#"{"message": "Internal server error""#),
                "case {index}: {answer}"
            ),
        }
    }
}

/// Facts A7: a body passes unchanged where no template applies, as far as the behaviour lets it.
#[tokio::test(flavor = "multi_thread")]
async fn an_unmatched_body_passes_through_as_the_behaviour_says() {
    let plane = empty_plane().await;
    let api = Api::create(&plane).await;
    let none = json!({});
    let some = json!({"other": "{\"statusCode\":201}", "another": "x"});
    let cases = [
        ("WHEN_NO_MATCH", &none, true),
        ("WHEN_NO_MATCH", &some, true),
        ("WHEN_NO_TEMPLATES", &none, true),
        ("WHEN_NO_TEMPLATES", &some, false),
        ("NEVER", &none, false),
        ("NEVER", &some, false),
    ];
    for (index, (behaviour, templates, passes)) in cases.into_iter().enumerate() {
        let settings = json!({
            "integrationType": "MOCK", "requestTemplates": templates, "passthroughBehavior": behaviour,
            "templateSelectionExpression": "static",
        });
        let mock = api.integration(settings).await;
        api.post(&format!("integrations/{mock}/integrationresponses"), default_response("passed")).await;
        let route = format!("case{index}");
        api.route(&route, &mock, true).await;
        if index == 0 {
            api.deploy(json!({})).await;
        }
        // MOCK reads the status from what it is sent: here, from the client's own message.
        let answer = exchange(&mut api.client().await, &json!({"action": route, "statusCode": 200})).await;
        assert_eq!(answer == "passed", passes, "{behaviour} with {templates}: {answer}");
    }
}

/// Facts A7: which response template applies.
#[tokio::test(flavor = "multi_thread")]
async fn the_response_template_is_chosen_by_status() {
    let plane = empty_plane().await;
    let api = Api::create(&plane).await;
    for (index, expression) in
        ["$integration.response.statuscode", "${integration.response.statuscode}", "200"].iter().enumerate()
    {
        let response = json!({
            "integrationResponseKey": "$default", "templateSelectionExpression": expression,
            "responseTemplates": {"200": "two hundred", "$default": "else"},
        });
        let mock = api.mock(200, response).await;
        let route = format!("case{index}");
        api.route(&route, &mock, true).await;
        if index == 0 {
            api.deploy(json!({})).await;
        }
        let answer = exchange(&mut api.client().await, &json!({"action": route})).await;
        assert_eq!(answer, "two hundred", "{expression}");
    }
}

/// Facts A2 and A3: what no route takes is Forbidden, and the connection lives.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_a_route_is_forbidden() {
    let plane = empty_plane().await;
    let api = Api::create(&plane).await;
    let mock = api.mock(200, default_response("here")).await;
    api.route("here", &mock, true).await;
    // There is no $connect: everybody may connect (facts A1).
    api.deploy(json!({})).await;
    let mut client = api.client().await;
    for message in [json!({"action": "there"}), json!({}), json!({"action": "$connect"})] {
        let frame = exchange(&mut client, &message).await;
        assert!(frame.starts_with(r#"{"message": "Forbidden", "connectionId":""#), "{frame}");
    }
    client.send("no json").await;
    assert!(client.receive().await.starts_with(r#"{"message": "Forbidden""#));
    assert_eq!(exchange(&mut client, &json!({"action": "here"})).await, "here");
}

/// Facts A8: a subprotocol is agreed on where the `$connect` integration's response maps one.
#[tokio::test(flavor = "multi_thread")]
async fn a_subprotocol_is_answered_where_it_is_mapped() {
    let plane = empty_plane().await;
    let protocol = [("sec-websocket-protocol", "chat, other")];
    let api = Api::create(&plane).await;
    let parameters = json!({"route.response.header.Sec-WebSocket-Protocol": "stageVariables.protocol"});
    let connect =
        api.mock(200, json!({"integrationResponseKey": "/200/", "responseParameters": parameters})).await;
    api.route("$connect", &connect, true).await;
    let uri = api.deploy(json!({"stageVariables": {"protocol": "chat"}})).await;
    let (_, response) =
        Client::try_connect(&uri, &protocol).await.unwrap_or_else(|refused| panic!("{refused:?}"));
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat");

    // Without one the client must give up by itself, as RFC 6455 has it and browsers do.
    let api = Api::create(&plane).await;
    let connect = api.mock(200, json!({"integrationResponseKey": "/200/"})).await;
    api.route("$connect", &connect, true).await;
    let uri = api.deploy(json!({})).await;
    let failed = tokio::spawn(async move { Client::try_connect(&uri, &protocol).await.is_ok() }).await;
    assert!(failed.is_err(), "a client that asked for a subprotocol went on without one");
    let refused =
        json!({"integrationResponseKey": "/201/", "responseParameters": {"route.response.header.X": "'x'"}});
    let path = format!("integrations/{connect}/integrationresponses");
    assert_eq!(api.call(http::Method::POST, &path, &refused).await.0, StatusCode::BAD_REQUEST);
}

/// Facts A4 and C2: the handshake is known to `$connect`'s template, and to no later one; its status decides.
#[tokio::test(flavor = "multi_thread")]
async fn connects_template_sees_the_handshake_and_decides_its_status() {
    let plane = empty_plane().await;
    let api = Api::create(&plane).await;
    let template =
        "{\"statusCode\": #if($input.params('X-Room') == \"\")400#else$input.params('status')#end}";
    let settings = json!({"integrationType": "MOCK", "requestTemplates": {"$default": template}});
    let connect = api.integration(settings).await;
    let responses = format!("integrations/{connect}/integrationresponses");
    api.post(&responses, json!({"integrationResponseKey": r"/[24]\d\d/"})).await;
    api.route("$connect", &connect, true).await;
    let later = api.mock(200, default_response("[$input.params('status')$!input.params('X-Room')]")).await;
    api.route("$default", &later, true).await;
    let uri = api.deploy(json!({})).await;
    let status = |uri: String, headers: &'static [(&'static str, &'static str)]| async move {
        match Client::try_connect(&uri, headers).await {
            Ok((_, response)) | Err(response) => response.status().as_u16(),
        }
    };
    let room = &[("x-room", "blue")];
    assert_eq!(status(format!("{uri}?status=200"), room).await, 101);
    assert_eq!(status(format!("{uri}?status=201"), room).await, 101);
    assert_eq!(status(format!("{uri}?status=403"), room).await, 403);
    assert_eq!(status(format!("{uri}?status=200"), &[]).await, 400);
    // No integration response: the handshake fails.
    assert_eq!(status(format!("{uri}?status=500"), room).await, 500);
    let (mut client, _) =
        Client::try_connect(&format!("{uri}?status=200"), room).await.unwrap_or_else(|_| panic!());
    assert_eq!(exchange(&mut client, &json!({})).await, "[]");
}

/// Facts A9: a route's own token bucket is its own, and the stage's goes on beside it.
#[tokio::test(flavor = "multi_thread")]
async fn a_route_has_its_own_throttle() {
    let plane = empty_plane().await;
    let api = Api::create(&plane).await;
    for key in ["slow", "quick"] {
        let mock = api.mock(200, default_response(key)).await;
        api.route(key, &mock, true).await;
    }
    let slow = json!({"throttlingRateLimit": 0.001, "throttlingBurstLimit": 2});
    api.deploy(json!({"routeSettings": {"slow": slow}})).await;
    let mut client = api.client().await;
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(exchange(&mut client, &json!({"action": "slow"})).await);
    }
    assert_eq!(&answers[..2], ["slow", "slow"]);
    assert!(
        answers[2..].iter().all(|answer| answer.starts_with(r#"{"message": "Too Many Requests""#)),
        "{answers:?}"
    );
    assert_eq!(exchange(&mut client, &json!({"action": "quick"})).await, "quick");
}

/// Facts A9: a handshake over the rate is refused with 429.
#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_over_the_rate_is_refused() {
    let plane = empty_plane().await;
    let api = Api::create(&plane).await;
    let mock = api.mock(200, default_response("x")).await;
    api.route("$default", &mock, true).await;
    let settings = json!({"throttlingRateLimit": 0.001, "throttlingBurstLimit": 1});
    let uri = api.deploy(json!({"defaultRouteSettings": settings})).await;
    let _first = api.client().await;
    let refused = Client::try_connect(&uri, &[]).await.expect_err("the second is refused");
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
}

/// Facts A13: `DisableExecuteApiEndpoint` needs a deployment; then handshakes and `@connections` are Forbidden.
#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_endpoint_answers_forbidden_once_it_is_deployed() {
    let plane = empty_plane().await;
    let api = Api::create(&plane).await;
    let mock = api.mock(200, default_response("x")).await;
    api.route("$default", &mock, true).await;
    let deployment = api.post("deployments", json!({})).await["deploymentId"].clone();
    let uri = api.deploy(json!({"autoDeploy": false, "deploymentId": deployment})).await;
    let disable = json!({"disableExecuteApiEndpoint": true});
    let path = format!("/v2/apis/{}", api.id);
    sluicegate_tests::control::rest(&plane, "apigateway", http::Method::PATCH, &path, &disable).await;
    assert!(Client::try_connect(&uri, &[]).await.is_ok(), "not deployed yet");
    api.post("deployments", json!({"stageName": "test"})).await;
    let refused = Client::try_connect(&uri, &[]).await.expect_err("refused");
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let connections = sdk::connections(&uri.replacen("ws", "http", 1));
    let asked = connections.get_connection().connection_id("Qyi07eCbtjMCJKw=").send().await;
    assert!(asked.expect_err("refused").into_service_error().is_forbidden_exception());
}

/// Facts A2: equality alone selects a route; whatever equals no key, and what is no JSON, goes to `$default`.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_key_equals_goes_to_default() {
    let plane = empty_plane().await;
    let api = Api::create(&plane).await;
    for key in ["$default", "join"] {
        let mock = api.mock(200, default_response(key.trim_start_matches('$'))).await;
        api.route(key, &mock, true).await;
    }
    api.deploy(json!({})).await;
    let mut client = api.client().await;
    assert_eq!(exchange(&mut client, &json!({"action": "join"})).await, "join");
    for other in
        [json!({"action": "Join"}), json!({"action": ["join"]}), json!({"action": "$connect"}), json!(1)]
    {
        assert_eq!(exchange(&mut client, &other).await, "default", "{other}");
    }
    client.send("no {json").await;
    assert_eq!(client.receive().await, "default");
}
