//! `sluicegate dlq`: lists the records that functions could not handle, and puts them back into their stream.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emulator::Emulator;
use emulator::fault_injection::FaultSettings;
use serde_json::{Value, json};
use sluicegate_tests::api::{empty_emulator, role};
use sluicegate_tests::source::Source;
use sluicegate_tests::test_emulator::TestEmulator;
use sluicegate_tests::{control, eventually, functions};
use std::process::Output;

const ROLE: &str = "arn:aws:iam::000000000000:role/broken";
/// Successful posts to other connections after which failures of one connection count as its own.
const OTHERS: usize = 64;

/// Once the fault has ended, a redrive gets a client's messages answered in order.
#[tokio::test(flavor = "multi_thread")]
async fn records_that_a_function_published_go_back_in_order() {
    let emulator = TestEmulator::start().await;
    let (mut lucky, mut unlucky) = (emulator.client().await, emulator.client().await);
    unlucky.send("not json").await;
    let id = unlucky.receive_json().await["connectionId"].as_str().expect("an id").to_owned();
    let fault = format!("connections-500=for={id}").parse().expect("a fault");
    emulator.emulator.faults().set(FaultSettings { specs: vec![fault], seed: Some(1) });
    let queue = format!("{}-echo-dlq", emulator.stack.name);
    // Posts to others succeed. Without that evidence, a connection whose posts fail is given up only after five
    // deliveries.
    for _ in 0..OTHERS {
        lucky.send("0").await;
    }
    for _ in 0..OTHERS {
        assert_eq!(lucky.receive().await, "0");
    }
    for n in 1..=3_usize {
        unlucky.send(n.to_string()).await;
        eventually("the record is given up", || async {
            waiting(&emulator.emulator, &queue).await == n.to_string()
        })
        .await;
        lucky.send("0").await;
        assert_eq!(lucky.receive().await, "0");
    }

    let shown = lines(&dlq(&emulator.emulator, &["list", "--json"]).await);
    assert_eq!(shown.len(), 3, "{shown:?}");
    for (n, shown) in shown.iter().enumerate() {
        assert_eq!(
            (&shown["state"], &shown["message"]["functionName"]),
            (&json!("available"), &json!(emulator.stack.function_name("echo"))),
            "{shown}"
        );
        assert_eq!(shown["message"]["reason"], "retries_exhausted", "{shown}");
        let data: Value = serde_json::from_slice(&decoded(&shown["records"][0]["data"])).expect("JSON");
        assert_eq!(data["payload"], json!(n + 1), "{data}");
    }
    assert_eq!(waiting(&emulator.emulator, &queue).await, "3", "list hides nothing");
    let dry = lines(&dlq(&emulator.emulator, &["redrive", "--dry-run", "--json"]).await);
    assert_eq!((&dry[0]["records"], &dry[0]["dryRun"]), (&json!(3), &json!(true)));
    assert_eq!(waiting(&emulator.emulator, &queue).await, "3", "a dry run changes nothing");

    emulator.emulator.faults().clear();
    let reported = lines(
        &dlq(&emulator.emulator, &["redrive", "--json", "--function", &emulator.stack.function_name("echo")])
            .await,
    );
    assert_eq!(
        (&reported[0]["messages"], &reported[0]["records"], &reported[0]["kept"]),
        (&json!(3), &json!(3), &json!(0))
    );
    for n in ["1", "2", "3"] {
        assert_eq!(unlucky.receive().await, n);
    }
    assert_eq!(left(&emulator.emulator, &queue).await, ["0", "0"]);
}

/// A mapping's message does not contain the records. They are read from the stream as long as it has them.
#[tokio::test(flavor = "multi_thread")]
async fn records_that_a_mapping_gave_up_go_back_in_order() {
    let emulator = empty_emulator().await;
    let source = broken(&emulator).await;
    let shown = lines(&dlq(&emulator, &["list", "--json"]).await);
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert_eq!(shown[0]["state"], "available", "{}", shown[0]);
    assert_eq!(shown[0]["message"]["requestContext"]["condition"], "RetryAttemptsExhausted");
    let records = shown[0]["records"].as_array().expect("records");
    let records: Vec<_> = records.iter().map(|record| decoded(&record["data"])).collect();
    assert_eq!(records, [b"1", b"2", b"3"]);
    assert_eq!(waiting(&emulator, "broken-dlq").await, "1", "list hides nothing");

    // Messages of another function stay.
    dlq(&emulator, &["redrive", "--function", "another"]).await;
    assert_eq!(waiting(&emulator, "broken-dlq").await, "1");
    let output = dlq(&emulator, &["redrive"]).await;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "broken-dlq: 3 records of 1 messages redriven\n");
    let put = ["1", "2", "3", "1", "2", "3"].map(|data| ("k".to_owned(), data.to_owned()));
    assert_eq!(source.records("shardId-000000000000").await, put);
    assert_eq!(left(&emulator, "broken-dlq").await, ["0", "0"]);
}

/// A message whose records cannot be put back stays, and the output says why.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_records_are_gone_stays() {
    let emulator = empty_emulator().await;
    let source = broken(&emulator).await;
    source.delete().await;
    let output = run(&emulator, &["redrive"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(&format!("{} has no shardId-000000000000: its records are gone", source.arn())),
        "{said}"
    );
    assert_eq!(waiting(&emulator, "broken-dlq").await, "1");

    Source::create(&emulator, source.name, 1).await.put("k", "another").await;
    let output = run(&emulator, &["redrive"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("its records are no longer in the stream"), "{said}");
    assert!(said.contains("1 messages were not redriven and stay in their queue"), "{said}");
    assert_eq!(waiting(&emulator, "broken-dlq").await, "1");
    let shown = lines(&dlq(&emulator, &["list", "--json"]).await);
    assert_eq!(shown[0]["state"], "unavailable");
}

/// Records keep the order of the stream: if the earlier of two records of a key cannot go back, the later one waits, even
/// in another queue. Other keys do not wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_waits_for_an_earlier_one_of_its_key() {
    let emulator = empty_emulator().await;
    let source = Source::create(&emulator, "kept", 1).await;
    for queue in ["one-dlq", "two-dlq"] {
        control::json(&emulator, "AmazonSQS.CreateQueue", &json!({"QueueName": queue})).await;
    }
    let publish = async |queue: &str, number: &str, key: &str, data: &str| {
        let fault = json!({
            "reason": "failed", "error": "disk full", "functionName": "echo", "requestId": "r",
            "record": {
                "data": data, "partitionKey": key, "sequenceNumber": number, "streamArn": source.arn(),
                "arrivalEpochMs": 1_545_084_650_987_u64,
            },
        });
        let url = format!("{}/{}/{queue}", emulator.endpoint_url(), emulator.account().id);
        let send = json!({"QueueUrl": url, "MessageBody": fault.to_string()});
        control::json(&emulator, "AmazonSQS.SendMessage", &send).await;
    };
    publish("two-dlq", "30", "b", &STANDARD.encode("b3")).await;
    publish("two-dlq", "10", "a", "what is no base64 is refused").await;
    publish("one-dlq", "20", "a", &STANDARD.encode("a2")).await;

    let output = run(&emulator, &["redrive"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("waiting for an earlier record with partition key a, which stays in its queue"),
        "{said}"
    );
    assert!(said.contains("2 messages were not redriven and stay in their queue"), "{said}");
    assert_eq!(source.records("shardId-000000000000").await, [("b".to_owned(), "b3".to_owned())]);
    assert_eq!(
        (waiting(&emulator, "one-dlq").await, waiting(&emulator, "two-dlq").await),
        ("1".into(), "1".into())
    );

    // The later one no longer waits once the earlier one is removed from its queue.
    let url = format!("{}/{}/two-dlq", emulator.endpoint_url(), emulator.account().id);
    control::json(&emulator, "AmazonSQS.PurgeQueue", &json!({"QueueUrl": url})).await;
    dlq(&emulator, &["redrive"]).await;
    let put = [("b", "b3"), ("a", "a2")].map(|(key, data)| (key.to_owned(), data.to_owned()));
    assert_eq!(source.records("shardId-000000000000").await, put);
    assert_eq!(left(&emulator, "one-dlq").await, ["0", "0"]);
}

/// A stream with a function that always failed: its queue has the mapping's message on three records. The mapping is
/// deleted.
async fn broken(emulator: &Emulator) -> Source<'_> {
    role(emulator, ROLE, "lambda.amazonaws.com", &["kinesis:*", "logs:*", "sqs:SendMessage"]).await;
    functions::scripted(emulator, "broken", ROLE, json!({"FAILURE": "no database"})).await;
    control::json(emulator, "AmazonSQS.CreateQueue", &json!({"QueueName": "broken-dlq"})).await;
    let source = Source::create(emulator, "doomed", 1).await;
    for data in ["1", "2", "3"] {
        source.put("k", data).await;
    }
    let queue = format!("arn:aws:sqs:us-east-1:{}:broken-dlq", emulator.account().id);
    let settings = json!({
        "MaximumRetryAttempts": 0, "DestinationConfig": {"OnFailure": {"Destination": queue}},
    });
    let mapping = source.map("broken", settings).await;
    eventually("the batch is given up", || async { waiting(emulator, "broken-dlq").await == "1" }).await;
    source.unmap(&mapping).await;
    source
}

/// Runs the command as a user does, with the emulator in its environment.
async fn run(emulator: &Emulator, arguments: &[&str]) -> Output {
    let binary = tokio::task::spawn_blocking(|| functions::binary("sluicegate")).await.expect("it is built");
    tokio::process::Command::new(binary)
        .arg("dlq")
        .args(arguments)
        .env("AWS_ENDPOINT_URL", emulator.endpoint_url())
        .envs([
            ("AWS_ACCESS_KEY_ID", "developer"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_REGION", "us-east-1"),
        ])
        .env_remove("AWS_PROFILE")
        .output()
        .await
        .expect("it runs")
}

/// Like [`run`]; the command must succeed.
async fn dlq(emulator: &Emulator, arguments: &[&str]) -> Output {
    let output = run(emulator, arguments).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

fn decoded(data: &Value) -> Vec<u8> {
    STANDARD.decode(data.as_str().expect("data")).expect("base64")
}

/// The number of visible messages in a queue.
async fn waiting(emulator: &Emulator, queue: &str) -> String {
    let [waiting, _] = left(emulator, queue).await;
    waiting
}

/// The numbers of visible and of hidden messages in a queue.
async fn left(emulator: &Emulator, queue: &str) -> [String; 2] {
    let url = format!("{}/{}/{queue}", emulator.endpoint_url(), emulator.account().id);
    let asked = json!({"QueueUrl": url, "AttributeNames": ["All"]});
    let answer = control::json(emulator, "AmazonSQS.GetQueueAttributes", &asked).await;
    let counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
    counts.map(|count| answer["Attributes"][count].as_str().expect("a count").to_owned())
}
