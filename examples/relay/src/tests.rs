//! What each client gets from the relay.

use serde_json::{Value, json};
use stream_function::test_kit::{TestEvent, TestKit};

use super::relay;

fn message(payload: Value) -> TestEvent {
    TestEvent::message("ann", payload).route("relay")
}

fn received<H>(kit: &TestKit<H>, client: &str) -> Vec<Value> {
    kit.sent_to(client).iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

#[test]
fn alone_it_answers_with_the_senders_id() {
    let kit = TestKit::new(relay);
    kit.deliver([message(json!({"action": "relay"}))]);
    assert_eq!(received(&kit, "ann"), [json!({"action": "relay", "connectionId": "ann"})]);
}

#[test]
fn data_is_passed_on_digit_for_digit() {
    let kit = TestKit::new(relay);
    let payload = r#"{"action":"relay","to":"bob","data":{"n":12345678901234567890123,"x":1.0}}"#;
    kit.deliver([TestEvent::json("ann", payload).route("relay")]);
    let delivered = r#"{"action":"relay","from":"ann","data":{"n":12345678901234567890123,"x":1.0}}"#;
    assert_eq!(kit.sent(), [("bob".into(), delivered.into())]);
}

#[test]
fn the_sender_learns_that_the_other_client_has_gone() {
    let kit = TestKit::new(relay);
    kit.gone("bob");
    kit.deliver([message(json!({"action": "relay", "to": "bob", "data": "hi"}))]);
    assert_eq!(received(&kit, "ann"), [json!({"action": "relay", "to": "bob", "gone": true})]);
}

#[test]
fn both_may_be_gone() {
    let kit = TestKit::new(relay);
    kit.gone("ann");
    kit.gone("bob");
    let batch = kit.deliver([message(json!({"action": "relay", "to": "bob", "data": 1}))]);
    assert_eq!((batch.redeliver_from, kit.sent().len(), kit.dead_letters().len()), (None, 0, 0));
}

#[test]
fn a_request_of_another_shape_is_answered() {
    let kit = TestKit::new(relay);
    kit.deliver([message(json!({"action": "relay", "to": 7})), message(json!("relay"))]);
    let answers = received(&kit, "ann");
    assert_eq!(answers.len(), 2);
    assert!(
        answers.iter().all(|answer| answer["message"].is_string() && answer["connectionId"] == "ann"),
        "{answers:?}"
    );
    assert!(kit.dead_letters().is_empty());
}

#[test]
fn what_grows_too_large_on_the_way_is_answered() {
    let kit = TestKit::new(relay);
    kit.deliver([message(json!({"action": "relay", "to": "bob", "data": "x".repeat(131_050)}))]);
    assert!(kit.sent_to("bob").is_empty());
    assert!(received(&kit, "ann")[0]["message"].as_str().is_some_and(|error| error.contains("131072")));
}

#[test]
fn a_throttled_client_gets_its_messages_in_order() {
    let kit = TestKit::new(relay);
    kit.throttled("bob", 2);
    kit.deliver((0..3).map(|n| message(json!({"action": "relay", "to": "bob", "data": n}))));
    let data: Vec<Value> = received(&kit, "bob").iter().map(|message| message["data"].clone()).collect();
    assert_eq!(data, [0, 1, 2]);
}
