//! Runs against real WebSocket servers in this process.

mod command;
mod faults;
mod server;

use super::recorder::Counts;
use super::*;
use crate::entry::Entry;
use server::{Server, seq};
use std::sync::atomic::{AtomicU64, Ordering};

/// Four connections, 400 messages: short, and still enough for each fault to show several times.
fn to(server: &Server) -> Settings {
    Settings {
        entry: Entry::open_to_all(&server.uri),
        connections: 4,
        connects_per_s: 10_000.0,
        sources: Vec::new(),
        load: Load::Open { rate_per_s: 2_000.0 },
        size: 100,
        ramp_s: 0.0,
        duration_s: 0.2,
        answer_within: Duration::from_secs(30),
    }
}

async fn report_of(settings: Settings) -> Report {
    let outcome = run::run(settings.clone(), Arc::default(), Signals::default()).await.unwrap();
    Report::of(&settings, outcome)
}

/// The counts of a run without failures.
const WHOLE: Counts = Counts {
    sent: 400,
    answered: 400,
    lost: 0,
    duplicates: 0,
    out_of_order: 0,
    altered: 0,
    reformatted: 0,
    other_frames: 0,
    unsent: 0,
    connections_opened: 4,
    connections_refused: 0,
    connections_lost: 0,
};

fn echo(text: &str) -> Option<Vec<String>> {
    Some(vec![text.to_owned()])
}

#[tokio::test]
async fn every_message_is_answered_by_an_echo() {
    let server = Server::start(|_| Some(echo)).await;
    let report = report_of(to(&server)).await;
    assert_eq!(report.counts, WHOLE);
    assert_eq!(
        (report.latency_ms.count, report.send_delay_ms.count, report.handshake_ms.count),
        (400, 400, 4)
    );
    assert_eq!(report.sent_per_s, 2_000.0);
    assert!(thresholds::failures(&report, &Thresholds::default()).is_empty());
}

#[tokio::test]
async fn a_closed_loop_and_a_ramp_lose_nothing_either() {
    let server = Server::start(|_| Some(echo)).await;
    let settings = Settings { load: Load::Closed { in_flight: 8 }, ramp_s: 0.1, ..to(&server) };
    let closed = report_of(settings).await;
    assert!(closed.counts.sent > 0, "{:?}", closed.counts);
    assert_eq!(closed.counts, Counts { sent: closed.counts.sent, answered: closed.counts.sent, ..WHOLE });
    let ramped = report_of(Settings { ramp_s: 0.2, ..to(&server) }).await;
    assert_eq!(ramped.counts, Counts { sent: 600, answered: 600, ..WHOLE });
    assert_eq!(ramped.latency_ms.count, 400);
}

#[tokio::test]
async fn messages_of_any_size_come_back_whole() {
    let server = Server::start(|_| Some(echo)).await;
    for size in [SIZE_BYTES_MIN, 32 * 1024, 32 * 1024 + 1, SIZE_BYTES_MAX] {
        let settings = Settings { size, load: Load::Open { rate_per_s: 200.0 }, ..to(&server) };
        assert_eq!(report_of(settings).await.counts, Counts { sent: 40, answered: 40, ..WHOLE }, "{size}");
    }
}

/// The buffers of both sides are full at the same time. A client that stops reading while it writes would never end.
#[tokio::test]
async fn more_in_flight_than_the_sockets_hold_is_no_deadlock() {
    let server = Server::start(|_| Some(echo)).await;
    let load = Load::Open { rate_per_s: 800.0 };
    let report = report_of(Settings { connections: 1, size: SIZE_BYTES_MAX, load, ..to(&server) }).await;
    assert_eq!(report.counts, Counts { sent: 160, answered: 160, connections_opened: 1, ..WHOLE });
}

/// The server answers only after it has all 100 messages, the last of which is due at 0.495 s. The latency of a message,
/// measured from its due time, is therefore at least the time until then, even if the generator sends late.
#[tokio::test]
async fn latency_counts_from_when_a_message_was_due() {
    let server = Server::start(|_| {
        let mut held = Vec::new();
        Some(move |text: &str| {
            held.push(text.to_owned());
            Some(if held.len() < 100 { vec![] } else { std::mem::take(&mut held) })
        })
    })
    .await;
    let load = Load::Open { rate_per_s: 200.0 };
    let report = report_of(Settings { connections: 1, duration_s: 0.5, load, ..to(&server) }).await;
    assert_eq!(report.counts.answered, 100);
    assert!(report.latency_ms.max >= 494.0, "{:?}", report.latency_ms);
    assert!(report.latency_ms.p50 >= 240.0, "{:?}", report.latency_ms);
}

#[tokio::test]
async fn an_interrupted_run_waits_for_its_answers_and_reports() {
    let signals = Signals::default();
    let stop = signals.stop.clone();
    let seen = Arc::new(AtomicU64::new(0));
    let answers = move |text: &str| {
        if seen.fetch_add(1, Ordering::Relaxed) == 50 {
            stop.cancel();
        }
        Some(vec![text.to_owned()])
    };
    let server = Server::start(move |_| Some(answers.clone())).await;
    for load in [Load::Open { rate_per_s: 1_000.0 }, Load::Closed { in_flight: 2 }] {
        let signals = Signals { stop: signals.stop.clone(), ..Signals::default() };
        let settings = Settings { duration_s: 3_600.0, load, ..to(&server) };
        let is_first = !signals.stop.is_cancelled();
        let outcome = run::run(settings.clone(), Arc::default(), signals).await;
        if !is_first {
            assert!(outcome.is_err(), "stopped before it began");
            continue;
        }
        let report = Report::of(&settings, outcome.unwrap());
        assert!(report.is_interrupted && report.counts.sent >= 50, "{:?}", report.counts);
        assert_eq!(report.counts.lost, 0);
        assert!(report.measured_s < 3_600.0);
    }
}

#[tokio::test]
async fn giving_up_ends_the_waiting() {
    let signals = Signals::default();
    let give_up = signals.give_up.clone();
    let silent = move |text: &str| {
        if seq(text) == 99 {
            give_up.cancel();
        }
        Some(vec![])
    };
    let server = Server::start(move |_| Some(silent.clone())).await;
    let settings = Settings { answer_within: Duration::from_secs(3_600), ..to(&server) };
    let outcome = run::run(settings, Arc::default(), signals).await.unwrap();
    assert_eq!(outcome.recorded.counts.answered, 0);
    assert!(outcome.recorded.counts.lost >= 397, "{:?}", outcome.recorded.counts);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn connections_take_turns_in_the_source_addresses() {
    let server = Server::start(|_| Some(echo)).await;
    let sources: Vec<IpAddr> = ["127.0.0.2", "127.0.0.3"].map(|address| address.parse().unwrap()).to_vec();
    let report = report_of(Settings { sources: sources.clone(), ..to(&server) }).await;
    assert_eq!(report.counts, WHOLE);
    let seen = server.sources.lock().unwrap().clone();
    for source in sources {
        assert_eq!(seen.iter().filter(|seen| **seen == source).count(), 2, "{seen:?}");
    }
}
