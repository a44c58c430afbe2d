//! Many WebSocket clients, which check that they get the right messages in order.

use crate::PATIENCE;
use anyhow::{Context as _, ensure};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Connected clients, numbered from 0.
pub struct Clients {
    senders: Vec<SplitSink<Socket, Message>>,
    received: mpsc::UnboundedReceiver<(usize, String)>,
}

impl Clients {
    pub async fn connect(uri: &str, count: usize) -> anyhow::Result<Self> {
        let (sender, received) = mpsc::unbounded_channel();
        let mut senders = Vec::with_capacity(count);
        for client in 0..count {
            let (socket, _) = connect_async_with_config(uri, None, false)
                .await
                .with_context(|| format!("cannot connect to {uri}"))?;
            let (sink, stream) = socket.split();
            senders.push(sink);
            tokio::spawn(forward(client, stream, sender.clone()));
        }
        Ok(Self { senders, received })
    }

    pub fn count(&self) -> usize {
        self.senders.len()
    }

    pub async fn send(&mut self, client: usize, text: String) -> anyhow::Result<()> {
        self.senders[client]
            .send(Message::text(text))
            .await
            .with_context(|| format!("client {client} cannot send"))
    }

    /// Takes every message, until all connections are closed.
    pub async fn drain(&mut self) {
        while self.received.recv().await.is_some() {}
    }

    /// Waits until every client has its messages: `expected[client]`, in that order and no others.
    pub async fn expect(&mut self, expected: &[Vec<String>]) -> anyhow::Result<()> {
        let total: usize = expected.iter().map(Vec::len).sum();
        let mut next = vec![0; expected.len()];
        let deadline = Instant::now() + PATIENCE;
        for count in 0..total {
            let message = timeout_at(deadline, self.received.recv()).await;
            let message = message.with_context(|| format!("{count} of {total} replies came, then none"))?;
            let (client, text) = message.context("every connection is closed")?;
            let wanted = expected[client].get(next[client]);
            ensure!(wanted == Some(&text), "client {client} got {text:?} where {wanted:?} was its next");
            next[client] += 1;
        }
        Ok(())
    }
}

async fn forward(
    client: usize,
    mut stream: SplitStream<Socket>,
    received: mpsc::UnboundedSender<(usize, String)>,
) {
    while let Some(Ok(message)) = stream.next().await {
        if let Message::Text(text) = message
            && received.send((client, text.to_string())).is_err()
        {
            return;
        }
    }
}
