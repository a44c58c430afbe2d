//! What becomes of records that were given up while the dead-letter queue refuses them.

use std::time::Duration;

use stream_function::test_kit::{TestEvent, TestKit};
use stream_function::{Connection, Event, Failure, Function, give_up, limits};

async fn give_up_on_bad_ones(event: Event, connection: Connection) -> Result<(), Failure> {
    if event.connection_id().starts_with("bad") {
        return Err(give_up("never"));
    }
    connection.send_text(event.payload()).await?;
    Ok(())
}

fn messages(count: usize) -> Vec<TestEvent> {
    (0..count).map(|n| TestEvent::message(if n % 4 == 0 { "bad" } else { "good" }, n)).collect()
}

/// The others wait once, and for as long as is said; nothing is lost while the environment lives.
#[test]
fn an_outage_of_the_queue_stalls_the_shard_once_and_loses_nothing() {
    let kit = TestKit::new(give_up_on_bad_ones);
    kit.dead_letter_queue_refuses(true);
    let begun = kit.elapsed();
    let batch = kit.deliver(messages(16));
    assert_eq!(batch.redeliver_from, None, "nobody waits for a mapping's back-off");
    let stall = kit.elapsed() - begun;
    let waited = limits::DEAD_LETTER_PATIENCE..limits::DEAD_LETTER_PATIENCE + Duration::from_millis(50);
    assert!(waited.contains(&stall), "{stall:?}");
    assert_eq!((kit.sent_to("good").len(), kit.set_aside().len(), kit.dead_letters().len()), (12, 4, 0));

    let begun = kit.elapsed();
    for _ in 0..100 {
        assert_eq!(kit.deliver(messages(16)).redeliver_from, None);
    }
    assert!(kit.elapsed() - begun < Duration::from_millis(50), "the outage is known");
    assert_eq!((kit.sent_to("good").len(), kit.set_aside().len()), (12 * 101, 4 * 101));

    kit.dead_letter_queue_refuses(false);
    kit.pass(limits::REPORT_AGAIN_LONGEST);
    kit.deliver([TestEvent::message("good", 1)]);
    assert!(kit.set_aside().is_empty());
    let numbers: Vec<_> = kit
        .dead_letters()
        .iter()
        .map(|dead_letter| dead_letter.message["record"]["sequenceNumber"].as_str().map(String::from))
        .collect();
    assert_eq!(numbers.len(), 4 * 101);
    assert!(numbers.is_sorted(), "in the order of the stream");
}

/// A moment's refusal costs a moment.
#[test]
fn a_queue_that_recovers_takes_the_record_at_once() {
    let kit = TestKit::new(give_up_on_bad_ones);
    kit.dead_letter_queue_refuses_for(Duration::from_millis(500));
    assert_eq!(kit.deliver(messages(4)).redeliver_from, None);
    assert_eq!((kit.dead_letters().len(), kit.set_aside().len()), (1, 0));
}

/// For who would rather stop the shard than go past a record.
#[test]
fn with_endless_patience_the_record_stays_in_the_stream() {
    let kit = TestKit::of(Function::new(give_up_on_bad_ones).dead_letter_patience(Duration::MAX));
    kit.dead_letter_queue_refuses(true);
    assert_eq!(kit.deliver(messages(2)).redeliver_from, Some(0));
    for _ in 0..20 {
        assert_eq!(kit.redeliver().redeliver_from, Some(0));
    }
    kit.dead_letter_queue_refuses(false);
    assert_eq!(kit.redeliver().redeliver_from, None);
    assert_eq!((kit.dead_letters().len(), kit.sent_to("good").len()), (1, 1));
}

/// Memory is bounded: the oldest go, and the log has their places in the stream.
#[test]
fn what_is_set_aside_is_bounded() {
    let kit = TestKit::new(give_up_on_bad_ones);
    kit.dead_letter_queue_refuses(true);
    for _ in 0..11 {
        kit.deliver((0..100).map(|n| TestEvent::message("bad", n)));
    }
    assert_eq!(kit.set_aside().len(), limits::SET_ASIDE_MAX);
    kit.deliver((0..64).map(|_| TestEvent::record("bad", vec![b'x'; 180_000])));
    let bytes: usize = kit.set_aside().iter().map(|dead_letter| dead_letter.message.to_string().len()).sum();
    assert!(bytes <= limits::SET_ASIDE_BYTES_MAX, "{bytes}");
}
