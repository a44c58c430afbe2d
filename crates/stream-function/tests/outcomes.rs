//! What becomes of a record, by what its handler and its client do.

use std::cell::Cell;
use std::time::Duration;

use stream_function::test_kit::{TestEvent, TestKit};
use stream_function::{Connection, Delivery, Event, Failure, Function, SendError, give_up, limits, retry};

async fn echo(event: Event, connection: Connection) -> Result<(), SendError> {
    connection.send_text(event.payload()).await.map(drop)
}

#[test]
fn a_client_that_left_is_no_error() {
    let kit = TestKit::new(echo);
    kit.gone("a");
    let batch = kit.deliver([TestEvent::message("a", 1), TestEvent::message("b", 2)]);
    assert_eq!((batch.redeliver_from, batch.retried), (None, 0));
    assert_eq!(kit.sent(), [("b".into(), "2".into())]);
    assert!(kit.dead_letters().is_empty());
}

#[test]
fn throttled_posts_are_tried_again_in_order() {
    let kit = TestKit::new(echo);
    kit.throttled("a", 3);
    let batch = kit.deliver([TestEvent::message("a", 1), TestEvent::message("a", 2)]);
    assert_eq!((batch.redeliver_from, batch.retried), (None, 3));
    assert_eq!(kit.sent_to("a"), ["1", "2"]);
}

#[test]
fn an_endpoint_out_of_order_holds_every_connection_in_its_order() {
    let kit = TestKit::new(echo);
    kit.unavailable("a", usize::MAX);
    kit.unavailable("b", usize::MAX);
    let events = [("a", 1), ("b", 2), ("a", 3), ("b", 4)].map(|(id, n)| TestEvent::message(id, n));
    let batch = kit.deliver(events);
    assert_eq!((batch.redeliver_from, batch.records), (Some(0), 2), "3 and 4 are not begun");
    kit.connected("a");
    kit.connected("b");
    assert_eq!(kit.redeliver().redeliver_from, None);
    assert_eq!((kit.sent_to("a"), kit.sent_to("b")), (texts([1, 3]), texts([2, 4])));
    assert!(kit.dead_letters().is_empty());
}

/// What RFC 8259 allows and a Rust type cannot hold goes to the dead-letter queue by name, and holds nothing up.
#[test]
fn json_that_a_type_cannot_hold_is_a_fault_that_names_it() {
    let kit = TestKit::new(async |event: Event, connection: Connection| {
        let _: serde_json::Value = event.json().map_err(give_up)?;
        connection.send_text(event.payload()).await?;
        Ok::<(), Failure>(())
    });
    let deep = format!("{}{}", "[".repeat(130), "]".repeat(130));
    let odd = [r#"{"x":"\ud83d"}"#, r#"{"x":1e400}"#, &deep];
    let batch = kit.deliver(odd.into_iter().chain(["1"]).map(|payload| TestEvent::json("a", payload)));
    assert_eq!((batch.redeliver_from, kit.sent_to("a")), (None, texts([1])));
    let dead_letters = kit.dead_letters();
    assert_eq!(dead_letters.len(), odd.len());
    for (dead_letter, named) in
        dead_letters.iter().zip(["hex escape", "number out of range", "recursion limit exceeded"])
    {
        assert_eq!(dead_letter.reason, "gave_up");
        assert!(dead_letter.error.contains(named), "{}", dead_letter.error);
    }
    // Whoever takes the text as it is loses nothing.
    let kit = TestKit::new(echo);
    kit.deliver(odd.map(|payload| TestEvent::json("a", payload)));
    assert_eq!(kit.sent_to("a"), odd);
}

/// So many events of others, before something happens to one.
fn others(count: usize) -> Vec<TestEvent> {
    (0..count).map(|n| TestEvent::message(&format!("other-{}", n % 10), n)).collect()
}

/// Issue 8: one bad connection does not slow the others down. What it misses is in the dead-letter queue, whole.
#[test]
fn a_connection_that_fails_while_others_get_through_holds_nobody_up() {
    let kit = TestKit::new(echo);
    kit.deliver(others(40));
    kit.unavailable("a", usize::MAX);
    let events = [("a", 1), ("b", 2), ("a", 3), ("b", 4)].map(|(id, n)| TestEvent::message(id, n));
    let batch = kit.deliver(events);
    assert_eq!(batch.redeliver_from, None);
    assert!((4..8).contains(&batch.retried), "{} retries", batch.retried);
    let reasons: Vec<_> = kit.dead_letters().iter().map(|dead_letter| dead_letter.reason.clone()).collect();
    assert_eq!(reasons, ["retries_exhausted", "retries_exhausted"]);
    assert_eq!(kit.sent_to("b"), texts([2, 4]));
    let batch = kit.deliver([TestEvent::message("a", 5)]);
    assert_eq!((batch.redeliver_from, batch.retried), (None, 0), "in quarantine it is tried once");
    kit.connected("a");
    kit.deliver([TestEvent::message("a", 6)]);
    assert_eq!(kit.sent_to("a"), texts([6]));
    kit.unavailable("a", 2);
    kit.deliver([TestEvent::message("b", 7), TestEvent::message("a", 8)]);
    assert_eq!(kit.sent_to("a"), texts([6, 8]), "its success has cleared it");
}

/// Two messages of another say too little: it has all its retries, as where everything fails.
#[test]
fn a_connection_that_fails_is_tried_on_where_too_little_is_known_of_others() {
    let kit = TestKit::new(echo);
    kit.unavailable("a", usize::MAX);
    let batch = kit.deliver([("a", 1), ("b", 2), ("b", 3)].map(|(id, n)| TestEvent::message(id, n)));
    assert_eq!(batch.redeliver_from, Some(0));
    kit.connected("a");
    assert_eq!(kit.redeliver().redeliver_from, None);
    assert_eq!((kit.sent_to("a"), kit.dead_letters().len()), (texts([1]), 0));
}

#[test]
fn a_handler_that_fails_for_one_connection_holds_nobody_up() {
    let runs = Cell::new(0);
    let kit = TestKit::new(async |event: Event, connection: Connection| {
        if event.connection_id() == "a" {
            runs.set(runs.get() + 1);
            return Err::<(), Failure>(std::io::Error::other("disk full").into());
        }
        connection.send_text(event.payload()).await?;
        Ok(())
    });
    kit.deliver(others(40));
    kit.deliver([TestEvent::message("b", 1), TestEvent::message("a", 2)]);
    let before = runs.replace(0);
    assert!(before > 1, "at first it is tried again");
    kit.deliver([TestEvent::message("a", 3), TestEvent::message("a", 4)]);
    assert_eq!((runs.get(), kit.dead_letters().len()), (2, 3));
}

fn texts<const N: usize>(numbers: [u32; N]) -> Vec<String> {
    numbers.map(|number| number.to_string()).into()
}

#[test]
fn a_cold_environment_sends_twice_but_in_order() {
    let kit = TestKit::new(echo);
    kit.unavailable("a", usize::MAX);
    assert_eq!(kit.deliver([TestEvent::message("a", 1), TestEvent::message("b", 2)]).redeliver_from, Some(0));
    kit.connected("a");
    kit.restart();
    assert_eq!(kit.redeliver().skipped, 0);
    assert_eq!(kit.sent_to("b"), ["2", "2"]);
}

#[test]
fn after_five_deliveries_the_record_goes_to_the_dead_letter_queue() {
    let kit = TestKit::new(echo);
    kit.unavailable("a", usize::MAX);
    let mut batch = kit.deliver([TestEvent::message("a", "lost")]);
    for _ in 2..limits::DELIVERIES_MAX {
        assert_eq!(batch.redeliver_from, Some(0));
        batch = kit.redeliver();
    }
    assert_eq!(kit.redeliver().redeliver_from, None);
    let [dead_letter] = &kit.dead_letters()[..] else { panic!("one dead letter") };
    assert_eq!((dead_letter.reason.as_str(), dead_letter.deliveries), ("retries_exhausted", 5));
    assert_eq!(dead_letter.error, "the connections endpoint cannot be used: 503: out of order");
    assert!(
        String::from_utf8(dead_letter.data.clone().unwrap()).unwrap().starts_with(r#"{"payload":"lost""#)
    );
}

#[test]
fn what_is_no_event_goes_to_the_dead_letter_queue_whole() {
    let kit = TestKit::new(echo);
    let data = [0xFF, 0x00, b'{'];
    let batch = kit.deliver([TestEvent::record("a", data), TestEvent::message("a", 1)]);
    assert_eq!(batch.redeliver_from, None);
    let [dead_letter] = &kit.dead_letters()[..] else { panic!("one dead letter") };
    assert_eq!((dead_letter.reason.as_str(), dead_letter.partition_key.as_str()), ("undecodable", "a"));
    assert_eq!(dead_letter.data.as_deref(), Some(&data[..]));
    assert_eq!(kit.sent_to("a"), ["1"]);
}

#[test]
fn a_handler_that_asks_for_it_runs_again() {
    let runs = Cell::new(0);
    let kit = TestKit::new(async |event: Event, connection: Connection| {
        runs.set(runs.get() + 1);
        if runs.get() < 4 {
            return Err(retry("not yet"));
        }
        connection.send_text(event.payload()).await?;
        Ok::<_, Failure>(())
    });
    let batch = kit.deliver([TestEvent::message("a", 1)]);
    assert_eq!((batch.redeliver_from, batch.retried), (None, 3));
    assert_eq!(kit.sent_to("a"), ["1"]);
}

#[test]
fn an_error_of_any_type_is_tried_again_only_while_nothing_has_been_sent() {
    for (sends_first, runs_expected) in [(true, 1), (false, 5)] {
        let runs = Cell::new(0);
        let kit = TestKit::new(async |_: Event, connection: Connection| {
            runs.set(runs.get() + 1);
            if sends_first {
                connection.send_text("working on it").await?;
            }
            Err::<(), Failure>(std::io::Error::other("disk full").into())
        });
        assert_eq!(kit.deliver([TestEvent::message("a", 1)]).redeliver_from, None);
        let dead_letter = &kit.dead_letters()[0];
        assert_eq!((dead_letter.reason.as_str(), dead_letter.error.as_str()), ("failed", "disk full"));
        assert!(runs.get() >= runs_expected && (!sends_first || runs.get() == 1), "{} runs", runs.get());
    }
}

#[test]
fn a_handler_that_never_ends_is_stopped_before_the_deadline() {
    let kit = TestKit::new(async |event: Event, connection: Connection| {
        if event.connection_id() == "stuck" {
            std::future::pending::<()>().await;
        }
        connection.send_text("done").await.map(drop)
    });
    let events = [TestEvent::message("stuck", 1), TestEvent::message("a", 2)];
    let mut batch = kit.deliver(events);
    for _ in 1..limits::DELIVERIES_MAX {
        assert_eq!(batch.redeliver_from, Some(0));
        batch = kit.redeliver();
    }
    assert_eq!(batch.redeliver_from, None);
    assert_eq!(kit.dead_letters()[0].reason, "timed_out");
    assert_eq!(kit.sent_to("a"), ["done"]);
}

#[test]
fn records_that_time_does_not_reach_are_delivered_again() {
    let kit = TestKit::of(Function::new(echo).connections_at_once(1));
    kit.time_left(Duration::from_secs(5));
    for client in ["a", "b", "c"] {
        kit.slow(client, Duration::from_secs(2));
    }
    let batch = kit.deliver(["a", "b", "c"].map(|client| TestEvent::message(client, client)));
    assert_eq!((batch.redeliver_from, batch.records), (Some(2), 2));
    assert_eq!(kit.redeliver().redeliver_from, None);
    assert_eq!(kit.sent().len(), 3);
}

#[test]
fn what_is_too_large_is_refused_with_the_limit() {
    let kit = TestKit::new(async |_: Event, connection: Connection| {
        connection.send_text("x".repeat(limits::POST_BYTES_MAX)).await?;
        connection.send_text("x".repeat(limits::POST_BYTES_MAX + 1)).await.map(drop)
    });
    assert_eq!(kit.deliver([TestEvent::message("a", 1)]).redeliver_from, None);
    assert_eq!(kit.sent_to("a").len(), 1);
    assert_eq!(
        kit.dead_letters()[0].error,
        "the message has 131073 bytes, but API Gateway delivers at most 131072: split it"
    );
}

#[test]
fn another_client_can_be_told_closed_and_asked_about() {
    let kit = TestKit::new(async |_: Event, connection: Connection| {
        let other = connection.to("b");
        assert!(other.info().await?.is_some());
        assert_eq!(other.send_json(&["bye"]).await?, Delivery::Delivered);
        other.close().await?;
        assert_eq!(other.send_text("too late").await?, Delivery::Gone);
        assert!(other.info().await?.is_none());
        Ok::<_, Failure>(())
    });
    assert_eq!(kit.deliver([TestEvent::message("a", 1)]).redeliver_from, None);
    assert_eq!((kit.sent(), kit.closed()), (vec![("b".into(), r#"["bye"]"#.into())], vec!["b".into()]));
}

#[test]
fn recorded_batches_can_be_delivered() {
    let recorded = include_str!("fixtures/kinesis-batch.json");
    let kit = TestKit::new(echo);
    kit.deliver(TestEvent::recorded(recorded).unwrap());
    assert_eq!(kit.sent_to("L0SM9cOFvHcCIhw="), [r#"{"msg":"Hello World!"}"#]);
}

#[test]
fn sends_can_be_spawned() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    let kit = TestKit::new(async |_: Event, connection: Connection| {
        let spawned =
            tokio::spawn(assert_send(async move { connection.send_text("spawned").await.map(drop) }));
        spawned.await??;
        Ok::<_, Failure>(())
    });
    kit.deliver([TestEvent::message("a", 1)]);
    assert_eq!(kit.sent_to("a"), ["spawned"]);
}
