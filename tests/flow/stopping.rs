//! However an emulator is ended, and whoever still holds on to it: it ends in time, and leaves nothing behind.

use rustix::process::Signal;
use serde_json::json;
use sluicegate_tests::client::Client;
use sluicegate_tests::emulator::{Emulator, Readers, folders, runs};
use sluicegate_tests::{PATIENCE, eventually};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// What an emulator promises for an orderly end, and some for a busy machine. Without the promise it is half a minute
/// and more.
const STOP_MAX: Duration = Duration::from_secs(5 + 5);
/// What a second signal or a kill may take, on a busy machine: less than an orderly end that something holds up.
const AT_ONCE_MAX: Duration = Duration::from_secs(4);

/// Never asks for an event, and has a child. Both write their process ids into a file.
const FAMILY: &str = "#!/bin/sh\necho $$ >>\"$PIDS\"\nsleep 1000 &\necho $! >>\"$PIDS\"\nwait\n";

/// Temporary files, of emulators and of a test.
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

    /// Invokes a function with a child on an emulator, and answers the process ids of both once they run.
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
        // Its client waits for the answer for as long as the emulator lives.
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
async fn whatever_clients_leave_unfinished_is_cut_off() {
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
    // One that reads, and one that answers no close frame.
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
    // Where the system does not say whether the signal was ignored at start, it does what it always does.
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
        // How quickly the kernel ends a process is not ours to hold.
        assert_eq!(emulator.ended_within(PATIENCE).await.signal(), Some(signal.as_raw()));
        files.nothing_is_left(&family).await;
    }
}

/// A shell without job control has the commands that it starts in the background ignore SIGQUIT, and all that they start.
fn quit_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    ignored & (1 << (Signal::QUIT.as_raw() - 1)) != 0
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_start_removes_what_a_killed_one_left() {
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
async fn output_that_nobody_reads_holds_nothing_up() {
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
