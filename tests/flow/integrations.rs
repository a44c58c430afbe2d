//! Integrations that the project's stack does not use: MOCK, PutRecords, and the selection of templates and responses.

use aws_sdk_kinesis::types::{Record, ShardIteratorType, StreamStatus};
use emulator::Emulator;
use serde_json::{Value, json};
use sluicegate_tests::api::{Api, INTEGRATION_ROLE, default_response, empty_emulator, role};
use sluicegate_tests::{eventually, sdk};

const STREAM: &str = "events";

/// An emulator with a stream of one shard and a role that may put records into it.
async fn emulator_with_stream() -> Emulator {
    let emulator = empty_emulator().await;
    let actions = ["kinesis:PutRecord", "kinesis:PutRecords"];
    role(&emulator, INTEGRATION_ROLE, "apigateway.amazonaws.com", &actions).await;
    let kinesis = sdk::kinesis(&emulator.endpoint_url());
    kinesis.create_stream().stream_name(STREAM).shard_count(1).send().await.expect("a stream");
    eventually("the stream is ACTIVE", || async {
        let described =
            kinesis.describe_stream_summary().stream_name(STREAM).send().await.expect("a summary");
        let summary = described.stream_description_summary.expect("a summary");
        summary.stream_status == StreamStatus::Active
    })
    .await;
    emulator
}

async fn records(emulator: &Emulator) -> Vec<Record> {
    let kinesis = sdk::kinesis(&emulator.endpoint_url());
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

/// docs/aws-behaviour.md#apigateway-integrations: PutRecords takes a batch from its template, with the same checks as for
/// other callers.
#[tokio::test(flavor = "multi_thread")]
async fn put_records_appends_what_its_template_builds() {
    let emulator = emulator_with_stream().await;
    let api = Api::create(&emulator).await;
    let template = r#"{"StreamName":"events","Records":[#foreach($item in $input.path('$.items')){"Data":"$util.base64Encode($item)","PartitionKey":"$context.connectionId"}#if($foreach.hasNext),#end#end]}"#;
    let settings = json!({"requestTemplates": {"$default": template}, "passthroughBehavior": "NEVER"});
    let batch = api.kinesis("PutRecords", settings).await;
    let response = default_response("$input.json('$')");
    api.post(&format!("integrations/{batch}/integrationresponses"), response).await;
    api.route("$default", &batch, true).await;
    api.deploy(json!({})).await;
    let mut client = api.client().await;

    let answer = client.exchange(&json!({"items": ["a", "b", "c"]})).await;
    assert!(answer.contains(r#""FailedRecordCount":0"#), "{answer}");
    let data: Vec<_> = records(&emulator).await.iter().map(|record| record.data.as_ref().to_vec()).collect();
    assert_eq!(data, [b"a", b"b", b"c"]);
    // Kinesis itself refuses an empty batch.
    let answer = client.exchange(&json!({"items": []})).await;
    assert!(answer.contains("ValidationException"), "{answer}");
    assert_eq!(records(&emulator).await.len(), 3);
}

/// docs/aws-behaviour.md#apigateway-two-way: without a response template, the backend's answer is passed on unchanged.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_template_is_relayed() {
    let emulator = emulator_with_stream().await;
    let api = Api::create(&emulator).await;
    let template = r#"{"StreamName":"events","Data":"eA==","PartitionKey":"$context.connectionId"}"#;
    let put = api.kinesis("PutRecord", json!({"requestTemplates": {"$default": template}})).await;
    let response = json!({"integrationResponseKey": "/200/"});
    api.post(&format!("integrations/{put}/integrationresponses"), response).await;
    api.route("$default", &put, true).await;
    api.deploy(json!({})).await;
    let answer: Value = serde_json::from_str(&api.client().await.exchange(&json!({})).await).expect("JSON");
    assert_eq!(answer["ShardId"], "shardId-000000000000");
    assert_eq!(
        answer["SequenceNumber"].as_str(),
        records(&emulator).await[0].sequence_number.as_str().into()
    );
}

/// docs/aws-behaviour.md#apigateway-error-frames and #apigateway-two-way: a one-way route sends no frame for an error of
/// the backend, and an error frame for one of the gateway.
#[tokio::test(flavor = "multi_thread")]
async fn a_one_way_route_reports_only_the_gateways_errors() {
    let emulator = emulator_with_stream().await;
    let api = Api::create(&emulator).await;
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
    // Messages of one connection are handled in order, so that any frame would come before this answer.
    assert_eq!(client.exchange(&json!({"action": "end"})).await, "end");
    assert_eq!(records(&emulator).await.len(), 1);
    for action in ["failing", "denied"] {
        let frame = client.exchange(&json!({"action": action, "a": "x"})).await;
        assert!(
            frame.starts_with(r#"{"message": "Internal server error", "connectionId":""#),
            "{action}: {frame}"
        );
    }
}

/// docs/aws-behaviour.md#apigateway-two-way: the response is that of the key that matches the status, or of `$default`;
/// without either it is an internal server error.
#[tokio::test(flavor = "multi_thread")]
async fn the_integration_response_is_chosen_by_status() {
    let emulator = empty_emulator().await;
    let api = Api::create(&emulator).await;
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
        assert_eq!(client.exchange(&json!({"status": status})).await, expected, "{status}");
    }
    let unmatched = client.exchange(&json!({"action": "without", "status": 201})).await;
    assert!(unmatched.starts_with(r#"{"message": "Internal server error""#), "{unmatched}");
    let no_number = client.exchange(&json!({"status": "200"})).await;
    assert!(no_number.starts_with(r#"{"message": "Internal server error""#), "{no_number}");
}

/// docs/aws-behaviour.md#apigateway-mock-lenient: the gateway finds the status in the text that CDK and others write.
#[tokio::test(flavor = "multi_thread")]
async fn a_mocks_request_template_need_not_render_json() {
    let emulator = empty_emulator().await;
    let api = Api::create(&emulator).await;
    let cases = [
        ("{statusCode: 200}", true),
        ("{'statusCode': 200}", true),
        (r#"{"statusCode": 200,}"#, true),
        ("{ statusCode : 200, from: '$context.connectionId' }", true),
        ("{statusCode: 200, message: $input.json('$')}", true),
        ("#set($status = 200){statusCode: $status}", true),
        ("{statusCode: '200'}", false),
        ("{statusCode: 200", false),
        ("statusCode: 200", false),
        ("", false),
    ];
    for (number, (template, has_status)) in cases.into_iter().enumerate() {
        let mock = json!({"integrationType": "MOCK", "requestTemplates": {"$default": template}});
        let mock = api.integration(mock).await;
        api.post(&format!("integrations/{mock}/integrationresponses"), default_response("pong")).await;
        let route = format!("case{number}");
        api.route(&route, &mock, true).await;
        if number == 0 {
            api.deploy(json!({})).await;
        }
        let answer = api.client().await.exchange(&json!({"action": route, "list": [{"a": "}"}]})).await;
        assert_eq!(answer == "pong", has_status, "{template}: {answer}");
    }
}

/// docs/aws-behaviour.md#apigateway-template-selection: the selection of the request template.
#[tokio::test(flavor = "multi_thread")]
async fn the_request_template_is_chosen_by_its_expression() {
    let emulator = empty_emulator().await;
    let api = Api::create(&emulator).await;
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
        let answer = api.client().await.exchange(&message).await;
        match expected {
            Some(position) => assert_eq!(answer, (200 + position).to_string(), "case {index}"),
            // NEVER: 415, which a client sees as an internal server error.
            None => assert!(
                answer.starts_with(r#"{"message": "Internal server error""#),
                "case {index}: {answer}"
            ),
        }
    }
}

/// docs/aws-behaviour.md#apigateway-template-selection: if no template applies, the passthrough behaviour determines
/// whether the body passes unchanged.
#[tokio::test(flavor = "multi_thread")]
async fn an_unmatched_body_follows_the_passthrough_behaviour() {
    let emulator = empty_emulator().await;
    let api = Api::create(&emulator).await;
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
        // MOCK reads the status from its request, which is the client's message here.
        let answer = api.client().await.exchange(&json!({"action": route, "statusCode": 200})).await;
        assert_eq!(answer == "passed", passes, "{behaviour} with {templates}: {answer}");
    }
}

/// docs/aws-behaviour.md#apigateway-template-selection: the selection of the response template.
#[tokio::test(flavor = "multi_thread")]
async fn the_response_template_is_chosen_by_status() {
    let emulator = empty_emulator().await;
    let api = Api::create(&emulator).await;
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
        let answer = api.client().await.exchange(&json!({"action": route})).await;
        assert_eq!(answer, "two hundred", "{expression}");
    }
    // The expression can also read the message.
    let by_message = json!({
        "integrationResponseKey": "$default", "templateSelectionExpression": "$request.body.as",
        "responseTemplates": {"short": "s", "long": "loooong", "$default": "else"},
    });
    let mock = api.mock(200, by_message).await;
    api.route("asked", &mock, true).await;
    let mut client = api.client().await;
    for (wanted, expected) in [("short", "s"), ("long", "loooong"), ("none", "else")] {
        assert_eq!(client.exchange(&json!({"action": "asked", "as": wanted})).await, expected);
    }
}
