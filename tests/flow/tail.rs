//! `sluicegate tail`: the events of a stream in their order, through a consumer that is gone afterwards.

use aws_sdk_kinesis::types::{ScalingType, StreamStatus};
use emulator::Emulator;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use sluicegate_tests::api::empty_emulator;
use sluicegate_tests::source::Source;
use sluicegate_tests::test_emulator::TestEmulator;
use sluicegate_tests::{PATIENCE, eventually, functions};
use std::collections::BTreeMap;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// A `tail` that runs.
struct Tail {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Tail {
    async fn start(emulator: &Emulator, arguments: &[&str]) -> Self {
        let binary =
            tokio::task::spawn_blocking(|| functions::binary("sluicegate")).await.expect("it is built");
        let mut command = Command::new(binary);
        command.arg("tail").args(arguments).env("AWS_ENDPOINT_URL", emulator.endpoint_url()).envs([
            ("AWS_ACCESS_KEY_ID", "developer"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_REGION", "us-east-1"),
        ]);
        command.env_remove("AWS_PROFILE").kill_on_drop(true).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { child, lines }
    }

    async fn line(&mut self) -> Option<String> {
        timeout(PATIENCE, self.lines.next_line()).await.expect("a line comes in time").expect("it is text")
    }

    /// A number's key and the number, of a record that [`put`] put.
    async fn number(&mut self) -> (String, u64) {
        let line: Value = serde_json::from_str(&self.line().await.expect("a line")).expect("JSON");
        let event = &line["event"];
        (event["connectionId"].as_str().expect("an id").into(), event["payload"].as_u64().expect("a number"))
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.id().and_then(|pid| Pid::from_raw(pid as i32)).expect("it runs");
        kill_process(pid, signal).expect("it takes a signal");
    }

    async fn ends(mut self) {
        let status = timeout(PATIENCE, self.child.wait()).await.expect("it ends in time").expect("it ends");
        assert!(status.success(), "{status}");
    }
}

async fn put(source: &Source<'_>, key: &str, number: u64) {
    let event =
        json!({"payload": number, "connectionId": key, "routeKey": "$default", "eventType": "MESSAGE"});
    source.put(key, &event.to_string()).await;
}

async fn consumers(source: &Source<'_>) -> usize {
    let listed = source.kinesis.list_stream_consumers().stream_arn(source.arn()).send().await;
    listed.expect("consumers").consumers.unwrap_or_default().len()
}

/// The stack's own events, as a person sees them; a window ends by itself and needs no consumer.
#[tokio::test(flavor = "multi_thread")]
async fn a_window_of_the_stacks_events_is_shown() {
    let emulator = TestEmulator::start().await;
    let mut client = emulator.client().await;
    client.send(r#"{"msg": "Hello"}"#).await;
    client.receive().await;
    let mut tail = Tail::start(&emulator.emulator, &["--since", "10m"]).await;
    let line = tail.line().await.expect("a line");
    assert!(line.ends_with(r#"$default  {"msg":"Hello"}"#) && line.contains("Z  "), "{line}");
    assert_eq!(tail.line().await, None);
    tail.ends().await;
}

/// Records of four shards come by their time of arrival.
#[tokio::test(flavor = "multi_thread")]
async fn shards_are_merged_by_their_time_of_arrival() {
    let emulator = empty_emulator().await;
    let source = Source::create(&emulator, "merged-events", 4).await;
    for number in 0..40 {
        put(&source, &format!("key-{}", number % 10), number).await;
    }
    let mut tail = Tail::start(&emulator, &["--json"]).await;
    let mut arrivals = Vec::new();
    for _ in 0..40 {
        let line: Value = serde_json::from_str(&tail.line().await.expect("a line")).expect("JSON");
        arrivals.push(line["arrivalEpochMs"].as_i64().expect("a time"));
    }
    assert!(arrivals.is_sorted(), "{arrivals:?}");
    assert_eq!(tail.line().await, None);
    tail.ends().await;
    let mut one = Tail::start(&emulator, &["--json", "--connection", "key-3"]).await;
    for number in [3, 13, 23, 33] {
        assert_eq!(one.number().await, ("key-3".into(), number));
    }
    assert_eq!(one.line().await, None);
}

/// A resharding in mid-run: nothing is lost or repeated, and each key keeps its order. Ctrl-C removes the consumer.
#[tokio::test(flavor = "multi_thread")]
async fn following_goes_on_over_a_resharding() {
    let emulator = empty_emulator().await;
    let source = Source::create(&emulator, "split-events", 1).await;
    let mut tail = Tail::start(&emulator, &["--follow", "--json", "--since", "1m"]).await;
    let keys: Vec<_> = (0..8).map(|key| format!("key-{key}")).collect();
    let mut seen: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for round in 0..3 {
        for key in &keys {
            put(&source, key, round).await;
        }
        for _ in &keys {
            let (key, number) = tail.number().await;
            seen.entry(key).or_default().push(number);
        }
        if round == 2 {
            break;
        }
        let shards = source.kinesis.update_shard_count().stream_name(source.name);
        let target = if round == 0 { 2 } else { 1 };
        let change = shards.target_shard_count(target).scaling_type(ScalingType::UniformScaling);
        change.send().await.expect("the shards change");
        eventually("the stream is active", || async {
            let reported = source.kinesis.describe_stream_summary().stream_name(source.name).send().await;
            let summary = reported.expect("it is described").stream_description_summary;
            summary.is_some_and(|summary| summary.stream_status == StreamStatus::Active)
        })
        .await;
    }
    let expected: BTreeMap<_, _> = keys.iter().map(|key| (key.clone(), vec![0, 1, 2])).collect();
    assert_eq!(seen, expected);
    assert_eq!(consumers(&source).await, 1);
    tail.signal(Signal::INT);
    tail.ends().await;
    eventually("the consumer is gone", || async { consumers(&source).await == 0 }).await;
}

/// As `tail | head` does.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_leaves_leaves_no_consumer() {
    let emulator = empty_emulator().await;
    let source = Source::create(&emulator, "left-events", 1).await;
    let mut tail = Tail::start(&emulator, &["--follow", "--json", "--since", "1m"]).await;
    put(&source, "key", 1).await;
    assert_eq!(tail.number().await.1, 1);
    assert_eq!(consumers(&source).await, 1);
    let Tail { mut child, lines } = tail;
    drop(lines);
    let mut number = 1;
    eventually("it ends", || {
        number += 1;
        let (source, status) = (&source, child.try_wait());
        async move {
            put(source, "key", number).await;
            status.expect("a status").is_some()
        }
    })
    .await;
    eventually("the consumer is gone", || async { consumers(&source).await == 0 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_consumer_the_shards_are_polled() {
    let emulator = empty_emulator().await;
    let source = Source::create(&emulator, "polled-events", 2).await;
    let mut tail = Tail::start(&emulator, &["--follow", "--no-consumer", "--json", "--since", "1m"]).await;
    for number in 0..3 {
        put(&source, "key", number).await;
        assert_eq!(tail.number().await, ("key".into(), number));
    }
    assert_eq!(consumers(&source).await, 0);
    tail.signal(Signal::TERM);
    tail.ends().await;
}
