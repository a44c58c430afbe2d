//! Requests to an AWS whose clock is not the machine's.

use super::*;
use std::sync::Arc;
use std::sync::Mutex;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

/// Ten years, nearly.
const AHEAD: Duration = Duration::from_secs(10 * 365 * 86_400);
const PATIENCE: Duration = Duration::from_secs(60);

/// Answers with these statuses, ten years ahead; answers the address, and the heads that came.
async fn aws(statuses: &'static [u16]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut socket = BufReader::new(socket);
        for status in statuses {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert!(socket.read_line(&mut head).await.unwrap() > 0);
            }
            seen.lock().unwrap().push(head);
            let date = httpdate::fmt_http_date(SystemTime::now() + AHEAD);
            let answer = format!("HTTP/1.1 {status} X\r\ndate: {date}\r\ncontent-length: 0\r\n\r\n");
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (address, heads)
}

fn client() -> SignedHttp {
    let keys = Keys {
        region: "us-east-1".into(),
        access_key_id: "key".into(),
        secret_access_key: "secret".into(),
        session_token: None,
    };
    let limits = Limits { connect: PATIENCE, request: PATIENCE, response_bytes_max: 1_024 };
    SignedHttp::new(&keys, false, limits).unwrap()
}

/// Sends so many requests; answers their statuses, and for each request that came whether it was signed by AWS's clock.
async fn sent(count: usize, statuses: &'static [u16]) -> (Vec<u16>, Vec<bool>) {
    let (address, heads) = aws(statuses).await;
    let client = client();
    let mut answers = Vec::new();
    for _ in 0..count {
        let request = Request::get(&address).body(Bytes::new()).unwrap();
        answers.push(client.send("sqs", request).await.unwrap().status.as_u16());
    }
    let year = httpdate::fmt_http_date(SystemTime::now() + AHEAD)[12..16].to_owned();
    let ahead = |head: &String| head.contains(&format!("x-amz-date: {year}"));
    let ahead = heads.lock().unwrap().iter().map(ahead).collect();
    (answers, ahead)
}

#[tokio::test]
async fn a_refusal_of_a_wrong_clock_is_tried_once_by_aws_clock() {
    let outcome = sent(2, &[403, 200, 200]).await;
    assert_eq!(outcome, (vec![200, 200], vec![false, true, true]));
}

#[tokio::test]
async fn what_is_refused_by_the_right_clock_too_stays_refused() {
    let outcome = sent(2, &[400, 403, 403]).await;
    assert_eq!(outcome, (vec![403, 403], vec![false, true, true]));
}

#[tokio::test]
async fn whatever_is_no_refusal_is_not_sent_again() {
    let outcome = sent(2, &[200, 500]).await;
    assert_eq!(outcome, (vec![200, 500], vec![false, false]));
}
