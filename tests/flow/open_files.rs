//! An emulator at its limit of open files: it reports that, keeps its connections, and continues when files become free.

use rustix::process::Signal;
use serde_json::{Value, json};
use sluicegate_tests::emulator::{Emulator, Readers, answer};
use sluicegate_tests::raw::RawClient;
use sluicegate_tests::{eventually, functions};
use std::process::Command;
use std::time::Duration;
use tokio::sync::Mutex;

/// A hard limit that is enough for the emulator, a function and some connections.
const FILES_MAX: usize = 64;
/// A hard limit that is enough for some functions.
const FILES_FOR_FUNCTIONS: usize = 256;
/// A soft limit below the hard one, as shells often have.
const FILES_SOFT: usize = 24;

/// Starts `sluicegate serve` with a limit of open files.
async fn cramped(files_max: usize) -> Emulator {
    let limits =
        format!("ulimit -Sn {FILES_SOFT} && ulimit -Hn {files_max} && exec \"$0\" serve --quiet --port 0");
    let start = move || {
        let sluicegate = functions::binary("sluicegate");
        Emulator::spawn(Command::new("sh").args(["-c", &limits]).arg(sluicegate), Readers::Awake)
    };
    tokio::task::spawn_blocking(start).await.expect("it starts")
}

async fn scripted() -> Vec<u8> {
    let binary = tokio::task::spawn_blocking(|| functions::binary("scripted")).await.expect("it is built");
    std::fs::read(binary).expect("a binary")
}

/// Opens idle connections. There can be more than files, because the system completes them before they are accepted.
async fn crowd(emulator: &Emulator, count: usize) -> Vec<RawClient> {
    let mut crowd = Vec::new();
    for _ in 0..count {
        crowd.push(emulator.dial().await);
    }
    let complaint = format!("this process may have {count} open");
    eventually("it says what it lacks", || async { !emulator.lines(&complaint).is_empty() }).await;
    crowd
}

/// Requests the emulator's health page.
async fn ask(client: &mut RawClient) {
    let request = b"GET /_sluicegate/health HTTP/1.1\r\nhost: localhost\r\n\r\n";
    client.send(request).await.expect("it reads");
    assert_eq!(client.head().await.expect("it answers").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emulator_reports_that_it_has_no_file_left_and_continues() {
    let emulator = cramped(FILES_MAX).await;
    let mut inside = emulator.dial().await;
    ask(&mut inside).await;
    let crowd = crowd(&emulator, FILES_MAX).await;
    ask(&mut inside).await;

    // The crowd leaves, whether accepted or not; then there are files for new connections.
    drop(crowd);
    let mut next = emulator.dial().await;
    ask(&mut next).await;
    assert_eq!(emulator.lines("this process may have").len(), 1, "once is enough");
}

/// Clients never take the last files: a function whose process has ended is started again, and no record is given up,
/// although retries are not allowed.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_clients_takes_no_file_from_functions() {
    const STREAM: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/events";
    const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:given-up";
    let emulator = cramped(FILES_FOR_FUNCTIONS).await;
    let queue = emulator.call("sqs", "AmazonSQS.CreateQueue", &json!({"QueueName": "given-up"})).await;
    let stream = json!({"StreamName": "events", "ShardCount": 1});
    emulator.call("kinesis", "Kinesis_20131202.CreateStream", &stream).await;
    emulator.function("scripted", &scripted().await, 60, json!({"ANSWER": "null"})).await;
    let mapping = json!({
        "FunctionName": "scripted", "EventSourceArn": STREAM, "StartingPosition": "TRIM_HORIZON", "BatchSize": 1,
        "MaximumRetryAttempts": 0, "DestinationConfig": {"OnFailure": {"Destination": QUEUE}},
    });
    emulator.call("lambda", "POST /2015-03-31/event-source-mappings", &mapping).await;

    // A connection from before the crowd.
    let inside = Mutex::new(emulator.dial().await);
    let call = async |service: &str, request: &str, body: Value| {
        emulator.call_on(&mut *inside.lock().await, service, request, &body).await
    };
    let record = json!({"StreamName": "events", "PartitionKey": "k", "Data": "e30="});
    let put = async || call("kinesis", "Kinesis_20131202.PutRecord", record.clone()).await.0 == 200;
    let reports = async || {
        let filter = json!({"logGroupName": "/aws/lambda/scripted", "filterPattern": "REPORT"});
        let (_, log) = call("logs", "Logs_20140328.FilterLogEvents", filter).await;
        log["events"].as_array().map_or(0, Vec::len)
    };
    eventually("the stream takes a record", || put()).await;
    eventually("the function has run", || async { reports().await == 1 }).await;

    let _crowd = crowd(&emulator, FILES_FOR_FUNCTIONS).await;
    // API calls are still answered, as those of functions are.
    ask(&mut emulator.dial().await).await;
    // New settings end the warm environment, so that a new process is needed.
    let settings = json!({"Environment": {"Variables": {"ANSWER": "{}"}}});
    assert_eq!(call("lambda", "PUT /2015-03-31/functions/scripted/configuration", settings).await.0, 200);
    assert!(put().await);
    eventually("the function has run again", || async { reports().await == 2 }).await;
    let (_, given_up) = call("sqs", "AmazonSQS.ReceiveMessage", json!({"QueueUrl": queue["QueueUrl"]})).await;
    assert_eq!(given_up.get("Messages").cloned().unwrap_or_default(), Value::Null);
}

/// A lack of files is not a failure of the function, so the caller is throttled.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_file_for_another_function_an_invocation_is_throttled() {
    const INVOCATIONS: usize = 12;
    let mut emulator = cramped(FILES_MAX).await;
    emulator.function("scripted", &scripted().await, 1, json!({"MISDEED": "sleep"})).await;
    let mut invocations = Vec::new();
    for _ in 0..INVOCATIONS {
        invocations.push(emulator.invoke("scripted").await);
    }
    let mut throttled = 0;
    for mut invocation in invocations {
        match answer(&mut invocation).await {
            (429, document) => {
                throttled += 1;
                assert_eq!(document["Reason"], "ConcurrentInvocationLimitExceeded");
            }
            (status, document) => {
                assert_eq!((status, &document["errorType"]), (200, &json!("Sandbox.Timedout")));
            }
        }
    }
    assert!(0 < throttled && throttled < INVOCATIONS, "{throttled} of {INVOCATIONS} were throttled");
    emulator.signal(Signal::INT);
    assert!(emulator.ended_within(Duration::from_secs(60)).await.success());
}
