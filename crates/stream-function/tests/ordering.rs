//! For any interleaving of outcomes, deadlines, redeliveries and cold restarts: order, completeness, no second send.
//!
//! Lambda retries the lowest sequence number that was reported and everything after it (AWS Lambda, "Configuring
//! partial batch response with Kinesis"); `TestKit::redeliver` does the same.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use stream_function::test_kit::{TestDeadLetter, TestEvent, TestKit};
use stream_function::{Connection, Event, Failure, give_up, retry};
use tokio::time::sleep;

/// What the handler does in each of its first runs at one record; in those that follow it succeeds.
#[derive(Clone, Copy, Debug)]
enum Run {
    Retry,
    SendThenRetry,
    Fail,
    SendThenFail,
    GiveUp,
    Hang,
}

#[derive(Clone, Debug)]
struct Script {
    connection: u8,
    /// How long each run takes, which shuffles the connections among each other.
    takes_ms: u64,
    runs: Vec<Run>,
}

/// What one delivery meets.
#[derive(Clone, Copy, Debug)]
struct Circumstances {
    time_left_ms: u64,
    queue_refuses: bool,
    cold: bool,
}

/// What the handler did: its runs and the runs that ended well, by the record's place in the stream.
#[derive(Default)]
struct Journal {
    runs: HashMap<usize, usize>,
    begun: Vec<usize>,
    succeeded: Vec<usize>,
}

fn script() -> impl Strategy<Value = Script> {
    let run = prop_oneof![
        4 => Just(Run::Retry),
        1 => Just(Run::SendThenRetry),
        2 => Just(Run::Fail),
        1 => Just(Run::SendThenFail),
        1 => Just(Run::GiveUp),
        1 => Just(Run::Hang),
    ];
    let runs = prop_oneof![3 => Just(Vec::new()), 2 => prop::collection::vec(run, 1..20)];
    (0u8..4, 0u64..400, runs).prop_map(|(connection, takes_ms, runs)| Script { connection, takes_ms, runs })
}

fn circumstances() -> impl Strategy<Value = Circumstances> {
    let time_left_ms = prop_oneof![Just(30_000), 500u64..4_000];
    (time_left_ms, prop::bool::weighted(0.2), prop::bool::weighted(0.1))
        .prop_map(|(time_left_ms, queue_refuses, cold)| Circumstances { time_left_ms, queue_refuses, cold })
}

/// Runs one record's script: the record's payload is its place in the stream.
async fn handle(
    scripts: &[Script],
    journal: &RefCell<Journal>,
    event: &Event,
    connection: &Connection,
) -> Result<(), Failure> {
    let place: usize = event.json()?;
    let script = &scripts[place];
    let run = {
        let mut journal = journal.borrow_mut();
        journal.begun.push(place);
        let runs = journal.runs.entry(place).or_default();
        *runs += 1;
        script.runs.get(*runs - 1).copied()
    };
    sleep(Duration::from_millis(script.takes_ms)).await;
    match run {
        Some(Run::Retry) => return Err(retry("later")),
        Some(Run::Fail) => return Err("broken".into()),
        Some(Run::GiveUp) => return Err(give_up("never")),
        Some(Run::Hang) => std::future::pending().await,
        Some(Run::SendThenRetry) => {
            connection.send_text(event.payload()).await?;
            return Err(retry("later"));
        }
        Some(Run::SendThenFail) => {
            connection.send_text(event.payload()).await?;
            return Err("broken".into());
        }
        None => {}
    }
    connection.send_text(event.payload()).await?;
    journal.borrow_mut().succeeded.push(place);
    Ok(())
}

fn is_rising(places: impl IntoIterator<Item = usize>) -> bool {
    places.into_iter().is_sorted()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    // long: one property: a model, its steps and what must hold after them
    #[test]
    fn order_and_completeness_hold(
        scripts in prop::collection::vec(script(), 1..24),
        deliveries in prop::collection::vec(circumstances(), 12),
    ) {
        let journal = RefCell::new(Journal::default());
        let kit = TestKit::new(async |event: Event, connection: Connection| {
            handle(&scripts, &journal, &event, &connection).await
        });
        let name = |place: usize| format!("client-{}", scripts[place].connection);
        let places = |dead_letters: Vec<TestDeadLetter>| -> Vec<usize> {
            let payload = |data: Vec<u8>| serde_json::from_slice::<serde_json::Value>(&data).unwrap()["payload"].as_u64();
            dead_letters.into_iter().map(|dead_letter| payload(dead_letter.data.unwrap()).unwrap() as usize).collect()
        };
        // What a dead-letter queue in an outage has not taken; a cold restart forgets it.
        let mut set_aside: Vec<usize> = Vec::new();

        // Where, in the kit's list of sends and in the journal, this environment's life began.
        let (mut sends_before, mut begun_before) = (0, 0);
        let mut begins_at = 0;
        let mut ended = false;
        for (number, delivery) in deliveries.iter().copied().chain(std::iter::repeat_n(UNDISTURBED, 200)).enumerate() {
            kit.time_left(Duration::from_millis(delivery.time_left_ms));
            kit.dead_letter_queue_refuses(delivery.queue_refuses);
            if delivery.cold {
                kit.restart();
                (sends_before, begun_before) = (kit.sent().len(), journal.borrow().begun.len());
            }
            let batch = if number == 0 {
                kit.deliver((0..scripts.len()).map(|place| TestEvent::message(&name(place), place)))
            } else {
                kit.redeliver()
            };

            let journal = journal.borrow();
            let dead_letters = places(kit.dead_letters());
            set_aside.extend(places(kit.set_aside()));
            let is_finished =
                |place: usize| [&journal.succeeded, &dead_letters, &set_aside].iter().any(|ended| ended.contains(&place));
            let checkpoint = batch.redeliver_from.map_or(scripts.len(), |place| begins_at + place);
            prop_assert!((0..checkpoint).all(is_finished), "a record before the checkpoint is not finished");
            if checkpoint < scripts.len() {
                let was_cold = deliveries.iter().take(number + 1).any(|delivery| delivery.cold);
                prop_assert!(was_cold || !is_finished(checkpoint), "a finished record is reported");
            }
            for client in 0..4u8 {
                let own = |place: &usize| scripts[*place].connection == client;
                prop_assert!(is_rising(journal.begun[begun_before..].iter().copied().filter(own)), "begun out of order");
                let sends = kit.sent().into_iter().skip(sends_before).map(|(_, text)| text.parse::<usize>().unwrap());
                prop_assert!(is_rising(sends.filter(own)), "sent out of order");
            }
            for (place, script) in scripts.iter().enumerate() {
                let runs_failed_after_sending = script.runs.iter().take(journal.runs.get(&place).copied().unwrap_or(0))
                    .filter(|run| matches!(run, Run::SendThenRetry | Run::SendThenFail)).count();
                let text = place.to_string();
                let sends = kit.sent().into_iter().skip(sends_before).filter(|(_, sent)| *sent == text).count();
                prop_assert!(sends <= 1 + runs_failed_after_sending, "sent again without a failure");
            }
            begins_at = checkpoint;
            if batch.redeliver_from.is_none() {
                ended = true;
                break;
            }
        }
        prop_assert!(ended, "a quarantined record stops the shard");
        // A record has one end: answered or in the dead-letter queue; both only where a cold restart forgot the first.
        kit.dead_letter_queue_refuses(false);
        kit.time_left(Duration::from_secs(30));
        kit.pass(OUTAGE);
        kit.deliver([]);
        let dead_letters = places(kit.dead_letters());
        let succeeded = &journal.borrow().succeeded;
        if !deliveries.iter().any(|delivery| delivery.cold) {
            for place in 0..scripts.len() {
                let ends = |places: &[usize]| places.iter().filter(|ended| **ended == place).count();
                prop_assert_eq!(ends(&dead_letters) + ends(succeeded), 1, "record {}", place);
            }
        }
    }
}

/// Longer than the library waits between two tries to report what was set aside.
const OUTAGE: Duration = Duration::from_secs(31);

/// Once this comes, nothing but the records themselves can fail.
const UNDISTURBED: Circumstances = Circumstances { time_left_ms: 30_000, queue_refuses: false, cold: false };
