//! Records that functions give up: their queues on LocalStack, read and redriven by `sluicegate dlq`.

use super::Half;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emulator::fault_injection::FaultSettings;
use serde_json::{Value, json};
use sluicegate_tests::client::Client;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Records that are given up together.
const RECORDS: u64 = 3;
/// For LocalStack to run out of retries, whose pauses grow.
const GIVE_UP_MAX: Duration = Duration::from_secs(300);
/// Changes for the last case: other code, and another setting of every mapping.
const CHANGES: [&str; 2] = ["-var=broken_package=relay", "-var=batch_size=8"];

/// The function sends the whole record, since nothing else could read it either.
pub async fn a_record_that_cannot_be_read_is_kept_whole(half: &Half) {
    let (key, data) = ("unreadable", "not JSON: \u{1f6f6}");
    half.put(key, data).await;
    let letters = half.letters("echo", 1, |letter| letter["message"]["record"]["partitionKey"] == key).await;
    let letter = &letters[0];
    assert_eq!(
        (&letter["state"], &letter["message"]["functionName"]),
        (&json!("available"), &json!("half-echo"))
    );
    assert_eq!(decoded(&letter["records"][0]), data);
    let dry = half.dead_letters(&["redrive", "--dry-run"], "echo").await;
    assert_eq!(dry[0]["dryRun"], true, "{dry:?}");
    let left = half.dead_letters(&["list"], "echo").await;
    assert!(left.contains(letter), "a dry run changes nothing: {left:?}");
}

/// One client cannot be reached, while another can; once it can, what was meant for it comes, in order.
pub async fn what_a_function_gave_up_is_redriven_in_order(half: &Half) {
    let ((mut unlucky, id), (mut lucky, _)) = (half.gateway.client().await, half.gateway.client().await);
    let faults = half.gateway.emulator.emulator.faults();
    let fault = format!("connections-500=for={id}").parse().expect("a fault");
    faults.set(FaultSettings { specs: vec![fault], seed: Some(1) });
    let is_own = |letter: &Value| letter["message"]["record"]["partitionKey"] == *id;
    for n in 1..=RECORDS {
        unlucky.send(json!({"n": n}).to_string()).await;
        let letters = half.letters("echo", n, is_own).await;
        assert!(
            letters.iter().all(|letter| letter["message"]["reason"] == "retries_exhausted"),
            "{letters:?}"
        );
        assert_eq!(lucky.exchange(&json!({"after": n})).await, json!({"after": n}).to_string());
    }

    faults.clear();
    half.dead_letters(&["redrive"], "echo").await;
    // A record that was delivered twice may have been given up twice, and so come back twice.
    let mut received = Vec::new();
    while received.len() < RECORDS as usize {
        let message = unlucky.receive_json().await;
        if !received.contains(&message) {
            received.push(message);
        }
    }
    assert_eq!(received, (1..=RECORDS).map(|n| json!({"n": n})).collect::<Vec<_>>());
    let left = half.dead_letters(&["list"], "echo").await;
    assert!(!left.iter().any(is_own), "{left:?}");
}

/// The mapping says where the records lie that it gave up. They are read back from the stream, and the same command
/// that shows them puts them to the function, whose code was changed meanwhile.
pub async fn a_batch_that_ran_out_of_retries_is_redriven_to_changed_code(half: &Half) {
    let (mut client, id) = half.gateway.client().await;
    for n in 1..=RECORDS {
        client.send(json!({"action": "broken", "to": id, "data": n}).to_string()).await;
    }
    let mut found = Vec::new();
    let end = Instant::now() + GIVE_UP_MAX;
    while found.len() < RECORDS as usize {
        assert!(Instant::now() < end, "{} of {RECORDS} records were given up in time", found.len());
        let letters = half.dead_letters(&["list"], "broken").await;
        for letter in &letters {
            assert_eq!(
                letter["message"]["requestContext"]["condition"], "RetryAttemptsExhausted",
                "{letter}"
            );
        }
        let records = letters.iter().flat_map(|letter| letter["records"].as_array().into_iter().flatten());
        found =
            records.map(|record| serde_json::from_str::<Value>(&decoded(record)).expect("JSON")).collect();
    }
    let numbers: Vec<_> = found.iter().map(|event| event["payload"]["data"].as_u64()).collect();
    assert_eq!(numbers, (1..=RECORDS).map(Some).collect::<Vec<_>>());

    half.stack.apply_with(&CHANGES).await.expect("the change is applied");
    half.stack.plan_is_empty(&CHANGES).await.expect("a plan after a change is empty");
    half.dead_letters(&["redrive"], "broken").await;
    assert_eq!(relayed(&mut client).await, (1..=RECORDS).collect::<Vec<_>>());
    assert_eq!(half.dead_letters(&["list"], "broken").await, [] as [Value; 0]);
}

/// What the relay's code answers, among what echo does.
async fn relayed(client: &mut Client) -> Vec<u64> {
    let mut relayed = Vec::new();
    while relayed.len() < RECORDS as usize {
        let message = client.receive_json().await;
        if message.get("from").is_some() {
            relayed.push(message["data"].as_u64().expect("a number"));
        }
    }
    relayed
}

fn decoded(record: &Value) -> String {
    let data = STANDARD.decode(record["data"].as_str().expect("data")).expect("base64");
    String::from_utf8(data).expect("text")
}

impl Half {
    /// A function's dead letters of some kind, once they are of as many records.
    async fn letters(&self, function: &str, count: u64, is_one: impl Fn(&Value) -> bool) -> Vec<Value> {
        let end = Instant::now() + GIVE_UP_MAX;
        loop {
            let mut letters = self.dead_letters(&["list"], function).await;
            letters.retain(&is_one);
            let records: BTreeSet<_> = letters.iter().map(|letter| letter["records"].to_string()).collect();
            if records.len() as u64 >= count {
                return letters;
            }
            assert!(Instant::now() < end, "{} of {count} records came into the queue in time", records.len());
        }
    }
}
