//! Servers with one fault each, which fails the run or, if it is allowed, is reported.

use super::server::{Answers, Server, seq};
use super::*;
use std::sync::Mutex;

/// Wait for answers if some are lost: long enough for the others, on a busy machine.
const LOSSY: Duration = Duration::from_secs(1);

/// The counts of a run on a server whose connections all answer in the same way.
async fn counts_with(answers: impl Answers + Clone + Sync) -> Counts {
    let server = Server::start(move |_| Some(answers.clone())).await;
    report_of(to(&server)).await.counts
}

#[tokio::test]
async fn a_server_that_drops_is_caught() {
    let drops = |text: &str| Some(if seq(text) % 10 == 3 { vec![] } else { vec![text.to_owned()] });
    let server = Server::start(move |_| Some(drops)).await;
    let report = report_of(Settings { answer_within: LOSSY, ..to(&server) }).await;
    assert_eq!(report.counts, Counts { answered: 360, lost: 40, ..WHOLE });
    assert_eq!(thresholds::failures(&report, &Thresholds::default()), ["40 lost (no reply within 1 s)"]);
}

#[tokio::test]
async fn a_server_that_drops_does_not_stop_a_closed_loop() {
    let drops = |text: &str| Some(if seq(text) % 4 == 3 { vec![] } else { vec![text.to_owned()] });
    let server = Server::start(move |_| Some(drops)).await;
    let settings = Settings {
        load: Load::Closed { in_flight: 1 },
        connections: 1,
        duration_s: 0.5,
        answer_within: Duration::from_millis(20),
        ..to(&server)
    };
    let counts = report_of(settings).await.counts;
    assert!(counts.lost >= 2, "it goes on after a loss: {counts:?}");
    assert_eq!(counts.lost, counts.sent / 4);
}

#[tokio::test]
async fn duplicates_are_reported_and_allowed() {
    let twice = |text: &str| Some(vec![text.to_owned(); if seq(text).is_multiple_of(5) { 2 } else { 1 }]);
    let counts = counts_with(twice).await;
    assert_eq!(counts, Counts { duplicates: 80, ..WHOLE });
}

#[tokio::test]
async fn a_server_that_reorders_is_caught() {
    let server = Server::start(|_| {
        let mut held = None;
        Some(move |text: &str| {
            if seq(text) % 10 == 4 {
                held = Some(text.to_owned());
                return Some(vec![]);
            }
            Some([Some(text.to_owned()), held.take()].into_iter().flatten().collect())
        })
    })
    .await;
    let report = report_of(to(&server)).await;
    assert_eq!(report.counts, Counts { out_of_order: 40, ..WHOLE });
    assert_eq!(thresholds::failures(&report, &Thresholds::default()), ["40 out of order"]);
}

#[tokio::test]
async fn altered_replies_fail_and_reformatted_ones_are_reported() {
    let server = Server::start(|_| {
        Some(|text: &str| Some(vec![if seq(text) == 9 { text.to_uppercase() } else { text.to_owned() }]))
    })
    .await;
    let report = report_of(Settings { answer_within: LOSSY, ..to(&server) }).await;
    // In capitals, it is no longer one of our messages.
    assert_eq!(report.counts, Counts { answered: 396, lost: 4, other_frames: 4, ..WHOLE });
    assert!(report.sample_frame.unwrap().starts_with("{\"SEQ\":9"));

    let server = Server::start(|_| {
        Some(|text: &str| {
            Some(vec![if seq(text) == 9 { text.replace("\"}", "!\"}") } else { text.to_owned() }])
        })
    })
    .await;
    let report = report_of(Settings { answer_within: LOSSY, ..to(&server) }).await;
    assert_eq!(report.counts, Counts { answered: 396, lost: 4, altered: 4, ..WHOLE });
    assert_eq!(
        thresholds::failures(&report, &Thresholds::default()),
        ["4 lost (no reply within 1 s)", "4 altered"]
    );

    let spaced = |text: &str| Some(vec![text.replace(':', ": ")]);
    assert_eq!(counts_with(spaced).await, Counts { reformatted: 400, ..WHOLE });
}

/// Connections number their messages independently, so a message of another connection differs only in its due time.
#[tokio::test]
async fn an_answer_sent_to_another_connection_is_caught() {
    let last = Arc::new(Mutex::new(String::new()));
    let swapped = move |text: &str| {
        let other = std::mem::replace(&mut *last.lock().unwrap(), text.to_owned());
        Some(if other.is_empty() { vec![] } else { vec![other] })
    };
    let server = Server::start(move |_| Some(swapped.clone())).await;
    let counts = report_of(Settings { answer_within: LOSSY, ..to(&server) }).await.counts;
    assert!(counts.altered > 0 && counts.lost > 0, "{counts:?}");
    assert_eq!(counts.answered + counts.lost, 400);
}

#[tokio::test]
async fn other_frames_are_reported_with_a_sample() {
    let acked = |text: &str| Some(vec![r#"{"ack":{"sequenceNumber":"49"}}"#.to_owned(), text.to_owned()]);
    let server = Server::start(move |_| Some(acked)).await;
    let report = report_of(to(&server)).await;
    assert_eq!(report.counts, Counts { other_frames: 400, ..WHOLE });
    assert_eq!(report.sample_frame.as_deref(), Some(r#"{"ack":{"sequenceNumber":"49"}}"#));
}

#[tokio::test]
async fn a_lost_connection_and_its_due_messages_are_reported() {
    let server = Server::start(|index| {
        Some(move |text: &str| (index != 2 || seq(text) < 10).then(|| vec![text.to_owned()]))
    })
    .await;
    let report = report_of(to(&server)).await;
    let counts = report.counts;
    assert_eq!((counts.connections_opened, counts.connections_lost), (4, 1));
    assert_eq!(counts.sent + counts.unsent, 400);
    // Answers that were sent on it can be lost too, because the system drops the unread data of a broken connection.
    assert!((300..=310).contains(&counts.answered) && counts.lost >= 1, "{counts:?}");
    assert!(report.sample_error.is_some());
}

#[tokio::test]
async fn refused_connections_are_reported_and_others_carry_the_load() {
    let server = Server::start(|index| (index != 2).then_some(echo)).await;
    let report = report_of(to(&server)).await;
    assert_eq!(report.counts, Counts { connections_opened: 3, connections_refused: 1, ..WHOLE });
    assert!(report.sample_error.is_some());
    let server = Server::start(|_| None::<fn(&str) -> Option<Vec<String>>>).await;
    assert!(run::run(to(&server), Arc::default(), Signals::default()).await.is_err());
}
