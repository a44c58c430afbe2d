//! How far a poller reads ahead of what is done.

use super::batch::{BatchOutcome, INVOCATION_BYTES_MAX, RetryLimits};
use super::partition_queue::PartitionQueueSettings;
use super::poller::{Next, Poller, READ_AHEAD_BYTES_MAX};
use crate::services::kinesis::Record;
use std::sync::Arc;

fn record(number: usize, bytes: usize) -> Record {
    Record {
        sequence_number: format!("{number:08}").into(),
        partition_key: "k".into(),
        data: "A".repeat(bytes),
        arrived_ms: 0,
    }
}

fn poller() -> Poller {
    let settings = PartitionQueueSettings {
        batch_size: 10_000,
        window_ms: 0,
        retry: RetryLimits { bisect: false, retries_max: None },
        record_age_max_ms: None,
        envelope_bytes: 0,
    };
    Poller::new(settings, 1, None)
}

/// Ten full invocations and no more; records of a read that exceed this are read again, when half of them are done.
#[test]
fn what_is_read_ahead_has_a_limit_in_bytes() {
    const FULL: usize = READ_AHEAD_BYTES_MAX / INVOCATION_BYTES_MAX;
    let mut poller = poller();
    let Next::Read { after: None, limit } = poller.next(0) else { panic!("nothing was read yet") };
    let found = (1..=FULL + 2).map(|number| record(number, INVOCATION_BYTES_MAX)).collect();
    poller.take(found, limit, |_| true, 0);
    for done in 0..FULL {
        let next = poller.next(0);
        if let Next::Read { after, .. } = next {
            assert_eq!(after.as_deref(), Some(&*format!("{FULL:08}")));
            assert_eq!(done, FULL - FULL / 2, "half of it is free");
            return;
        }
        let Next::Invoke { queue, records } = next else { panic!("unexpected {next:?}") };
        assert_eq!(records.len(), 1, "each fills an invocation");
        poller.settle(queue, "id".into(), &BatchOutcome::Done, 0);
    }
    panic!("nothing more was read");
}

/// A record that exceeds the limit by itself is delivered all the same.
#[test]
fn a_single_record_is_never_too_large_to_be_read() {
    let mut poller = poller();
    let Next::Read { limit, .. } = poller.next(0) else { panic!("nothing was read yet") };
    poller.take(vec![record(1, READ_AHEAD_BYTES_MAX + 1), record(2, 1)], limit, |_| true, 0);
    let Next::Invoke { queue, records } = poller.next(0) else { panic!("it is handed over") };
    assert_eq!(records.len(), 1);
    poller.settle(queue, "id".into(), &BatchOutcome::Done, 0);
    let after = Some(Arc::from("00000001"));
    assert!(matches!(poller.next(0), Next::Read { after: from, .. } if from == after));
}
