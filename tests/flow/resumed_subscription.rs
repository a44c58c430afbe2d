//! A consumer whose connection is lost continues at its position, with AWS's SDK client.

use super::persisted_streams::{SHARD, consumer};
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{
    PutRecordsRequestEntry, ShardIteratorType, StartingPosition, SubscribeToShardEventStream,
};
use emulator::EmulatorOptions;
use emulator::services::kinesis::SubscriptionTimers;
use sluicegate_tests::sdk;
use sluicegate_tests::test_emulator::TestEmulator;
use std::time::Duration;

const RECORDS: usize = 600;
const RECORDS_A_PUT: usize = 10;

fn position(kind: ShardIteratorType, sequence_number: Option<String>) -> StartingPosition {
    let position = StartingPosition::builder().r#type(kind).set_sequence_number(sequence_number);
    position.build().expect("a position")
}

/// Puts numbered records, in their order.
async fn write(kinesis: Client, stream: String) {
    for first in (0..RECORDS).step_by(RECORDS_A_PUT) {
        let entry = |n: usize| {
            let entry = PutRecordsRequestEntry::builder().partition_key("k").data(Blob::new(n.to_string()));
            entry.build().expect("an entry")
        };
        let entries = (first..first + RECORDS_A_PUT).map(entry).collect();
        let put = kinesis.put_records().stream_name(&stream).set_records(Some(entries)).send().await;
        assert_eq!(put.expect("places").failed_record_count, Some(0));
    }
}

/// docs/aws-behaviour.md#kinesis-subscribe-positions: after the last record's sequence number, and at or after the last
/// event's continuation, while records are put.
#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_consumer_misses_and_repeats_no_record() {
    let subscription_timers = SubscriptionTimers { exclusive: Duration::ZERO, ..Default::default() };
    let emulator =
        TestEmulator::with("", EmulatorOptions { subscription_timers, ..EmulatorOptions::default() }).await;
    let kinesis = sdk::kinesis(&emulator.emulator.endpoint_url());
    let stream = emulator.stack.stream_name();
    let consumer = consumer(&kinesis, &stream).await;
    let writer = tokio::spawn(write(kinesis.clone(), stream));
    let mut seen = Vec::new();
    let mut next = position(ShardIteratorType::TrimHorizon, None);
    for round in 0.. {
        let ask =
            kinesis.subscribe_to_shard().consumer_arn(&consumer).shard_id(SHARD).starting_position(next);
        let mut subscription = ask.send().await.expect("a subscription").event_stream;
        let event = loop {
            let event = subscription.recv().await.expect("an event").expect("the subscription lasts");
            let SubscribeToShardEventStream::SubscribeToShardEvent(event) = event else { continue };
            if !event.records.is_empty() {
                break event;
            }
        };
        // The connection is lost; every third time, before the event is completely handled.
        drop(subscription);
        let handled = if round % 3 == 0 { event.records.len().div_ceil(2) } else { event.records.len() };
        let records = &event.records[..handled];
        seen.extend(records.iter().map(|record| String::from_utf8_lossy(record.data.as_ref()).into_owned()));
        if seen.len() >= RECORDS {
            break;
        }
        let last = records.last().expect("a record").sequence_number.clone();
        let continuation = event.continuation_sequence_number;
        assert_ne!(continuation, event.records.last().expect("a record").sequence_number);
        next = match round % 3 {
            0 => position(ShardIteratorType::AfterSequenceNumber, Some(last)),
            1 => position(ShardIteratorType::AtSequenceNumber, Some(continuation)),
            _ => position(ShardIteratorType::AfterSequenceNumber, Some(continuation)),
        };
    }
    writer.await.expect("the writer ends");
    let expected: Vec<_> = (0..RECORDS).map(|n| n.to_string()).collect();
    assert_eq!(seen, expected);
}
