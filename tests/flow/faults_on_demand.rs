//! Injected faults, as seen by AWS's SDKs, by WebSocket clients and by functions.

use aws_sdk_apigatewaymanagement::error::ProvideErrorMetadata as _;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_sdk_kinesis::config::retry::RetryConfig;
use bytes::Bytes;
use emulator::EmulatorOptions;
use emulator::fault_injection::FaultSettings;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sluicegate_tests::client::Client;
use sluicegate_tests::functions::packages;
use sluicegate_tests::test_emulator::TestEmulator;
use sluicegate_tests::{control, eventually, sdk};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

async fn emulator_with(fault: &str, tfvars: &str) -> TestEmulator {
    let faults = FaultSettings { specs: vec![fault.parse().expect("a fault")], seed: Some(1) };
    TestEmulator::with(tfvars, EmulatorOptions { faults, ..EmulatorOptions::default() }).await
}

/// The number of times that the emulator's only fault has triggered.
fn triggered(emulator: &TestEmulator) -> u64 {
    emulator.emulator.faults().report()["faults"][0]["triggered"].as_u64().expect("the emulator has a fault")
}

/// The number of invocations in the echo function's log.
async fn invocations(emulator: &TestEmulator) -> usize {
    let group = format!("/aws/lambda/{}", emulator.stack.function_name("echo"));
    let events =
        control::json(&emulator.emulator, "Logs_20140328.FilterLogEvents", &json!({"logGroupName": group}))
            .await;
    let events = events["events"].as_array().cloned().unwrap_or_default();
    let is_start = |event: &&Value| {
        let message = event["message"].as_str().unwrap_or_default();
        message.contains("START RequestId") || message.contains("platform.start")
    };
    events.iter().filter(is_start).count()
}

/// A client's connection id, from the error frame for a message that is not JSON.
async fn connection_id(client: &mut Client) -> String {
    client.send("not json").await;
    client.receive_json().await["connectionId"].as_str().expect("an id").to_owned()
}

/// docs/aws-behaviour.md#kinesis-limits, #template-kinesis: a client gets only a nack, an SDK the exception.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_gets_a_nack_for_a_throttled_put_and_an_sdk_an_error() {
    let emulator = emulator_with("put-throttled=2 times", "acknowledgements = true").await;
    let mut client = emulator.client().await;
    client.send("1").await;
    let nack = json!({"nack": {"error": "ProvisionedThroughputExceededException"}});
    assert_eq!(client.receive_json().await, nack);

    let kinesis = sdk::kinesis(&emulator.emulator.endpoint_url());
    let put = || {
        let put = kinesis.put_record().stream_name(emulator.stack.stream_name()).partition_key("k");
        let put = put.data(Blob::new("{}")).customize();
        put.config_override(aws_sdk_kinesis::Config::builder().retry_config(RetryConfig::disabled())).send()
    };
    let refused = put().await.expect_err("the second time").into_service_error();
    assert!(refused.is_provisioned_throughput_exceeded_exception(), "{refused}");
    put().await.expect("twice is over");

    client.send("2").await;
    let mut frames = [client.receive().await, client.receive().await];
    frames.sort();
    assert_eq!(frames[0], "2");
    assert!(frames[1].starts_with(r#"{"ack":"#), "{frames:?}");
}

/// docs/aws-behaviour.md#apigateway-lifecycle, #kinesis-order: two messages that a client sends one after the other enter
/// the stream in the opposite order, and are answered in that order.
#[tokio::test(flavor = "multi_thread")]
async fn two_messages_of_a_client_swap_and_so_do_their_answers() {
    let emulator = emulator_with("put-swapped=1 time,60s", "").await;
    let mut client = emulator.client().await;
    for n in ["1", "2", "3"] {
        client.send(n).await;
    }
    let answers = [client.receive().await, client.receive().await, client.receive().await];
    assert_eq!(answers[0], "2");
    assert_eq!(triggered(&emulator), 1);
    // The third can come before the first, which follows the second without delaying others.
    assert!(answers.contains(&"1".into()) && answers.contains(&"3".into()), "{answers:?}");
}

/// docs/aws-behaviour.md#kinesis-order: two concurrent puts of one key can get sequence numbers in the opposite order.
#[tokio::test(flavor = "multi_thread")]
async fn two_concurrent_puts_swap() {
    let emulator = emulator_with("put-swapped=60s,1 time,for=k", "").await;
    let kinesis = sdk::kinesis(&emulator.emulator.endpoint_url());
    let put = || {
        let put = kinesis.put_record().stream_name(emulator.stack.stream_name()).partition_key("k");
        put.data(Blob::new("{}")).send()
    };
    let first = tokio::spawn(put());
    eventually("the first is held back", || async { triggered(&emulator) == 1 }).await;
    let second = put().await.expect("the second is put");
    let first = first.await.expect("it ends").expect("the first is put");
    assert!(first.sequence_number > second.sequence_number, "{first:?} after {second:?}");
}

/// docs/aws-behaviour.md#lambda-batches: duplicates are possible without an error. The library recognises them and
/// answers once.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_comes_twice_is_answered_once_by_the_library() {
    let emulator = emulator_with("batch-twice=1 time", "").await;
    let mut client = emulator.client().await;
    client.send("1").await;
    assert_eq!(client.receive().await, "1");
    eventually("the batch comes again", || async { invocations(&emulator).await == 2 }).await;
    client.send("2").await;
    assert_eq!(client.receive().await, "2");
    assert_eq!((triggered(&emulator), invocations(&emulator).await), (1, 3));
}

/// docs/aws-behaviour.md#lambda-batches: a throttled function is invoked later, and nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_function_gets_its_records_later() {
    let emulator = emulator_with("function-throttled=2 times", "").await;
    let mut client = emulator.client().await;
    client.send("1").await;
    assert_eq!(client.receive().await, "1");
    assert_eq!((triggered(&emulator), invocations(&emulator).await), (2, 1));
}

/// docs/aws-behaviour.md#apigateway-connections: a connected client gets no answer if the function's post fails with 410.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_reported_as_gone_gets_no_answer() {
    let emulator = emulator_with("connections-410=2 times", "").await;
    let mut client = emulator.client().await;
    let id = connection_id(&mut client).await;
    let post = sdk::connections(&emulator.connections_endpoint()).post_to_connection();
    let post = post.connection_id(&id).data(Blob::new("x")).send().await;
    assert!(post.expect_err("gone").into_service_error().is_gone_exception());
    client.send("1").await;
    eventually("the function hears it too", || async { triggered(&emulator) == 2 }).await;
    client.send("2").await;
    assert_eq!(client.receive().await, "2");
}

/// docs/aws-behaviour.md#apigateway-connections: an SDK gets the error, and the library retries until the client has its
/// answer.
#[tokio::test(flavor = "multi_thread")]
async fn posts_that_fail_for_a_while_arrive_in_the_end() {
    for (fault, code) in [
        ("connections-429=3 times", "LimitExceededException"),
        ("connections-500=3 times", "InternalServerErrorException"),
    ] {
        let emulator = emulator_with(fault, "").await;
        let mut client = emulator.client().await;
        let id = connection_id(&mut client).await;
        let post = sdk::connections(&emulator.connections_endpoint()).post_to_connection();
        let once = RetryConfig::disabled();
        let once = aws_sdk_apigatewaymanagement::Config::builder().retry_config(once);
        let post = post.connection_id(&id).data(Blob::new("x")).customize().config_override(once).send();
        assert_eq!(post.await.expect_err(fault).into_service_error().code(), Some(code));
        client.send("1").await;
        assert_eq!(client.receive().await, "1");
        assert_eq!((triggered(&emulator), invocations(&emulator).await), (3, 1), "{fault}");
    }
}

/// The number of messages in the echo function's dead-letter queue.
async fn dead_letters(emulator: &TestEmulator) -> String {
    let ask = json!({"QueueUrl": queue_url(emulator), "AttributeNames": ["ApproximateNumberOfMessages"]});
    let answer = control::json(&emulator.emulator, "AmazonSQS.GetQueueAttributes", &ask).await;
    answer["Attributes"]["ApproximateNumberOfMessages"].as_str().expect("a number").to_owned()
}

fn queue_url(emulator: &TestEmulator) -> String {
    format!(
        "http://localhost/{}/{}-dlq",
        emulator.emulator.account().id,
        emulator.stack.function_name("echo")
    )
}

/// If calls fail for all connections alike, the function backs off and the records are delivered again; none goes to the
/// dead-letter queue.
#[tokio::test(flavor = "multi_thread")]
async fn uniform_throttling_sends_nothing_to_the_dead_letter_queue() {
    const CLIENTS: usize = 8;
    for (fault, messages) in
        [("connections-429=50%", 8), ("connections-500=50%", 8), ("connections-429=70%", 2)]
    {
        let emulator = emulator_with(fault, "").await;
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            clients.push(emulator.client().await);
        }
        for n in 0..messages {
            for client in &mut clients {
                client.send(&n.to_string()).await;
            }
        }
        for client in &mut clients {
            for n in 0..messages {
                assert_eq!(client.receive().await, n.to_string(), "{fault}");
            }
        }
        assert!(triggered(&emulator) > 0, "{fault}");
        assert_eq!(dead_letters(&emulator).await, "0", "{fault}");
    }
}

/// Posts to one client always fail and its records cannot be reported. The others still get their answers, and the log
/// names the records.
#[tokio::test(flavor = "multi_thread")]
async fn records_are_logged_if_the_dead_letter_queue_is_deleted() {
    let emulator = TestEmulator::start().await;
    let (mut good, mut bad) = (emulator.client().await, emulator.client().await);
    let id = connection_id(&mut bad).await;
    for n in 0..30 {
        good.send(&n.to_string()).await;
        assert_eq!(good.receive().await, n.to_string());
    }
    control::json(&emulator.emulator, "AmazonSQS.DeleteQueue", &json!({"QueueUrl": queue_url(&emulator)}))
        .await;
    let specs = vec![format!("connections-500=for={id}").parse().expect("a fault")];
    emulator.emulator.faults().set(FaultSettings { specs, seed: Some(1) });
    for n in 30..40 {
        bad.send(&n.to_string()).await;
        good.send(&n.to_string()).await;
        assert_eq!(good.receive().await, n.to_string());
    }
    eventually("each record is in the log", || async { set_aside(&emulator).await == 10 }).await;
}

/// The number of log lines on records that the echo function could not send to its queue.
async fn set_aside(emulator: &TestEmulator) -> usize {
    let group = format!("/aws/lambda/{}", emulator.stack.function_name("echo"));
    let filter = json!({"logGroupName": group});
    let events = control::json(&emulator.emulator, "Logs_20140328.FilterLogEvents", &filter).await;
    let events = events["events"].as_array().cloned().unwrap_or_default();
    let is_meant = |event: &&Value| {
        let line = event["message"].as_str().unwrap_or_default();
        line.contains("it is set aside")
            && line.contains("sequenceNumber")
            && line.contains("shardId-000000000000")
    };
    events.iter().filter(is_meant).count()
}

/// See docs/aws-behaviour.md#kinesis-fan-out. A lower bound of time is enough to test a delay.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_shard_answers_no_sooner_than_its_delay() {
    let emulator = emulator_with("shard-slow=500ms,1 time", "").await;
    let mut client = emulator.client().await;
    let sent = Instant::now();
    client.send("1").await;
    assert_eq!(client.receive().await, "1");
    assert!(sent.elapsed() >= Duration::from_millis(500), "{:?}", sent.elapsed());
    assert_eq!(triggered(&emulator), 1);
}

/// docs/aws-behaviour.md#lambda-mappings: a mapping at LATEST can be Enabled before it reads. Records of that time never
/// reach the function.
#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_at_latest_misses_records_before_its_first_read() {
    // The functions are built first, because the build must not be part of the gap.
    tokio::task::spawn_blocking(packages).await.expect("the functions are built");
    // On a busy machine, a message may reach the stream only after the gap.
    for gap_s in [10, 20, 40, 80] {
        if let Some(answers) = answers_after_gap(gap_s).await {
            assert!(!answers.is_empty() && answers.iter().all(|answer| answer != "\"early\""), "{answers:?}");
            return;
        }
    }
    panic!("no message came into the stream within the gap");
}

/// The function's answers after the gap; `None` if the early message may have reached the stream only after it.
async fn answers_after_gap(gap_s: u64) -> Option<Vec<String>> {
    let started = Instant::now();
    let emulator = emulator_with(&format!("latest-gap={gap_s}s"), "acknowledgements = true").await;
    assert_eq!(mapping_state(&emulator).await, "Enabled");
    let mut client = emulator.client().await;
    client.send("\"early\"").await;
    assert!(client.receive().await.starts_with(r#"{"ack":"#), "the first is in the stream");
    if started.elapsed() >= Duration::from_secs(gap_s) {
        return None;
    }
    let mut answers = Vec::new();
    for n in 0..3_000 {
        client.send(&n.to_string()).await;
        while let Ok(frame) = tokio::time::timeout(Duration::from_millis(50), client.receive()).await {
            answers.extend(Some(frame).filter(|frame| !frame.starts_with(r#"{"ack":"#)));
        }
        if !answers.is_empty() {
            break;
        }
    }
    Some(answers)
}

/// Faults are added and removed by the emulator's page while it runs.
#[tokio::test(flavor = "multi_thread")]
async fn faults_are_changed_while_the_emulator_runs() {
    let emulator = TestEmulator::with("acknowledgements = true", EmulatorOptions::default()).await;
    let mut client = emulator.client().await;
    let (status, reported) = page(&emulator, "PUT", "put-throttled\nseed=7").await;
    assert_eq!((status, &reported["seed"]), (200, &7.into()));
    client.send("1").await;
    assert!(client.receive().await.starts_with(r#"{"nack":"#));
    let (_, reported) = page(&emulator, "GET", "").await;
    assert_eq!(reported["faults"], json!([{"fault": "put-throttled", "occasions": 1, "triggered": 1}]));
    let (status, reported) = page(&emulator, "PUT", "put-throtled").await;
    assert_eq!(status, 400);
    assert!(
        reported["message"].as_str().is_some_and(|text| text.contains("there is no fault \"put-throtled\""))
    );
    page(&emulator, "DELETE", "").await;
    client.send("2").await;
    let frames = [client.receive().await, client.receive().await];
    assert!(frames.contains(&"2".into()), "{frames:?}");
}

/// Calls the emulator's page of faults as an HTTP client.
async fn page(emulator: &TestEmulator, method: &str, body: &str) -> (u16, Value) {
    let mut socket = TcpStream::connect(emulator.emulator.address()).await.expect("the emulator listens");
    let head = format!("{method} /_sluicegate/faults HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    socket.write_all(request.as_bytes()).await.expect("the emulator takes a request");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).expect("JSON"))
}

/// The state of the emulator's only mapping, from the Lambda API.
async fn mapping_state(emulator: &TestEmulator) -> String {
    let authorization = "AWS4-HMAC-SHA256 Credential=developer/20260101/us-east-1/lambda/aws4_request, \
                         SignedHeaders=host, Signature=0";
    let request = http::Request::get("/2015-03-31/event-source-mappings/")
        .header(http::header::AUTHORIZATION, authorization)
        .body(Bytes::new())
        .expect("a sound request");
    let answer =
        emulator.emulator.call(request).await.into_body().collect().await.expect("an answer").to_bytes();
    let answer: Value = serde_json::from_slice(&answer).expect("JSON");
    answer["EventSourceMappings"][0]["State"].as_str().expect("a mapping").to_owned()
}
