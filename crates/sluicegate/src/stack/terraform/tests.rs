//! What happens to the child process on an interrupt.

use super::*;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// A time limit that no test reaches.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a shell script and interrupts it `times`; returns the result of waiting for it. Before each interrupt, the script
/// creates a file called `ready` in its folder.
async fn interrupted(script: &str, times: usize) -> anyhow::Result<Output> {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready");
    let stop = Notify::new();
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(folder.path()).stdout(Stdio::piped());
    let asked_to_stop = async || {
        stop.notified().await;
        Ok(())
    };
    let interrupt = async {
        for _ in 0..times {
            while !ready.exists() {
                sleep(Duration::from_millis(5)).await;
            }
            std::fs::remove_file(&ready).unwrap();
            stop.notify_one();
        }
    };
    let both = async { tokio::join!(attend(&mut command, "apply", asked_to_stop), interrupt).0 };
    timeout(PATIENCE, both).await.expect("it ends")
}

#[tokio::test]
async fn an_ordinary_end_returns_status_and_output() {
    let output = interrupted("echo applied; exit 3", 0).await.unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(3), b"applied\n".as_slice()));
}

#[tokio::test]
async fn who_interrupts_us_interrupts_terraform_and_waits_for_its_end() {
    let script = "trap 'exit 1' INT; touch ready; while :; do sleep 0.01; done";
    let error = interrupted(script, 1).await.unwrap_err().to_string();
    assert!(error.contains("interrupted: terraform apply has stopped (exit status: 1)"), "{error}");
}

#[tokio::test]
async fn a_second_interruption_is_passed_on_too() {
    let script = "trap 'trap - INT; touch ready' INT; touch ready; while :; do sleep 0.01; done";
    let error = interrupted(script, 2).await.unwrap_err().to_string();
    assert!(error.contains("signal: 2"), "{error}");
}
