//! A WebSocket client for tests. It waits for each message up to [`PATIENCE`], and returns close codes.

use crate::PATIENCE;
use futures_util::{SinkExt as _, StreamExt as _};
use http::Response;
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Opens a WebSocket. TLS is by ring: rustls chooses no provider by itself where there are two in a binary.
#[expect(clippy::disallowed_methods, reason = "the provider is chosen before")]
pub async fn open(
    request: impl IntoClientRequest + Unpin,
) -> Result<(WebSocketStream<MaybeTlsStream<TcpStream>>, Response<Option<Vec<u8>>>), Error> {
    // An error only means that a provider was chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio_tungstenite::connect_async(request).await
}

#[derive(Debug)]
pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    pub async fn connect(uri: &str) -> Self {
        let (socket, _) = open(uri).await.expect("the handshake succeeds");
        Self { socket }
    }

    /// Connects with additional headers; returns the server's response too.
    pub async fn try_connect(
        uri: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<(Self, Response<Option<Vec<u8>>>), Response<Option<Vec<u8>>>> {
        let mut request = uri.into_client_request().expect("a sound URI");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a sound header"));
        }
        match open(request).await {
            Ok((socket, response)) => Ok((Self { socket }, response)),
            Err(Error::Http(response)) => Err(*response),
            Err(error) => panic!("{uri}: {error}"),
        }
    }

    /// Sends a text message in one frame.
    pub async fn send(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.expect("the connection takes a message");
    }

    /// Sends a message and returns the next one that arrives.
    pub async fn exchange(&mut self, message: &Value) -> String {
        self.send(message.to_string()).await;
        self.receive().await
    }

    /// Sends a text message in frames of at most `bytes_max` bytes.
    pub async fn send_fragmented(&mut self, text: &str, bytes_max: usize) {
        let parts: Vec<_> = text.as_bytes().chunks(bytes_max).collect();
        for (index, part) in parts.iter().enumerate() {
            let kind = if index == 0 { Data::Text } else { Data::Continue };
            let is_last = index + 1 == parts.len();
            let frame = Frame::message(part.to_vec(), OpCode::Data(kind), is_last);
            self.socket.send(Message::Frame(frame)).await.expect("the connection takes a frame");
        }
    }

    /// Sends a message of any kind.
    pub async fn send_message(&mut self, message: Message) {
        self.socket.send(message).await.expect("the connection takes a message");
    }

    pub async fn receive(&mut self) -> String {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.expect("a message comes in time");
            match message.expect("the connection is open").expect("the connection is sound") {
                Message::Text(text) => return text.to_string(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("a text message was expected, not {other:?}"),
            }
        }
    }

    pub async fn receive_json(&mut self) -> Value {
        let text = self.receive().await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text:?} is not JSON: {error}"))
    }

    /// The code and reason of the next close frame; skips the messages before it.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            let message =
                timeout(PATIENCE, self.socket.next()).await.expect("the connection is closed in time");
            let message =
                message.expect("a close frame comes first").expect("the connection is sound until closed");
            if let Message::Close(frame) = message {
                let frame = frame.expect("the close frame has a code");
                return (frame.code.into(), frame.reason.to_string());
            }
        }
    }

    /// Sends a ping, and ignores the error if the connection is closed.
    pub async fn ping(&mut self) {
        let _ = self.socket.send(Message::Ping(Vec::new().into())).await;
    }

    /// The code and reason of a close frame, if one arrives in time; skips the messages before it.
    pub async fn closed_within(&mut self, time: Duration) -> Option<(u16, String)> {
        timeout(time, self.closed()).await.ok()
    }

    /// Closes the connection and waits until it is closed.
    pub async fn close(mut self) {
        let _ = self.socket.close(None).await;
        while let Some(Ok(_)) = self.socket.next().await {}
    }
}
