//! An emulator ends in time and leaves nothing behind, however it is stopped and whatever clients still do.

use rustix::process::Signal;
use serde_json::json;
use sluicegate_tests::client::Client;
use sluicegate_tests::emulator::{Emulator, Readers, folders, runs};
use sluicegate_tests::{PATIENCE, eventually};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Longest time for an orderly end: the emulator's promise, and a reserve for a busy machine. Without the promise, it
/// takes half a minute and more.
const STOP_MAX: Duration = Duration::from_secs(5 + 5);
/// Longest time after a second signal or a kill, on a busy machine: less than an orderly end that is delayed.
const AT_ONCE_MAX: Duration = Duration::from_secs(4);

/// A function that never takes an event and has a child process. Both write their process ids into a file.
const FAMILY: &str = "#!/bin/sh\necho $$ >>\"$PIDS\"\nsleep 1000 &\necho $! >>\"$PIDS\"\nwait\n";

/// Folders for the temporary files of emulators and of the test.
struct Files {
    temp: TempDir,
    own: TempDir,
}

impl Files {
    fn new() -> Self {
        let [temp, own] = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
        Self { temp, own }
    }

    fn temp(&self) -> &Path {
        self.temp.path()
    }

    /// Invokes a function with a child process; returns the process ids of both once they run.
    async fn family(&self, emulator: &Emulator) -> Vec<u32> {
        let pids = self.own.path().join("pids");
        let variables = json!({"PIDS": pids, "PATH": std::env::var("PATH").unwrap_or_default()});
        emulator.function("family", FAMILY.as_bytes(), 60, variables).await;
        let invocation = emulator.invoke("family").await;
        let read = || {
            let text = std::fs::read_to_string(&pids).unwrap_or_default();
            text.lines().filter_map(|line| line.parse().ok()).collect::<Vec<u32>>()
        };
        eventually("the function and its child run", || async { read().len() == 2 }).await;
        // The client waits for the response as long as the emulator runs.
        std::mem::forget(invocation);
        assert!(read().into_iter().all(runs));
        read()
    }

    async fn nothing_is_left(&self, family: &[u32]) {
        eventually("the function and its child are gone", || async { !family.iter().any(|pid| runs(*pid)) })
            .await;
        eventually("the folder is gone", || async { folders(self.temp()).is_empty() }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_requests_do_not_delay_the_end() {
    let files = Files::new();
    let mut emulator = Emulator::start(files.temp(), Readers::Awake, &[]).await;
    let uri = emulator.websocket_api().await;
    let family = files.family(&emulator).await;
    let mut waiting = Vec::new();
    for bytes in [
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\na",
        "POST / HTTP/1.1\r\nhost:",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "",
    ] {
        let mut client = emulator.dial().await;
        client.send(bytes.as_bytes()).await.expect("it reads");
        waiting.push(client);
    }
    // A client that reads, and one that does not answer a close frame.
    let (mut attentive, mute) = (Client::connect(&uri).await, Client::connect(&uri).await);
    emulator.signal(Signal::INT);
    assert_eq!(attentive.closed().await.0, 1001);
    assert!(emulator.ended_within(STOP_MAX).await.success());
    files.nothing_is_left(&family).await;
    drop((waiting, mute));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_at_once() {
    let files = Files::new();
    let mut emulator = Emulator::start(files.temp(), Readers::Awake, &[]).await;
    let family = files.family(&emulator).await;
    emulator.signal(Signal::INT);
    eventually("it is stopping", || async { !emulator.lines("stopping").is_empty() }).await;
    emulator.signal(Signal::TERM);
    assert_eq!(emulator.ended_within(AT_ONCE_MAX).await.code(), Some(1));
    files.nothing_is_left(&family).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_terminal_stops_it_in_order() {
    let files = Files::new();
    let mut emulator = Emulator::start(files.temp(), Readers::Awake, &["--quiet"]).await;
    let mut client = Client::connect(&emulator.websocket_api().await).await;
    emulator.signal(Signal::HUP);
    // If the system does not show whether the signal was ignored at the start, the emulator handles it as usual.
    if cfg!(target_os = "linux") {
        assert_eq!(client.closed().await.0, 1001);
        assert!(emulator.ended_within(STOP_MAX).await.success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_it_is_killed_its_functions_and_files_go_with_it() {
    for signal in [Signal::KILL, Signal::QUIT] {
        if signal == Signal::QUIT && quit_is_ignored() {
            println!("NOT RUN: this process ignores SIGQUIT, and so do those that it starts");
            continue;
        }
        let files = Files::new();
        let mut emulator = Emulator::start(files.temp(), Readers::Awake, &[]).await;
        let family = files.family(&emulator).await;
        emulator.signal(signal);
        // How fast the kernel ends a process is not part of the test.
        assert_eq!(emulator.ended_within(PATIENCE).await.signal(), Some(signal.as_raw()));
        files.nothing_is_left(&family).await;
    }
}

/// Whether SIGQUIT is ignored, as in commands that a shell without job control starts in the background, and in their
/// children.
fn quit_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    ignored & (1 << (Signal::QUIT.as_raw() - 1)) != 0
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_start_removes_the_files_of_a_killed_emulator() {
    let files = Files::new();
    let mut killed = Emulator::start(files.temp(), Readers::Awake, &[]).await;
    let living = Emulator::start(files.temp(), Readers::Awake, &[]).await;
    killed.signal(Signal::KILL);
    killed.ended_within(PATIENCE).await;
    assert_eq!(folders(files.temp()).len(), 2, "without a function nobody outlives it");
    let _next = Emulator::start(files.temp(), Readers::Awake, &[]).await;
    eventually("the dead one's is removed", || async { folders(files.temp()).len() == 2 }).await;
    let family = files.family(&living).await;
    assert_eq!(family.len(), 2, "the living one's is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_reader_of_its_output_it_stops_in_order() {
    let files = Files::new();
    let mut emulator = Emulator::start(files.temp(), Readers::Gone, &[]).await;
    let family = files.family(&emulator).await;
    let mut client = Client::connect(&emulator.websocket_api().await).await;
    client.send("{}").await;
    assert_eq!(client.receive().await, "here");
    emulator.signal(Signal::INT);
    assert_eq!(client.closed().await.0, 1001);
    assert!(emulator.ended_within(STOP_MAX).await.success());
    files.nothing_is_left(&family).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_output_does_not_block_the_emulator() {
    const MESSAGES: usize = 10_000;
    const AT_ONCE: usize = 100;
    let files = Files::new();
    let mut emulator = Emulator::start(files.temp(), Readers::Asleep, &[]).await;
    let mut client = Client::connect(&emulator.websocket_api().await).await;
    for _ in 0..MESSAGES / AT_ONCE {
        for _ in 0..AT_ONCE {
            client.send("{}").await;
        }
        for _ in 0..AT_ONCE {
            assert_eq!(client.receive().await, "here");
        }
    }
    emulator.signal(Signal::INT);
    assert_eq!(client.closed().await.0, 1001);
    assert!(emulator.ended_within(STOP_MAX).await.success());
}
