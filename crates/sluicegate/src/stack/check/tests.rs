//! The checks against servers that each misbehave in one way.

use super::*;
use futures_util::{SinkExt as _, StreamExt as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

/// Short, since the expected reply never arrives.
const SHORT: Timeouts = Timeouts {
    probe_every: Duration::from_millis(20),
    first_answer: Duration::from_millis(400),
    answer: Duration::from_millis(400),
    finding: Duration::from_millis(400),
};

/// The time limit for replies that must arrive, even on a busy machine.
const PATIENT: Timeouts = Timeouts {
    probe_every: Duration::from_millis(20),
    first_answer: Duration::from_secs(30),
    answer: Duration::from_secs(30),
    finding: Duration::from_millis(400),
};

/// The replies to a message, by the number of messages before it.
pub type Answer = fn(u64, String) -> Vec<String>;

pub async fn server(answer: Answer) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicU64::new(0));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let count = count.clone();
            tokio::spawn(async move {
                let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
                while let Some(Ok(Message::Text(text))) = socket.next().await {
                    for text in answer(count.fetch_add(1, Ordering::Relaxed), text.to_string()) {
                        if socket.send(Message::text(text)).await.is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    uri
}

async fn outcome(answer: Answer) -> Result<(), String> {
    outcome_within(SHORT, answer).await
}

async fn outcome_within(timeouts: Timeouts, answer: Answer) -> Result<(), String> {
    let entry = Entry::open_to_all(&server(answer).await);
    as_clients(&entry, "run", timeouts).await.map_err(|error| format!("{error:#}"))
}

#[tokio::test]
async fn an_echo_passes() {
    outcome_within(PATIENT, |_, text| vec![text]).await.unwrap();
}

#[tokio::test]
async fn acknowledgements_other_messages_and_repetitions_pass() {
    let answer = |_, text: String| {
        vec![r#"{"ack":{"sequenceNumber":"1"}}"#.into(), "no JSON".into(), text.clone(), text]
    };
    outcome_within(PATIENT, answer).await.unwrap();
}

#[tokio::test]
async fn a_stack_that_needs_time_passes() {
    let answer = |count, text| if count < 5 { vec![] } else { vec![text] };
    outcome_within(PATIENT, answer).await.unwrap();
}

#[tokio::test]
async fn a_stack_that_never_answers_fails() {
    let error = outcome(|_, _| vec![]).await.unwrap_err();
    assert!(error.contains("no reply from ws://") && error.contains("none came back"), "{error}");
}

#[tokio::test]
async fn a_lost_message_fails() {
    let error = outcome(|count, text| if count == 20 { vec![] } else { vec![text] }).await.unwrap_err();
    assert!(error.contains("1 of 50 messages did not come back"), "{error}");
}

#[tokio::test]
async fn an_altered_message_fails() {
    let error = outcome(|_, text| vec![text.replace("日本語", "???")]).await.unwrap_err();
    assert!(error.contains("came back altered"), "{error}");
}

#[tokio::test]
async fn another_clients_message_fails() {
    let error = outcome(|_, text| vec![text.replace(r#""client":4"#, r#""client":5"#)]).await.unwrap_err();
    assert!(error.contains("client 4 received a message of client 5"), "{error}");
}

#[tokio::test]
async fn an_error_of_the_gateway_fails_by_its_name() {
    let answer = |count, text| {
        let error = r#"{"message":"Internal server error","connectionId":"c","requestId":"r"}"#;
        if count > 2 { vec![error.to_owned()] } else { vec![text] }
    };
    let error = outcome(answer).await.unwrap_err();
    assert!(error.contains("Internal server error"), "{error}");
}

#[tokio::test]
async fn an_echo_differs_from_what_aws_documents() {
    let entry = Entry::open_to_all(&server(|_, text| vec![text]).await);
    let findings = client_side::findings(&entry, "run", SHORT.answer).await.unwrap();
    let differ: Vec<_> = findings.iter().map(|finding| finding.differs.is_some()).collect();
    assert_eq!(differ, [false, true, true, true, true], "{findings:?}");
}

#[tokio::test]
async fn changed_spelling_is_reported() {
    let entry = Entry::open_to_all(&server(|_, text| vec![text.replace("1.0", "1")]).await);
    let findings = client_side::findings(&entry, "run", SHORT.answer).await.unwrap();
    assert!(findings[0].differs.as_ref().is_some_and(|found| found.contains("received")), "{findings:?}");
}

#[tokio::test]
async fn a_lost_message_of_several_frames_fails() {
    let error = outcome(|_, text| if text.len() > 99_000 { vec![] } else { vec![text] }).await.unwrap_err();
    assert!(error.contains("fragmented message"), "{error}");
}

/// A stage with an authorizer and no token, or a wrong one.
#[tokio::test]
async fn a_refused_handshake_fails_at_once() {
    for (status, advice) in [(401, "--token"), (403, "this client may not connect")] {
        let entry = Entry::open_to_all(&refusing(status).await);
        let pace = Pace::below(500.0, Duration::from_secs(300));
        let probed = probes::run(&entry, &[], "run", pace).await.unwrap_err();
        let patient = Timeouts { first_answer: Duration::from_secs(300), ..SHORT };
        let full = as_clients(&entry, "run", patient).await.unwrap_err();
        for error in [probed, full] {
            assert!(error.is::<NotAdmitted>() && error.to_string().contains(advice), "{error:#}");
        }
    }
}

/// A server that refuses every handshake.
async fn refusing(status: u16) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // What is closed before the request was read is closed by a reset, with the answer lost.
            let mut request = [0; 4096];
            if stream.read(&mut request).await.is_ok() {
                let answer = format!("HTTP/1.1 {status} No\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    uri
}

#[test]
fn misplaced_counts_what_came_late() {
    assert_eq!(misplaced(&[0, 1, 2, 3]), 0);
    assert_eq!(misplaced(&[1, 0, 3, 2]), 2);
}
