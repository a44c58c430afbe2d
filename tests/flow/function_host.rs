//! Functions that misbehave, and the errors that they get, observed in the log, the mapping and the failure destination.

use aws_sdk_kinesis::primitives::Blob;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emulator::package::{Packing, package};
use emulator::services::lambda::invocation::Freeze;
use emulator::{Emulator, EmulatorOptions};
use http::Method;
use serde_json::{Value, json};
use sluicegate_tests::api::{empty_emulator, empty_emulator_with, role};
use sluicegate_tests::{control, eventually, functions, sdk};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const ROLE: &str = "arn:aws:iam::000000000000:role/function";
const STREAM_ARN: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/events";
const QUEUE_ARN: &str = "arn:aws:sqs:us-east-1:000000000000:given-up";
const FUNCTIONS: &str = "/2015-03-31/functions";
const MAPPINGS: &str = "/2015-03-31/event-source-mappings";

/// A stream of one shard, a scripted function behind it, and a queue as its failure destination.
pub struct Scene {
    pub emulator: Emulator,
    queue_url: String,
}

impl Scene {
    /// Starts an emulator with a scripted function, which gets batches of one record and one attempt for each.
    pub async fn start(environment: Value, timeout_s: u32) -> Self {
        Self::start_on(empty_emulator().await, environment, timeout_s).await
    }

    pub async fn start_on(emulator: Emulator, environment: Value, timeout_s: u32) -> Self {
        role(&emulator, ROLE, "lambda.amazonaws.com", &["kinesis:*", "sqs:*", "logs:*"]).await;
        let queue =
            control::json(&emulator, "AmazonSQS.CreateQueue", &json!({"QueueName": "given-up"})).await;
        let queue_url = queue["QueueUrl"].as_str().expect("a queue").to_owned();
        let kinesis = sdk::kinesis(&emulator.endpoint_url());
        kinesis.create_stream().stream_name("events").shard_count(1).send().await.expect("a stream");
        let scene = Self { emulator, queue_url };
        eventually("the stream is ACTIVE", || async {
            let described = kinesis.describe_stream_summary().stream_name("events").send().await;
            let summary = described.expect("a summary").stream_description_summary.expect("a summary");
            summary.stream_status.as_str() == "ACTIVE"
        })
        .await;
        let binary =
            tokio::task::spawn_blocking(|| functions::binary("scripted")).await.expect("it is built");
        let zip = package(&std::fs::read(binary).expect("a binary"), Packing::Stored).expect("a zip");
        let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        let function = json!({
            "FunctionName": "scripted", "Role": ROLE, "Runtime": "provided.al2023", "Handler": "bootstrap",
            "Architectures": [architecture], "Environment": {"Variables": environment},
            "MemorySize": 128, "Timeout": timeout_s, "Code": {"ZipFile": STANDARD.encode(zip)},
        });
        scene.lambda(Method::POST, FUNCTIONS, function).await;
        control::function_is_settled(&scene.emulator, "scripted").await;
        scene
    }

    /// Maps the stream to the function.
    pub async fn map(&self) {
        self.map_to("scripted").await;
    }

    /// Maps the stream to a function's name, with or without a qualifier.
    pub async fn map_to(&self, function: &str) {
        let mapping = json!({
            "FunctionName": function, "EventSourceArn": STREAM_ARN, "StartingPosition": "TRIM_HORIZON",
            "BatchSize": 1, "MaximumRetryAttempts": 0,
            "DestinationConfig": {"OnFailure": {"Destination": QUEUE_ARN}},
        });
        self.lambda(Method::POST, MAPPINGS, mapping).await;
    }

    pub async fn lambda(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = control::rest(&self.emulator, "lambda", method, path, &body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    pub async fn put(&self) {
        let kinesis = sdk::kinesis(&self.emulator.endpoint_url());
        let put = kinesis.put_record().stream_name("events").partition_key("k").data(Blob::new("{}"));
        put.send().await.expect("a record");
    }

    /// The function's log: each line's stream and text.
    pub async fn log(&self) -> Vec<(String, String)> {
        let filter = json!({"logGroupName": "/aws/lambda/scripted"});
        let events = control::json(&self.emulator, "Logs_20140328.FilterLogEvents", &filter).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().trim_end_matches('\n').to_owned();
        let events = events["events"].as_array().cloned().unwrap_or_default();
        events.iter().map(|event| (text(&event["logStreamName"]), text(&event["message"]))).collect()
    }

    /// The log after a number of invocations.
    pub async fn log_after(&self, invocations: usize) -> Vec<(String, String)> {
        eventually("the invocation is reported", || async {
            reports(&self.log().await).len() == invocations
        })
        .await;
        self.log().await
    }

    /// The failure destination's next message, if there is one.
    pub async fn reported(&self) -> Option<Value> {
        let receive = json!({"QueueUrl": self.queue_url});
        let received = control::json(&self.emulator, "AmazonSQS.ReceiveMessage", &receive).await;
        serde_json::from_str(received["Messages"][0]["Body"].as_str()?).ok()
    }
}

/// Each REPORT line and its log stream.
fn reports(log: &[(String, String)]) -> Vec<&(String, String)> {
    log.iter().filter(|(_, line)| line.starts_with("REPORT ")).collect()
}

/// Delivers one record to a function that fails; returns the lines of its log once the record is given up.
async fn log_of_a_failure(misdeed: &str, timeout_s: u32) -> Vec<String> {
    let scene = Scene::start(json!({"MISDEED": misdeed}), timeout_s).await;
    scene.map().await;
    scene.put().await;
    let log = scene.log_after(1).await;
    let mut reported = None;
    while reported.is_none() {
        reported = scene.reported().await;
        tokio::task::yield_now().await;
    }
    let reported = reported.unwrap_or_default();
    assert_eq!(reported["requestContext"]["condition"], "RetryAttemptsExhausted");
    assert_eq!(reported["requestContext"]["approximateInvokeCount"], 1);
    assert_eq!(reported["responseContext"]["functionError"], "Unhandled");
    let id = reported["requestContext"]["requestId"].as_str().expect("an id");
    let report = reports(&log)[0].1.clone();
    assert!(report.starts_with(&format!("REPORT RequestId: {id}\t")), "{report}");
    log.into_iter().map(|(_, line)| line).collect()
}

fn has(log: &[String], text: &str) -> bool {
    log.iter().any(|line| line.contains(text))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_does_not_answer_in_time_is_ended() {
    let log = log_of_a_failure("sleep", 1).await;
    assert!(has(&log, "Task timed out after 1.00 seconds") && has(&log, "Status: timeout"), "{log:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_exits_in_mid_invocation_has_failed() {
    let log = log_of_a_failure("", 60).await;
    assert!(has(&log, "Runtime exited with error: exit status 1"), "{log:#?}");
    assert!(has(&log, "Status: error\tError Type: Runtime.ExitError"), "{log:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_exits_before_its_first_event_has_failed() {
    let log = log_of_a_failure("exit before next", 60).await;
    assert!(has(&log, "Runtime exited with error: exit status 7"), "{log:#?}");
    assert!(has(&log, "Status: error\tError Type: Runtime.ExitError"), "{log:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_reports_an_init_error_has_failed() {
    let log = log_of_a_failure("init error", 60).await;
    assert!(has(&log, "INIT_REPORT") && has(&log, "Phase: init\tStatus: error"), "{log:#?}");
    assert!(has(&log, "Status: error\tError Type: Function.Unhandled"), "{log:#?}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_takes_more_memory_than_it_has_is_ended() {
    let log = log_of_a_failure("take too much memory", 60).await;
    assert!(has(&log, "Runtime exited with error: signal: killed"), "{log:#?}");
    assert!(has(&log, "Max Memory Used: 128 MB\t"), "{log:#?}");
    assert!(has(&log, "Status: error\tError Type: Runtime.OutOfMemory"), "{log:#?}");
}

/// docs/aws-behaviour.md#lambda-runtime: the function gets 413.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_over_six_megabytes_is_refused() {
    // The function prints the status after its invocation has ended, so that it must not be frozen.
    let options = EmulatorOptions { freeze: Freeze::Off, ..EmulatorOptions::default() };
    let environment = json!({"MISDEED": "answer too large"});
    let scene = Scene::start_on(empty_emulator_with(options).await, environment, 60).await;
    scene.map().await;
    scene.put().await;
    let log: Vec<_> = scene.log_after(1).await.into_iter().map(|(_, line)| line).collect();
    let refusal =
        "Response payload size (6291557 bytes) exceeded maximum allowed payload size (6291556 bytes).";
    assert!(has(&log, refusal), "{log:#?}");
    assert!(has(&log, "Status: error\tError Type: Function.ResponseSizeTooLarge"), "{log:#?}");
    eventually("the function is told", || async {
        scene.log().await.iter().any(|(_, line)| line == "response HTTP/1.1 413 Payload Too Large")
    })
    .await;
}

/// docs/aws-behaviour.md#lambda-init: an init that takes too long is ended and repeated as part of the invocation, which
/// can succeed.
#[tokio::test(flavor = "multi_thread")]
async fn an_init_that_takes_too_long_is_repeated_in_the_invocation() {
    let folder = tempfile::tempdir().expect("a folder");
    let options =
        EmulatorOptions { init_max: Some(Duration::from_millis(200)), ..EmulatorOptions::default() };
    let marker = folder.path().join("begun");
    let environment = json!({"MISDEED": "init slowly once", "MARKER": marker, "ANSWER": "null"});
    let scene = Scene::start_on(empty_emulator_with(options).await, environment, 60).await;
    scene.map().await;
    scene.put().await;
    let log: Vec<_> = scene.log_after(1).await.into_iter().map(|(_, line)| line).collect();
    let place = |text: &str| log.iter().position(|line| line.contains(text));
    let [init, start, event, report] =
        ["Phase: init\tStatus: timeout", "START RequestId", "EVENT", "REPORT RequestId"].map(place);
    assert!(init.is_some() && init < start && start < event && event < report, "{log:#?}");
    assert!(!has(&log, "Status: error"), "{log:#?}");
    let report = report.map(|at| log[at].as_str()).unwrap_or_default();
    assert!(!report.contains("Init Duration"), "its own time, not that of an init: {report}");
}

/// See docs/aws-behaviour.md#lambda-runtime and #lambda-environment. The function logs what it received; the log also has
/// Lambda's lines around each invocation.
#[tokio::test(flavor = "multi_thread")]
async fn a_function_gets_lambdas_headers_and_variables() {
    const TIMEOUT_S: u32 = 60;
    let scene = Scene::start(json!({"MISDEED": "report"}), TIMEOUT_S).await;
    let before_ms = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_millis();
    scene.map().await;
    scene.put().await;
    let log: Vec<_> = scene.log_after(1).await.into_iter().map(|(_, line)| line).collect();
    let headers: BTreeMap<_, _> = log
        .iter()
        .filter_map(|line| line.strip_prefix("header ")?.split_once(": "))
        .filter(|(name, _)| name.starts_with("lambda-runtime-"))
        .collect();
    let id = headers["lambda-runtime-aws-request-id"];
    assert_eq!(log[0], format!("START RequestId: {id} Version: $LATEST"));
    assert_eq!(log[log.len() - 2], format!("END RequestId: {id}"));
    assert!(log[log.len() - 1].starts_with(&format!("REPORT RequestId: {id}\tDuration: ")), "{log:#?}");
    assert!(log[log.len() - 1].contains("\tInit Duration: "), "{log:#?}");
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:scripted";
    assert_eq!(headers["lambda-runtime-invoked-function-arn"], arn);
    assert!(headers["lambda-runtime-trace-id"].starts_with("Root=1-"), "{headers:?}");
    let now = log.iter().find_map(|line| line.strip_prefix("now ")).expect("a time");
    let deadline_ms: u128 = headers["lambda-runtime-deadline-ms"].parse().expect("a number");
    let timeout_ms = u128::from(TIMEOUT_S) * 1_000;
    assert!(deadline_ms >= before_ms + timeout_ms, "{deadline_ms}, {before_ms}");
    assert!(deadline_ms <= now.parse::<u128>().expect("a number") + timeout_ms, "{deadline_ms}, {now}");

    let mut variables: Vec<_> = log.iter().filter_map(|line| line.strip_prefix("variable ")).collect();
    variables.sort_unstable();
    let expected = [
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL", // the emulator's own
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "LD_LIBRARY_PATH",
        "MISDEED", // the function's own
        "PATH",
        "TMPDIR", // the emulator's own
        "TZ",
        "_HANDLER",
    ];
    assert_eq!(variables, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_has_its_own_temporary_files_and_read_only_code() {
    let scene = Scene::start(json!({"MISDEED": "write"}), 60).await;
    scene.map().await;
    for invocations in 1..=2 {
        scene.put().await;
        scene.log_after(invocations).await;
    }
    let written = |log: Vec<(String, String)>| {
        let paths = log.into_iter().filter_map(|(_, line)| line.strip_prefix("wrote ").map(PathBuf::from));
        paths.collect::<Vec<_>>()
    };
    let log = scene.log().await;
    let modes: Vec<_> = log.iter().filter_map(|(_, line)| line.strip_prefix("mode ")).collect();
    assert_eq!(modes, ["555", "555", "555", "555"]);
    let [first, again] = &written(log)[..] else { panic!("two invocations") };
    assert!(first == again && first.exists(), "one environment, one folder: {}", first.display());
    // Other settings start another environment with an empty folder; that of the first is removed.
    let change = json!({"Environment": {"Variables": {"MISDEED": "write", "CHANGED": "1"}}});
    scene.lambda(Method::PUT, &format!("{FUNCTIONS}/scripted/configuration"), change).await;
    scene.put().await;
    let other = written(scene.log_after(3).await).pop().expect("a third invocation");
    assert!(other != *first && other.exists(), "{}", other.display());
    eventually("its files are gone with the environment", || async { !first.exists() }).await;
    scene.emulator.stop().await;
    assert!(!other.exists(), "nothing of the emulator is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_is_used_again_until_the_configuration_changes() {
    let scene = Scene::start(json!({"ANSWER": "null"}), 60).await;
    scene.map().await;
    for invocations in 1..=2 {
        scene.put().await;
        scene.log_after(invocations).await;
    }
    let change = json!({"Environment": {"Variables": {"ANSWER": "{}"}}});
    scene.lambda(Method::PUT, &format!("{FUNCTIONS}/scripted/configuration"), change).await;
    scene.put().await;
    let log = scene.log_after(3).await;
    // Each environment has a log stream of its own, and reports its init once.
    let [(first, one), (second, two), (third, three)] = reports(&log)[..] else { panic!("{log:#?}") };
    assert!(first == second && second != third, "{log:#?}");
    let has_init = [one, two, three].map(|report| report.contains("Init Duration: "));
    assert_eq!(has_init, [true, false, true]);
}

/// docs/aws-behaviour.md#lambda-batches: no retry is allowed, so that the record would be given up if throttling counted
/// as an attempt.
#[tokio::test(flavor = "multi_thread")]
async fn throttling_by_reserved_concurrency_uses_no_retry() {
    let scene = Scene::start(json!({"ANSWER": "null"}), 60).await;
    let path = "/2017-10-31/functions/scripted/concurrency";
    scene.lambda(Method::PUT, path, json!({"ReservedConcurrentExecutions": 0})).await;
    scene.map().await;
    scene.put().await;
    eventually("the function is throttled", || async {
        let mappings = scene.lambda(Method::GET, &format!("{MAPPINGS}/"), Value::Null).await;
        let result = mappings["EventSourceMappings"][0]["LastProcessingResult"].clone();
        result.as_str().is_some_and(|result| result.to_lowercase().contains("throttle"))
    })
    .await;
    assert!(reports(&scene.log().await).is_empty());
    scene.lambda(Method::DELETE, path, Value::Null).await;
    scene.log_after(1).await;
    assert_eq!(scene.reported().await, None);
}
