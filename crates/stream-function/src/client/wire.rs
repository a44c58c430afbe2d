//! What answers on a real socket mean, and that one connection serves many calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{EndpointConnections, Queue, SdkConnections, transport};
use crate::connections::{Connections, Delivery, SendError};
use crate::dead_letters::DeadLetterQueue;
use crate::environment::Environment;

/// An endpoint that answers by the last segment of the path, and counts the connections it accepts.
struct Endpoint {
    url: String,
    accepted: Arc<AtomicUsize>,
}

impl Endpoint {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&accepted);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(socket));
            }
        });
        Self { url, accepted }
    }

    fn environment(&self) -> Environment {
        Environment {
            function_name: "echo".into(),
            region: "eu-west-1".into(),
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "secret".into(),
            session_token: None,
            connections_endpoint: self.url.clone(),
            sqs_endpoint: self.url.clone(),
            dead_letter_queue_url: format!("{}/1/dlq", self.url),
            log_payloads: false,
            metrics_level: "INFO",
            answers_probes: true,
        }
    }

    /// The library's client and AWS's.
    fn clients(&self) -> [Box<dyn Connections>; 2] {
        let environment = self.environment();
        let own = EndpointConnections::new(transport(&environment).unwrap(), self.url.clone());
        [Box::new(own), Box::new(SdkConnections::new(&environment))]
    }
}

/// HTTP/1.1, as much as the client speaks. `close` takes the request and hangs up.
async fn serve(socket: TcpStream) -> Option<()> {
    let mut socket = BufReader::new(socket);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        socket.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let (method, path) = (line.split(' ').next()?.to_owned(), line.split(' ').nth(1)?.to_owned());
        loop {
            line.clear();
            socket.read_line(&mut line).await.ok()?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        socket.read_exact(&mut body).await.ok()?;
        let (status, answer) = answer(&method, path.rsplit('/').next()?, &body)?;
        let length =
            if method == "HEAD" { String::new() } else { format!("content-length: {}\r\n", answer.len()) };
        let head = format!("HTTP/1.1 {status} X\r\n{length}\r\n{answer}");
        socket.write_all(head.as_bytes()).await.ok()?;
    }
}

fn answer(method: &str, segment: &str, body: &[u8]) -> Option<(u16, String)> {
    let said = |message: &str| format!(r#"{{"message": "{message}"}}"#);
    Some(match (method, segment) {
        ("HEAD", _) => (403, String::new()),
        ("GET", "here") => {
            (200, r#"{"connectedAt":"2020-03-04T19:10:38Z","identity":{"sourceIp":"192.0.2.1"}}"#.into())
        }
        ("DELETE", "here") => (204, String::new()),
        ("POST", "here") => (200, String::new()),
        ("POST", "") if body.windows(7).any(|word| word == b"refused") => {
            (400, said("the queue does not exist"))
        }
        ("POST", "") if body.starts_with(br#"{"QueueUrl":"#) => (200, r#"{"MessageId":"m"}"#.into()),
        (_, "gone") => (410, String::new()),
        (_, "forbidden") => (403, said("not authorized")),
        (_, "malformed") => (400, said("Invalid connectionId: malformed")),
        (_, "throttled") => (429, said("Rate exceeded")),
        (_, "broken") => (502, "<html>bad gateway</html>".into()),
        (_, "endless") => (500, "x".repeat(crate::limits::RESPONSE_BYTES_MAX + 1)),
        (_, "close") => return None,
        _ => (404, said("no such path")),
    })
}

#[tokio::test]
async fn each_answer_has_its_meaning() {
    let endpoint = Endpoint::start().await;
    for connections in endpoint.clients() {
        let post = async |id: &str| connections.post(id, Bytes::from_static(b"hello")).await;
        assert_eq!(post("here").await, Ok(Delivery::Delivered));
        assert_eq!(post("gone").await, Ok(Delivery::Gone));
        assert_eq!(post("forbidden").await, Err(SendError::Forbidden("not authorized".into())));
        assert_eq!(post("malformed").await, Err(SendError::InvalidConnectionId("malformed".into())));
        assert_eq!(post("").await, Err(SendError::InvalidConnectionId(String::new())));
        assert_eq!(post("throttled").await, Err(SendError::Throttled("Rate exceeded".into())));
        let broken = "502: 502 Bad Gateway <html>bad gateway</html>";
        assert_eq!(post("broken").await, Err(SendError::Unavailable(broken.into())));
        let other = SendError::Rejected { status: 404, message: "no such path".into() };
        assert_eq!(post("else").await, Err(other));
        for id in ["close", "endless"] {
            assert!(matches!(post(id).await, Err(SendError::Unavailable(_))), "{id}");
        }
    }
}

#[tokio::test]
async fn clients_can_be_asked_about_and_disconnected() {
    let endpoint = Endpoint::start().await;
    for connections in endpoint.clients() {
        let info = connections.get("here").await.unwrap().unwrap();
        assert_eq!(info.connected_at.as_deref(), Some("2020-03-04T19:10:38Z"));
        assert_eq!(info.identity.unwrap().source_ip.as_deref(), Some("192.0.2.1"));
        assert_eq!(connections.get("gone").await, Ok(None));
        assert_eq!(connections.delete("here").await, Ok(()));
        assert_eq!(connections.delete("gone").await, Ok(()));
    }
}

#[tokio::test]
async fn the_connection_opened_at_init_serves_every_call() {
    let endpoint = Endpoint::start().await;
    for (index, connections) in endpoint.clients().into_iter().enumerate() {
        connections.warm_up().await;
        assert_eq!(endpoint.accepted.load(Ordering::SeqCst), index + 1);
        for id in ["here", "gone", "throttled", "here"] {
            let _ = connections.post(id, Bytes::from_static(b"hello")).await;
        }
        assert_eq!(endpoint.accepted.load(Ordering::SeqCst), index + 1);
    }
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_unavailable() {
    let endpoint = Endpoint { url: "http://127.0.0.1:1".into(), accepted: Arc::default() };
    for connections in endpoint.clients() {
        connections.warm_up().await;
        let error = connections.post("here", Bytes::new()).await.err().unwrap();
        assert!(error.is_transient() && error.to_string().contains("onnection refused"), "{error}");
    }
}

#[tokio::test]
async fn the_dead_letter_queue_takes_messages_or_says_why_not() {
    let endpoint = Endpoint::start().await;
    let environment = endpoint.environment();
    let transport = transport(&environment).unwrap();
    let queue = Queue::new(transport, endpoint.url, environment.dead_letter_queue_url);
    assert_eq!(queue.publish("{}").await, Ok(()));
    assert_eq!(queue.publish("refused").await, Err("the queue does not exist".into()));
}
