//! Records are delivered although function processes end and start.

use serde_json::json;
use sluicegate_tests::eventually;
use sluicegate_tests::test_emulator::TestEmulator;
use std::process::Command;

/// The processes of this test's echo function: children of this process that run its code.
fn echo_processes(emulator: &TestEmulator) -> Vec<String> {
    let endpoint = format!("AWS_ENDPOINT_URL={}", emulator.emulator.endpoint_url());
    let processes = std::fs::read_dir("/proc").expect("/proc can be read");
    processes
        .flatten()
        .filter(|process| {
            let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
            let is_ours = environment.split(|byte| *byte == 0).any(|entry| entry == endpoint.as_bytes());
            let command = std::fs::read_to_string(process.path().join("cmdline")).unwrap_or_default();
            is_ours && command.contains("bootstrap")
        })
        .map(|process| process.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Waits until the function has a process, and kills it.
async fn kill_the_function(emulator: &TestEmulator) {
    eventually("the function runs", || async { !echo_processes(emulator).is_empty() }).await;
    Command::new("kill").arg("-9").args(echo_processes(emulator)).status().expect("kill runs");
}

/// Issue 2: each message is answered, in order per connection, although the function's process is killed meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn killing_the_function_loses_nothing_and_keeps_order() {
    const MESSAGES: usize = 60;
    const KILLS: [usize; 3] = [5, 20, 40];
    let emulator = TestEmulator::start().await;
    let mut client = emulator.client().await;
    client.send(json!({"n": 0}).to_string()).await;
    let mut answered = client.receive_json().await["n"].as_u64();
    for n in 1..MESSAGES {
        client.send(json!({"n": n}).to_string()).await;
        if KILLS.contains(&n) {
            kill_the_function(&emulator).await;
        }
    }
    while answered != Some(MESSAGES as u64 - 1) {
        let n = client.receive_json().await["n"].as_u64();
        // A record can be delivered twice but not skipped, so that the next number is at most one higher.
        assert!(n <= answered.map(|answered| answered + 1), "{n:?} after {answered:?}");
        answered = answered.max(n);
    }
}

/// Issue 2: no child process is left when the emulator has stopped.
#[tokio::test(flavor = "multi_thread")]
async fn stopping_the_emulator_ends_every_function_and_connection() {
    let emulator = TestEmulator::start().await;
    let mut client = emulator.client().await;
    client.send("1").await;
    client.receive().await;
    assert!(!echo_processes(&emulator).is_empty());
    let (closed, ()) = tokio::join!(client.closed(), emulator.emulator.stop());
    assert_eq!(closed.0, 1001);
    assert_eq!(echo_processes(&emulator), Vec::<String>::new());
}
