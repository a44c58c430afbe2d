//! A WebSocket server that answers as a test tells it to.

use futures_util::{SinkExt as _, StreamExt as _};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

/// The behaviour of a connection's server.
pub trait Answers: Send + 'static {
    /// Answers to the text, in order, or `None` to end the connection.
    fn to(&mut self, text: &str) -> Option<Vec<String>>;
}

impl<F: FnMut(&str) -> Option<Vec<String>> + Send + 'static> Answers for F {
    fn to(&mut self, text: &str) -> Option<Vec<String>> {
        self(text)
    }
}

pub struct Server {
    pub uri: String,
    /// Addresses that connections came from.
    pub sources: Arc<Mutex<Vec<IpAddr>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on loopback; `answers` makes the behaviour for connection number n, or `None` to refuse it.
    pub async fn start<A: Answers>(mut answers: impl FnMut(usize) -> Option<A> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("ws://{}/v1", listener.local_addr().unwrap());
        let sources = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&sources);
        let task = tokio::spawn(async move {
            for index in 0.. {
                let (stream, from) = listener.accept().await.unwrap();
                seen.lock().unwrap().push(from.ip());
                if let Some(answers) = answers(index) {
                    tokio::spawn(serve(stream, answers));
                }
            }
        });
        Self { uri, sources, task }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, mut answers: impl Answers) {
    stream.set_nodelay(true).unwrap();
    let mut socket = accept_async(stream).await.unwrap();
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let Some(answers) = answers.to(&text) else {
            let _ = socket.close(None).await;
            return;
        };
        for answer in answers {
            // The client may leave at any time.
            let _ = socket.feed(Message::text(answer)).await;
        }
        let _ = socket.flush().await;
    }
}

/// The number of one of our messages.
pub fn seq(text: &str) -> u64 {
    let digits = text.strip_prefix("{\"seq\":").unwrap().split(',').next().unwrap();
    digits.parse().unwrap()
}
