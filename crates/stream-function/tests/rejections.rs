//! Handlers that panic or reject, and events that are not messages.

use serde_json::json;
use stream_function::test_kit::{TestEvent, TestKit};
use stream_function::{Connection, Event, Failure, Function, SendError, limits, reject};

async fn echo(event: Event, connection: Connection) -> Result<(), SendError> {
    connection.send_text(event.payload()).await.map(drop)
}

/// One bug, met by one record, costs that record alone.
#[test]
fn a_panic_sends_its_record_to_the_dead_letter_queue_and_holds_nobody_up() {
    let mut kit = TestKit::new(async |event: Event, connection: Connection| {
        let orders = [1];
        let order: usize = event.json()?;
        connection.send_json(&orders[order]).await?;
        Ok::<_, Failure>(())
    });
    kit.isolate_panics();
    let batch =
        kit.deliver([("a", 0), ("a", 7), ("a", 0), ("b", 0)].map(|(id, n)| TestEvent::message(id, n)));
    assert_eq!((batch.redeliver_from, batch.retried), (None, 0));
    assert_eq!(
        (kit.sent_to("a"), kit.sent_to("b")),
        (vec!["1".to_owned(), "1".to_owned()], vec!["1".to_owned()])
    );
    let [dead_letter] = &kit.dead_letters()[..] else { panic!("{:?}", kit.dead_letters()) };
    assert_eq!(dead_letter.reason, "panicked");
    let says = "the handler panicked: index out of bounds: the len is 1 but the index is 7, at ";
    assert!(
        dead_letter.error.starts_with(says) && dead_letter.error.contains("rejections.rs:"),
        "{dead_letter:?}"
    );
}

/// An assertion in a handler under test must be able to fail.
#[test]
#[should_panic(expected = "unexpected: 7")]
fn a_panic_goes_through_to_a_test_that_does_not_isolate_it() {
    let kit = TestKit::new(async |event: Event, _: Connection| {
        panic!("unexpected: {}", event.payload());
        #[expect(unreachable_code, reason = "gives the handler its type")]
        Ok::<_, Failure>(())
    });
    kit.deliver([TestEvent::message("a", 7)]);
}

async fn order(event: Event, connection: Connection) -> Result<(), Failure> {
    let pieces: u32 = event.json().map_err(|error| reject(format!("no order: {error}")))?;
    connection.send_json(&pieces).await?;
    Ok(())
}

/// The client can mend its message, and an operator cannot.
#[test]
fn a_rejected_message_is_answered_and_done() {
    let kit = TestKit::new(order);
    let batch = kit.deliver([TestEvent::json("a", r#""two""#), TestEvent::message("a", 2)]);
    assert_eq!((batch.redeliver_from, batch.retried, kit.dead_letters().len()), (None, 0, 0));
    let [rejected, answer] = &kit.sent_to("a")[..] else { panic!("{:?}", kit.sent()) };
    let rejected: serde_json::Value = serde_json::from_str(rejected).unwrap();
    assert!(
        rejected["message"].as_str().unwrap().starts_with("no order: invalid type: string"),
        "{rejected}"
    );
    assert_eq!((&rejected["connectionId"], &rejected["requestId"]), (&json!("a"), &json!("test-frame")));
    assert_eq!(answer, "2");
}

/// The frame is posted like any other message: for as long as the record has, and to nobody who has left.
#[test]
fn a_rejection_that_cannot_be_posted_is_a_failed_post() {
    let kit = TestKit::new(order);
    kit.throttled("a", 3);
    kit.gone("b");
    kit.forbidden("c");
    let batch = kit.deliver(["a", "b", "c"].map(|id| TestEvent::message(id, -1)));
    assert_eq!((batch.redeliver_from, batch.retried), (None, 3));
    assert_eq!(kit.sent().iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["a"]);
    let dead_letters = kit.dead_letters();
    assert_eq!(dead_letters.iter().map(|letter| letter.reason.as_str()).collect::<Vec<_>>(), ["gave_up"]);
    kit.unavailable("a", usize::MAX);
    kit.unavailable("d", usize::MAX);
    let batch = kit.deliver(["a", "d"].map(|id| TestEvent::message(id, -1)));
    assert_eq!(batch.redeliver_from, Some(0));
}

#[test]
fn a_long_reason_is_cut() {
    let kit = TestKit::new(async |_: Event, _: Connection| Err::<(), _>(reject("x".repeat(200_000))));
    kit.deliver([TestEvent::message("a", 1)]);
    let sent = kit.sent_to("a").concat();
    assert!(sent.len() < limits::ERROR_TEXT_BYTES_MAX + 100, "{}", sent.len());
}

/// A function of messages sees no others, whoever asked for them.
#[test]
fn lifecycle_events_go_to_their_own_handler_or_nowhere() {
    let events = || {
        [
            TestEvent::connect("a"),
            TestEvent::message("a", 1),
            TestEvent::disconnect("a"),
            TestEvent::message("b", 2),
        ]
    };
    let kit = TestKit::new(echo);
    let batch = kit.deliver(events());
    assert_eq!((batch.redeliver_from, batch.records), (None, 2));
    assert_eq!(kit.sent(), [("a".into(), "1".into()), ("b".into(), "2".into())]);

    let lifecycle = async |event: Event, connection: Connection| {
        connection
            .to("log")
            .send_text(format!("{:?} {}", event.event_type(), connection.id()))
            .await
            .map(drop)
    };
    let kit = TestKit::of(Function::new(echo).lifecycle(lifecycle));
    assert_eq!(kit.deliver(events()).records, 4);
    assert_eq!(kit.sent_to("log"), ["Connect a", "Disconnect a"]);
    assert_eq!(kit.sent_to("a"), ["1"]);
}
