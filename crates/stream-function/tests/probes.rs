//! Probe messages are answered by the library, and no handler sees them.

use stream_function::test_kit::{TestEvent, TestKit};
use stream_function::{Connection, Event, SendError};

async fn echo(event: Event, connection: Connection) -> Result<(), SendError> {
    connection.send_text(event.payload()).await.map(drop)
}

/// To the function under test, as the kit names it.
const PROBE: &str = r#"{"action":"a","sluicegateProbe":{"id":"7","function":"function-under-test"}}"#;
const ANSWER: &str = r#"{"sluicegateProbe":{"id":"7","function":"function-under-test","routeKey":"a"}}"#;

fn probe(connection_id: &str, payload: &str) -> TestEvent {
    TestEvent::json(connection_id, payload).route("a")
}

#[test]
fn a_probe_is_answered_to_its_sender_alone() {
    let kit = TestKit::new(echo);
    let batch = kit.deliver([probe("a", PROBE), TestEvent::json("b", "1")]);
    assert_eq!(kit.sent(), [("a".to_owned(), ANSWER.to_owned()), ("b".to_owned(), "1".to_owned())]);
    assert_eq!((batch.records, batch.redeliver_from), (1, None), "a probe is no record of the function's");
}

#[test]
fn a_probe_keeps_its_place_among_the_senders_messages() {
    let kit = TestKit::new(echo);
    kit.deliver([TestEvent::json("a", "1"), probe("a", PROBE), TestEvent::json("a", "2")]);
    assert_eq!(kit.sent_to("a"), ["1", ANSWER, "2"]);
}

#[test]
fn a_probe_for_another_function_is_passed_over() {
    let kit = TestKit::new(echo);
    let batch = kit.deliver([probe("a", &PROBE.replace("under-test", "elsewhere"))]);
    assert_eq!((kit.sent().len(), batch.records, batch.redeliver_from), (0, 0, None));
}

#[test]
fn what_is_no_probe_reaches_the_handler() {
    let long = PROBE.replace("\"7\"", &format!("\"{}\"", "7".repeat(1_024)));
    let messages = [
        long.as_str(),
        r#"{"sluicegateProbe":true}"#,
        r#"{"sluicegateProbe":{"id":"7"}}"#,
        r#"{"text":"\"sluicegateProbe\""}"#,
        r#"["sluicegateProbe"]"#,
    ];
    let kit = TestKit::new(echo);
    let batch = kit.deliver(messages.map(|message| TestEvent::json("a", message)));
    assert_eq!((kit.sent_to("a"), batch.records), (messages.map(ToOwned::to_owned).to_vec(), 5));
}

/// Nothing is retried, remembered or given up for it, whatever its client does.
#[test]
fn an_answer_that_fails_leaves_nothing_behind() {
    let kit = TestKit::new(echo);
    kit.unavailable("a", 1);
    let batch = kit.deliver([probe("a", PROBE), TestEvent::json("a", "1")]);
    assert_eq!((kit.sent_to("a"), batch.retried, batch.redeliver_from), (vec!["1".to_owned()], 0, None));
    assert_eq!(kit.dead_letters().len(), 0);
}
