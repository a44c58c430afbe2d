//! Where calls fail for everybody alike, records are tried again and delivered again, and none is set aside early.

use stream_function::test_kit::{TestEvent, TestKit};
use stream_function::{Connection, Event, SendError, limits};

const CONNECTIONS: usize = 20;
const MESSAGES: usize = 2_000;
const BATCH: usize = 16;

async fn echo(event: Event, connection: Connection) -> Result<(), SendError> {
    connection.send_text(event.payload()).await.map(drop)
}

fn name(n: usize) -> String {
    format!("client-{}", n % CONNECTIONS)
}

/// All messages, each batch until it is done, as Lambda does.
fn run(
    prepare: impl FnOnce(&TestKit<fn(Event, Connection) -> Echo>),
) -> TestKit<fn(Event, Connection) -> Echo> {
    let kit = TestKit::new((|event, connection| Box::pin(echo(event, connection)) as Echo) as fn(_, _) -> _);
    prepare(&kit);
    for begin in (0..MESSAGES).step_by(BATCH) {
        let batch = (begin..MESSAGES.min(begin + BATCH)).map(|n| TestEvent::message(&name(n), n));
        let mut delivered = kit.deliver(batch);
        while delivered.redeliver_from.is_some() {
            delivered = kit.redeliver();
        }
    }
    kit
}

type Echo = std::pin::Pin<Box<dyn Future<Output = Result<(), SendError>>>>;

/// The records' payloads that each client should have got, in order.
fn expected(connection: &str) -> Vec<String> {
    (0..MESSAGES).filter(|n| name(*n) == connection).map(|n| n.to_string()).collect()
}

#[test]
fn uniform_throttling_sends_no_record_to_the_dead_letter_queue() {
    for percent in [10, 30, 50, 70] {
        for is_throttled in [true, false] {
            let share = f64::from(percent) / 100.0;
            let kit = run(|kit| {
                if is_throttled { kit.throttled_by_chance(share) } else { kit.unavailable_by_chance(share) }
            });
            assert!(kit.dead_letters().is_empty(), "{percent} %: {} records", kit.dead_letters().len());
            for n in 0..CONNECTIONS {
                assert_eq!(kit.sent_to(&name(n)), expected(&name(n)), "{percent} %");
            }
        }
    }
}

/// Where most calls fail, some records do in each of their five deliveries; none is set aside before the last.
#[test]
fn what_fails_nearly_always_is_set_aside_after_its_last_delivery_alone() {
    for (percent, records_max) in [(80, MESSAGES / 200), (95, MESSAGES / 2)] {
        let kit = run(|kit| kit.throttled_by_chance(f64::from(percent) / 100.0));
        let deliveries: Vec<_> =
            kit.dead_letters().iter().map(|dead_letter| dead_letter.deliveries).collect();
        assert!(deliveries.len() <= records_max, "{percent} %: {} records", deliveries.len());
        let last = u64::from(limits::DELIVERIES_MAX);
        assert!(deliveries.iter().all(|deliveries| *deliveries == last), "{percent} %: {deliveries:?}");
    }
}
