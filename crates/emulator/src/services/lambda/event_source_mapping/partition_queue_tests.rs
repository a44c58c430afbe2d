//! Invariants of partition queues and checkpoints over random sequences of outcomes, and the cases observed on AWS.

use super::batch::{BatchOutcome, RetryLimits};
use super::checkpoint::Checkpoint;
use super::partition_queue::{BACKOFF_MAX_MS, Condition, PartitionQueue, PartitionQueueSettings, Step};
use crate::services::kinesis::Record;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

fn record(number: usize, arrived_ms: u64) -> Arc<Record> {
    Arc::new(Record {
        sequence_number: format!("{number:08}").into(),
        partition_key: format!("key-{}", number % 5),
        data: "e30=".into(),
        arrived_ms,
    })
}

fn settings(batch_size: usize, bisect: bool, retries_max: Option<u32>) -> PartitionQueueSettings {
    PartitionQueueSettings {
        batch_size,
        window_ms: 0,
        retry: RetryLimits { bisect, retries_max },
        record_age_max_ms: None,
        envelope_bytes: 0,
    }
}

/// The function's result for a batch, chosen by the test.
#[derive(Debug, Clone, Copy)]
enum Says {
    Done,
    Failed,
    DoneBefore(usize),
    NotInvoked,
}

fn says() -> impl Strategy<Value = Says> {
    prop_oneof![
        5 => Just(Says::Done),
        3 => Just(Says::Failed),
        3 => (0..20_usize).prop_map(Says::DoneBefore),
        1 => Just(Says::NotInvoked),
    ]
}

proptest! {
    /// Whatever the function returns, every record is delivered and then done or given up, in order, none is delivered
    /// again after that, and the checkpoint never passes one that is open.
    // long: one property: a model, its steps and what must hold after them
    #[test]
    fn every_record_is_done_or_given_up_and_the_checkpoint_waits(
        records in 1..60_usize,
        batch_size in 1..20_usize,
        bisect in any::<bool>(),
        retries_max in 0..4_u32,
        answers in proptest::collection::vec(says(), 0..200),
    ) {
        let settings = settings(batch_size, bisect, Some(retries_max));
        let mut queue = PartitionQueue::default();
        let mut checkpoint = Checkpoint::default();
        let mut settled = BTreeMap::new();
        for number in 0..records {
            let record = record(number, 0);
            checkpoint.read(record.sequence_number.clone());
            queue.push(record, 0);
        }
        let mut answers = answers.into_iter();
        let mut now_ms = 0;
        for _ in 0..100_000 {
            match queue.step(&settings, now_ms) {
                Step::Rest => break,
                Step::WaitUntil(at_ms) => {
                    prop_assert!(at_ms > now_ms && at_ms - now_ms <= BACKOFF_MAX_MS);
                    now_ms = at_ms;
                }
                Step::GiveUp(given_up) => {
                    for record in given_up.batch.records {
                        prop_assert!(settled.insert(record.sequence_number.clone(), "given up").is_none());
                        checkpoint.done(&record.sequence_number);
                    }
                }
                Step::Invoke(batch) => {
                    prop_assert!(!batch.is_empty() && batch.len() <= batch_size);
                    prop_assert!(batch.is_sorted_by(|a, b| a.sequence_number < b.sequence_number));
                    for record in &batch {
                        prop_assert!(!settled.contains_key(&record.sequence_number), "handed over after it was settled");
                    }
                    // Nothing before this batch may be open: order within the partition queue.
                    let first = &batch[0].sequence_number;
                    prop_assert_eq!(settled.range::<Arc<str>, _>(..first).count(), first.parse::<usize>().unwrap());
                    let outcome = match answers.next().unwrap_or(Says::Done) {
                        Says::Done => BatchOutcome::Done,
                        Says::Failed => BatchOutcome::Failed,
                        Says::NotInvoked => BatchOutcome::NotInvoked,
                        Says::DoneBefore(index) => {
                            BatchOutcome::DoneBefore(batch[index % batch.len()].sequence_number.clone())
                        }
                    };
                    for record in queue.settle(&settings, "id".into(), &outcome, now_ms) {
                        prop_assert!(settled.insert(record.sequence_number.clone(), "done").is_none());
                        checkpoint.done(&record.sequence_number);
                    }
                }
            }
            let undone = (0..records).map(|n| format!("{n:08}")).find(|n| !settled.contains_key(n.as_str()));
            if let (Some(through), Some(undone)) = (checkpoint.through(), undone) {
                prop_assert!(through.as_ref() < undone.as_str(), "the checkpoint passed an open record");
            }
        }
        prop_assert_eq!(settled.len(), records);
        prop_assert_eq!(queue.held(), 0);
        prop_assert_eq!(checkpoint.ahead(), 0);
    }

    /// Records may be done in any order: the checkpoint follows the oldest open one.
    #[test]
    fn a_checkpoint_is_the_longest_done_prefix(order in Just((0..40_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let mut checkpoint = Checkpoint::default();
        for number in 0..40_usize {
            checkpoint.read(format!("{number:08}").into());
        }
        let mut done = [false; 40];
        for number in order {
            checkpoint.done(&format!("{number:08}"));
            done[number] = true;
            let prefix = done.iter().take_while(|done| **done).count();
            let expected = prefix.checked_sub(1).map(|last| format!("{last:08}"));
            prop_assert_eq!(checkpoint.through().map(|through| through.to_string()), expected);
        }
    }
}

/// Delivers the next batch, waiting as long as the partition queue wants.
fn next_batch(queue: &mut PartitionQueue, settings: &PartitionQueueSettings, now_ms: &mut u64) -> Step {
    loop {
        match queue.step(settings, *now_ms) {
            Step::WaitUntil(at_ms) => *now_ms = at_ms,
            step => return step,
        }
    }
}

/// docs/aws-behaviour.md#lambda-reports, observed: record 6 of 10 in batches of 3 with 3 retries was tried once in its
/// batch, then 1 + 3 times alone, and the destination's report counts 4 invocations.
#[test]
fn progress_resets_the_count_of_retries() {
    let settings = settings(3, false, Some(3));
    let mut queue = PartitionQueue::default();
    for number in 1..=10 {
        queue.push(record(number, 0), 0);
    }
    let (mut now_ms, mut tries_of_6) = (0, Vec::new());
    loop {
        match next_batch(&mut queue, &settings, &mut now_ms) {
            Step::Invoke(batch) => {
                let outcome = match batch.iter().find(|record| &*record.sequence_number == "00000006") {
                    Some(poison) => {
                        tries_of_6.push(batch.len());
                        BatchOutcome::DoneBefore(poison.sequence_number.clone())
                    }
                    None => BatchOutcome::Done,
                };
                queue.settle(&settings, "id".into(), &outcome, now_ms);
            }
            Step::GiveUp(given_up) => {
                assert_eq!(tries_of_6, [3, 1, 1, 1, 1]);
                assert_eq!(given_up.condition, Condition::RetryAttemptsExhausted);
                assert_eq!((given_up.batch.records.len(), given_up.batch.invocations), (1, 4));
                return;
            }
            step => panic!("unexpected {step:?}"),
        }
    }
}

/// docs/aws-behaviour.md#lambda-failures, observed: with batch size 1, unlimited retries and a maximum age of 60 s
/// there are eight invocations, then the report that the record is too old.
#[test]
fn a_record_of_a_minutes_patience_is_tried_eight_times() {
    let settings = PartitionQueueSettings { record_age_max_ms: Some(60_000), ..settings(1, false, None) };
    let mut queue = PartitionQueue::default();
    queue.push(record(1, 0), 0);
    let (mut now_ms, mut invocations) = (0, 0);
    loop {
        match next_batch(&mut queue, &settings, &mut now_ms) {
            Step::Invoke(_) => {
                invocations += 1;
                queue.settle(&settings, "id".into(), &BatchOutcome::Failed, now_ms);
            }
            Step::GiveUp(given_up) => {
                assert_eq!(given_up.condition, Condition::RecordAgeExceeded);
                assert_eq!((invocations, given_up.batch.invocations), (8, 8));
                return;
            }
            step => panic!("unexpected {step:?}"),
        }
    }
}

/// docs/aws-behaviour.md#lambda-failures: records that are too old are given up one by one, and the others continue.
#[test]
fn expired_records_leave_singly_and_the_rest_of_their_batch_goes_on() {
    let settings = PartitionQueueSettings { record_age_max_ms: Some(60_000), ..settings(3, false, None) };
    let mut queue = PartitionQueue::default();
    for (number, arrived_ms) in [(1, 0), (2, 10), (3, 30_000), (4, 20), (5, 30_000)] {
        queue.push(record(number, arrived_ms), 30_000);
    }
    assert!(matches!(queue.step(&settings, 30_000), Step::Invoke(batch) if batch.len() == 3));
    queue.settle(&settings, "id".into(), &BatchOutcome::Failed, 30_000);
    let now_ms = 60_050;
    let mut given_up = Vec::new();
    let mut handed_over = Vec::new();
    let numbers = |records: &[Arc<Record>]| -> Vec<usize> {
        records.iter().map(|record| record.sequence_number.parse().expect("a number")).collect()
    };
    loop {
        match queue.step(&settings, now_ms) {
            Step::GiveUp(expired) => {
                assert_eq!(expired.condition, Condition::RecordAgeExceeded);
                given_up.push((numbers(&expired.batch.records), expired.batch.invocations));
            }
            Step::Invoke(batch) => {
                handed_over.push(numbers(&batch));
                queue.settle(&settings, "id".into(), &BatchOutcome::Done, now_ms);
            }
            Step::Rest => break,
            step => panic!("unexpected {step:?}"),
        }
    }
    // The fourth was never in a batch.
    assert_eq!(given_up, [(vec![1], 1), (vec![2], 1), (vec![4], 0)]);
    assert_eq!(handed_over, [[3], [5]]);
}

/// docs/aws-behaviour.md#lambda-mappings: splitting does not use up retries, so a poison record does not harm its
/// neighbours.
#[test]
fn bisection_isolates_a_poison_record() {
    let settings = settings(16, true, Some(1));
    let mut queue = PartitionQueue::default();
    for number in 0..16 {
        queue.push(record(number, 0), 0);
    }
    let (mut now_ms, mut done) = (0, 0);
    loop {
        match next_batch(&mut queue, &settings, &mut now_ms) {
            Step::Invoke(batch) => {
                let has_poison = batch.iter().any(|record| &*record.sequence_number == "00000011");
                let outcome = if has_poison { BatchOutcome::Failed } else { BatchOutcome::Done };
                done += queue.settle(&settings, "id".into(), &outcome, now_ms).len();
            }
            Step::GiveUp(given_up) => {
                let numbers: Vec<_> =
                    given_up.batch.records.iter().map(|record| &*record.sequence_number).collect();
                assert_eq!(numbers, ["00000011"]);
            }
            Step::Rest => break,
            step => panic!("unexpected {step:?}"),
        }
    }
    assert_eq!(done, 15);
}

/// docs/aws-behaviour.md#lambda-reports: with bisection the batch splits at the reported record, and what is before it
/// is done. A report of the first record does not split there: the batch is halved.
#[test]
fn under_bisection_a_batch_splits_at_the_reported_record() {
    let settings = settings(10, true, Some(0));
    let mut queue = PartitionQueue::default();
    for number in 0..10 {
        queue.push(record(number, 0), 0);
    }
    let mut now_ms = 0;
    let mut numbers = Vec::new();
    for first_left in [Some(4), Some(4), None, None] {
        let Step::Invoke(batch) = next_batch(&mut queue, &settings, &mut now_ms) else { panic!("a batch") };
        let sequence_numbers = batch.iter().map(|record| record.sequence_number.parse().expect("a number"));
        numbers.push(sequence_numbers.collect::<Vec<usize>>());
        let outcome = match first_left {
            Some(number) => BatchOutcome::DoneBefore(record(number, 0).sequence_number.clone()),
            None => BatchOutcome::Done,
        };
        queue.settle(&settings, "id".into(), &outcome, now_ms);
    }
    assert_eq!(
        numbers,
        [(0..10).collect::<Vec<_>>(), (4..10).collect(), (4..7).collect(), (7..10).collect()]
    );
    assert_eq!(next_batch(&mut queue, &settings, &mut now_ms), Step::Rest);
}

#[test]
fn a_batch_waits_for_its_window_or_until_it_is_full() {
    let settings = PartitionQueueSettings { window_ms: 500, ..settings(2, false, None) };
    let mut queue = PartitionQueue::default();
    queue.push(record(1, 0), 1_000);
    assert_eq!(queue.step(&settings, 1_000), Step::WaitUntil(1_500));
    queue.push(record(2, 0), 1_100);
    assert!(matches!(queue.step(&settings, 1_100), Step::Invoke(batch) if batch.len() == 2));
    queue.settle(&settings, "id".into(), &BatchOutcome::Done, 1_200);
    queue.push(record(3, 0), 1_300);
    assert!(matches!(queue.step(&settings, 1_800), Step::Invoke(batch) if batch.len() == 1));
}
