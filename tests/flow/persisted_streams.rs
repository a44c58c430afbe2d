//! A stream in a data folder survives its process, and its consumers get records by subscription.

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{
    ConsumerStatus, ShardIteratorType, StartingPosition, SubscribeToShardEventStream,
};
use emulator::core::account::Account;
use emulator::services::kinesis::SubscriptionTimers;
use emulator::{Emulator, EmulatorOptions};
use sluicegate_tests::functions::binary;
use sluicegate_tests::sdk::{self, Caller};
use sluicegate_tests::test_emulator::TestEmulator;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Times that the process is killed; `SLUICEGATE_KILLS` replaces it.
const KILLS: usize = 3;
/// Concurrent writers, each with its own partition key.
const WRITERS: usize = 4;
/// Records that must be acknowledged between two kills.
const ACKNOWLEDGED_BETWEEN: usize = 40;
pub(super) const SHARD: &str = "shardId-000000000000";

/// `sluicegate serve` on a data folder, at a free port.
struct Serving {
    process: Child,
    endpoint: String,
    /// Kept open, because the program ends with its next line of output if the pipe is closed.
    _reported: Lines<BufReader<ChildStdout>>,
}

impl Serving {
    fn start(sluicegate: &Path, folder: &Path) -> Self {
        let mut process = Command::new(sluicegate)
            .args(["serve", "--quiet", "--port", "0", "--data-dir"])
            .arg(folder)
            .env_remove("AWS_REGION")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("sluicegate starts");
        let mut reported = BufReader::new(process.stdout.take().expect("its output")).lines();
        let mut lines = reported.by_ref().map_while(Result::ok);
        let greeting = lines.find(|line| line.contains("http://")).expect("a greeting");
        let address = greeting.split("http://").nth(1).and_then(|rest| rest.split(';').next());
        Self { process, endpoint: format!("http://{}", address.expect("its address")), _reported: reported }
    }

    /// Kills the process with SIGKILL.
    fn kill(&mut self) {
        self.process.kill().expect("it can be killed");
        self.process.wait().expect("it ends");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The acknowledged records: data by sequence number.
type Acknowledged = Arc<Mutex<BTreeMap<String, String>>>;

/// Puts numbered records until the process is gone.
async fn write(kinesis: Client, writer: usize, round: usize, acknowledged: Acknowledged) {
    for n in 0.. {
        let data = format!("{writer}-{round:03}-{n:06}");
        let put = kinesis.put_record().stream_name("kept").partition_key(writer.to_string());
        let Ok(placed) = put.data(Blob::new(data.as_bytes())).send().await else { return };
        acknowledged.lock().expect("no panic").insert(placed.sequence_number, data);
    }
}

/// Every record of the stream: its data by its sequence number, in the order of the shard.
async fn read_all(kinesis: &Client) -> Vec<(String, String)> {
    let ask = kinesis.get_shard_iterator().stream_name("kept").shard_id(SHARD);
    let ask = ask.shard_iterator_type(ShardIteratorType::TrimHorizon);
    let mut iterator = ask.send().await.expect("an iterator").shard_iterator;
    let mut all = Vec::new();
    loop {
        let read = kinesis.get_records().set_shard_iterator(iterator).send().await.expect("records");
        if read.records.is_empty() {
            return all;
        }
        all.extend(read.records.into_iter().map(|record| {
            let data = String::from_utf8(record.data.into_inner()).expect("text");
            (record.sequence_number, data)
        }));
        iterator = read.next_shard_iterator;
    }
}

/// Issue 8: after each kill, every acknowledged record exists once, with its sequence number, in the order of its writer.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_emulator_loses_nothing_that_it_acknowledged() {
    let kills = std::env::var("SLUICEGATE_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    let sluicegate = tokio::task::spawn_blocking(|| binary("sluicegate")).await.expect("it is built");
    let folder = tempfile::tempdir().expect("a folder");
    let acknowledged = Acknowledged::default();
    for round in 0..kills {
        let mut serving = Serving::start(&sluicegate, folder.path());
        let kinesis = sdk::kinesis(&serving.endpoint);
        if round == 0 {
            kinesis.create_stream().stream_name("kept").shard_count(1).send().await.expect("a stream");
        }
        let before = acknowledged.lock().expect("no panic").len();
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            writers.spawn(write(kinesis.clone(), writer, round, acknowledged.clone()));
        }
        sluicegate_tests::eventually("records are acknowledged", || async {
            acknowledged.lock().expect("no panic").len() >= before + ACKNOWLEDGED_BETWEEN
        })
        .await;
        serving.kill();
        writers.join_all().await;
    }
    let serving = Serving::start(&sluicegate, folder.path());
    let all = read_all(&sdk::kinesis(&serving.endpoint)).await;
    let found: BTreeMap<_, _> = all.iter().cloned().collect();
    assert_eq!(found.len(), all.len(), "a record stands there twice");
    let acknowledged = acknowledged.lock().expect("no panic").clone();
    for (sequence_number, data) in &acknowledged {
        assert_eq!(found.get(sequence_number), Some(data), "an acknowledged record is lost");
    }
    for writer in 0..WRITERS {
        let of_writer: Vec<_> =
            all.iter().map(|(_, data)| data).filter(|data| data.starts_with(&format!("{writer}-"))).collect();
        assert!(of_writer.is_sorted(), "records of writer {writer} changed places");
    }
    println!("{kills} kills, {} acknowledged, {} found", acknowledged.len(), all.len());
}

/// A data folder's streams have a region in their ARNs, and so the folder has one.
#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_remembers_its_region() {
    let folder = tempfile::tempdir().expect("a folder");
    let start = async |account: Account| {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let data_dir = Some(folder.path().to_owned());
        Emulator::start(listener, EmulatorOptions { account, data_dir, ..EmulatorOptions::default() }).await
    };
    let ireland = || Account::in_region("eu-west-1".parse().expect("a region"));
    for account in [ireland(), Account::in_first_region()] {
        let emulator = start(account).await.expect("it starts");
        assert_eq!(emulator.account().region.known().map(ToString::to_string).as_deref(), Some("eu-west-1"));
        let kinesis = sdk::kinesis_as(&Caller::developer_in("eu-west-1"), Some(&emulator.endpoint_url()));
        // Of the second emulator it is not new.
        let _ = kinesis.create_stream().stream_name("kept").shard_count(1).send().await;
        let summary = kinesis.describe_stream_summary().stream_name("kept").send().await.expect("the stream");
        let arn = summary.stream_description_summary.expect("a summary").stream_arn;
        assert_eq!(arn, "arn:aws:kinesis:eu-west-1:000000000000:stream/kept");
        emulator.stop().await;
    }
    let refused = start(Account::default()).await.err().expect("it is refused").to_string();
    let path = folder.path().display();
    assert_eq!(
        refused,
        format!(
            "{path} holds streams of eu-west-1, and this emulator is in us-east-1: start it with --region eu-west-1, or name another \
             folder with --data-dir"
        )
    );
}

/// docs/aws-behaviour.md#kinesis-fan-out: with AWS's SDK client, over the event stream.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_is_pushed_a_record_when_it_is_appended() {
    let emulator = TestEmulator::with("", EmulatorOptions::default()).await;
    let kinesis = sdk::kinesis(&emulator.emulator.endpoint_url());
    let stream = emulator.stack.stream_name();
    let consumer = consumer(&kinesis, &stream).await;
    let latest = StartingPosition::builder().r#type(ShardIteratorType::Latest).build().expect("a position");
    let subscribe = || {
        let ask = kinesis.subscribe_to_shard().consumer_arn(&consumer).shard_id(SHARD);
        ask.starting_position(latest.clone()).send()
    };
    let mut subscription = subscribe().await.expect("a subscription").event_stream;

    let second = subscribe().await.expect_err("within five seconds").into_service_error();
    assert!(second.is_resource_in_use_exception(), "{second}");

    let put = kinesis.put_record().stream_name(&stream).partition_key("k").data(Blob::new("\"pushed\""));
    let placed = put.send().await.expect("a place");
    let pushed = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            let event = subscription.recv().await.expect("an event").expect("the subscription lasts");
            let SubscribeToShardEventStream::SubscribeToShardEvent(event) = event else { continue };
            if let Some(record) = event.records.into_iter().next() {
                return (record, event.continuation_sequence_number);
            }
        }
    });
    let (record, continuation) = pushed.await.expect("a record");
    assert_eq!((record.data.as_ref(), record.sequence_number), (&b"\"pushed\""[..], placed.sequence_number));
    assert!(!continuation.is_empty());
}

/// Registers a consumer and waits until it is active; returns its ARN.
pub(super) async fn consumer(kinesis: &Client, stream: &str) -> String {
    let summary = kinesis.describe_stream_summary().stream_name(stream).send().await.expect("a summary");
    let arn = summary.stream_description_summary.expect("a description").stream_arn;
    let registered = kinesis.register_stream_consumer().stream_arn(arn).consumer_name("mine").send().await;
    let consumer = registered.expect("a consumer").consumer.expect("its description").consumer_arn;
    sluicegate_tests::eventually("the consumer is active", || async {
        let described = kinesis.describe_stream_consumer().consumer_arn(&consumer).send().await;
        let status =
            described.expect("it is there").consumer_description.expect("a description").consumer_status;
        status == ConsumerStatus::Active
    })
    .await;
    consumer
}

/// A subscription repeats its position, so that a reader can distinguish a quiet shard from a dead connection.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_subscription_repeats_its_position() {
    let subscription_timers = SubscriptionTimers { idle: Duration::from_millis(10), ..Default::default() };
    let emulator =
        TestEmulator::with("", EmulatorOptions { subscription_timers, ..EmulatorOptions::default() }).await;
    let kinesis = sdk::kinesis(&emulator.emulator.endpoint_url());
    let consumer = consumer(&kinesis, &emulator.stack.stream_name()).await;
    let latest = StartingPosition::builder().r#type(ShardIteratorType::Latest).build().expect("a position");
    let ask = kinesis.subscribe_to_shard().consumer_arn(&consumer).shard_id(SHARD).starting_position(latest);
    let mut subscription = ask.send().await.expect("a subscription").event_stream;
    let mut stood = Vec::new();
    while stood.len() < 3 {
        let event = subscription.recv().await.expect("an event").expect("the subscription lasts");
        let SubscribeToShardEventStream::SubscribeToShardEvent(event) = event else { continue };
        assert!(event.records.is_empty() && event.millis_behind_latest == 0, "{event:?}");
        stood.push(event.continuation_sequence_number);
    }
    assert!(!stood[0].is_empty() && stood.iter().all(|at| *at == stood[0]), "{stood:?}");
}
