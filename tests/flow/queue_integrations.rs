//! SQS integrations: SendMessage to the queue that the URI names, with a form that the template renders.

use emulator::Emulator;
use serde_json::{Value, json};
use sluicegate_tests::api::{Api, INTEGRATION_ROLE, default_response, empty_emulator, role};
use sluicegate_tests::control;

const QUEUE: &str = "orders";
const ERROR: &str = r#"{"message": "Internal server error", "connectionId":""#;

async fn emulator_with_queue() -> Emulator {
    let emulator = empty_emulator().await;
    role(&emulator, INTEGRATION_ROLE, "apigateway.amazonaws.com", &["sqs:SendMessage"]).await;
    control::json(&emulator, "AmazonSQS.CreateQueue", &json!({"QueueName": QUEUE})).await;
    emulator
}

/// Creates the integration of AWS's examples, with more settings; returns its id.
async fn sending(api: &Api<'_>, path: &str, template: &str, more: Value) -> String {
    let form = json!({"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"});
    let mut settings = json!({
        "integrationType": "AWS", "integrationMethod": "POST", "credentialsArn": INTEGRATION_ROLE,
        "integrationUri": format!("arn:aws:apigateway:us-east-1:sqs:path/{path}"), "requestParameters": form,
        "requestTemplates": {"$default": template}, "templateSelectionExpression": "\\$default",
    });
    if let (Value::Object(settings), Value::Object(more)) = (&mut settings, more) {
        settings.extend(more);
    }
    api.integration(settings).await
}

/// The bodies of all messages of the queue.
async fn bodies(emulator: &Emulator) -> Vec<String> {
    let url = format!("http://127.0.0.1/000000000000/{QUEUE}");
    let receive = json!({"QueueUrl": url, "MaxNumberOfMessages": 10});
    let received = control::json(emulator, "AmazonSQS.ReceiveMessage", &receive).await;
    let messages = received["Messages"].as_array().cloned().unwrap_or_default();
    messages.iter().map(|message| message["Body"].as_str().unwrap_or_default().to_owned()).collect()
}

/// docs/aws-behaviour.md#apigateway-sqs-integration: the queue gets the form that the template renders.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_the_queue_as_its_template_renders_it() {
    for (template, message, expected) in [
        ("Action=SendMessage&MessageBody=$util.urlEncode($input.body)", r#"{"n": 1}"#, r#"{"n": 1}"#),
        ("Action=SendMessage&MessageBody=$util.urlEncode($input.body)", "a&b=c + é", "a&b=c + é"),
        ("Action=SendMessage&MessageBody=$input.json('$')", r#"{"n":1}"#, r#"{"n":1}"#),
        ("MessageBody=$input.path('$.text')&Action=SendMessage", r#"{"text":"hello"}"#, "hello"),
        ("Action=SendMessage&Version=2012-11-05&MessageBody=x", "{}", "x"),
        ("Action=SendMessage&DelaySeconds=0&MessageBody=$context.routeKey", "{}", "$default"),
    ] {
        let emulator = emulator_with_queue().await;
        let api = Api::create(&emulator).await;
        let queue = sending(&api, "000000000000/orders", template, json!({})).await;
        let response = default_response("$input.path('$.SendMessageResponse.SendMessageResult.MessageId')");
        api.post(&format!("integrations/{queue}/integrationresponses"), response).await;
        api.route("$default", &queue, true).await;
        api.deploy(json!({})).await;
        let mut client = api.client().await;
        client.send(message).await;
        assert_eq!(client.receive().await.len(), 36, "a message's id");
        assert_eq!(bodies(&emulator).await, [expected], "{template}");
    }
}

/// docs/aws-behaviour.md#apigateway-service-replies-are-json
#[tokio::test(flavor = "multi_thread")]
async fn a_queues_answer_is_json_with_every_member() {
    let emulator = emulator_with_queue().await;
    let api = Api::create(&emulator).await;
    let queue = sending(&api, "000000000000/orders", "Action=SendMessage&MessageBody=hello", json!({})).await;
    let relayed = json!({"integrationResponseKey": "/200/"});
    api.post(&format!("integrations/{queue}/integrationresponses"), relayed).await;
    api.route("$default", &queue, true).await;
    api.deploy(json!({})).await;
    let answer: Value = serde_json::from_str(&api.client().await.exchange(&json!({})).await).expect("JSON");
    let answer = &answer["SendMessageResponse"];
    assert!(answer["ResponseMetadata"]["RequestId"].is_string(), "{answer}");
    let result = answer["SendMessageResult"].as_object().expect("a result");
    assert_eq!(result["MD5OfMessageBody"], "5d41402abc4b2a76b9719d911017c592");
    let members: Vec<_> = result.keys().map(String::as_str).collect();
    for member in ["MD5OfMessageAttributes", "MD5OfMessageSystemAttributes", "MessageId", "SequenceNumber"] {
        assert!(members.contains(&member), "{member} in {members:?}");
    }
}

/// docs/aws-behaviour.md#apigateway-one-way-silence and #apigateway-error-frames: an error of SQS is a status for the
/// integration responses; a missing permission of the gateway is an error frame.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_a_queue_is_a_status_for_the_responses() {
    let emulator = emulator_with_queue().await;
    let api = Api::create(&emulator).await;
    let end = api.mock(200, default_response("end")).await;
    api.route("end", &end, true).await;
    api.deploy(json!({})).await;
    let ok = "Action=SendMessage&MessageBody=x";
    for (route, path, template, named) in [
        ("absent", "000000000000/none", ok, "does not exist"),
        ("elsewhere", "111111111111/orders", ok, "111111111111"),
        ("empty", "000000000000/orders", "Action=SendMessage&MessageBody=", "MessageBody"),
        ("other", "000000000000/orders", "Action=PurgeQueue", "PurgeQueue"),
        ("json", "000000000000/orders", r#"{"MessageBody":"x"}"#, "Action"),
        ("control", "000000000000/orders", "Action=SendMessage&MessageBody=%01", "#x1"),
        ("late", "000000000000/orders", "Action=SendMessage&MessageBody=x&DelaySeconds=901", "900"),
    ] {
        let queue = sending(&api, path, template, json!({})).await;
        let keyed = json!({"integrationResponseKey": r"/4\d\d/", "responseTemplates": {"t": "$input.path('$.Error.Message')"}});
        api.post(&format!("integrations/{queue}/integrationresponses"), keyed).await;
        api.route(route, &queue, true).await;
        api.route(&format!("{route}-one-way"), &queue, false).await;
        let mut client = api.client().await;
        let answer = client.exchange(&json!({"action": route})).await;
        assert!(answer.contains(named), "{route}: {answer} does not name {named}");
        client.send(json!({"action": format!("{route}-one-way")}).to_string()).await;
        assert_eq!(client.exchange(&json!({"action": "end"})).await, "end", "{route} one-way is silent");
    }
    role(
        &emulator,
        "arn:aws:iam::000000000000:role/weak",
        "apigateway.amazonaws.com",
        &["sqs:ReceiveMessage"],
    )
    .await;
    role(&emulator, "arn:aws:iam::000000000000:role/foreign", "lambda.amazonaws.com", &["sqs:*"]).await;
    for name in ["weak", "foreign", "nobody"] {
        let credentials = json!({"credentialsArn": format!("arn:aws:iam::000000000000:role/{name}")});
        let queue = sending(&api, "000000000000/orders", ok, credentials).await;
        api.route(name, &queue, false).await;
        let frame = api.client().await.exchange(&json!({"action": name})).await;
        assert!(frame.starts_with(ERROR), "{name}: {frame}");
    }
    assert!(bodies(&emulator).await.is_empty());
}
