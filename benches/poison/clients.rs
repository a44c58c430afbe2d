//! Clients that send at fixed times and measure how long each answer took.

use anyhow::{Context as _, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use sluicegate_benches::PATIENCE;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Its connection id.
    pub id: String,
}

#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    pub begin: Instant,
    pub every: Duration,
    pub messages: usize,
}

impl Schedule {
    fn at(self, message: usize) -> Instant {
        self.begin + self.every * message as u32
    }
}

impl Client {
    /// Connects, and learns its id from the error frame for text that is not JSON.
    pub async fn connect(uri: &str) -> anyhow::Result<Self> {
        let (socket, _) = connect_async_with_config(uri, None, false)
            .await
            .with_context(|| format!("cannot connect to {uri}"))?;
        let mut client = Self { socket, id: String::new() };
        client.socket.send(Message::text("not json")).await?;
        let refused: Value = serde_json::from_str(&client.receive().await?)?;
        client.id = refused["connectionId"].as_str().context("a refusal names no connection")?.into();
        Ok(client)
    }

    /// Sends as scheduled. Returns the milliseconds of each answer, counted from when its message was due.
    pub async fn talk(&mut self, schedule: Schedule) -> anyhow::Result<Vec<f64>> {
        let (mut sent, mut took_ms) = (0, Vec::with_capacity(schedule.messages));
        while took_ms.len() < schedule.messages {
            tokio::select! {
                answer = self.receive() => {
                    let (number, answer) = (took_ms.len(), answer?);
                    ensure!(answer == text(number), "received {answer} instead of {}", text(number));
                    took_ms.push(schedule.at(number).elapsed().as_secs_f64() * 1_000.0);
                }
                () = sleep_until(schedule.at(sent)), if sent < schedule.messages => {
                    self.socket.send(Message::text(text(sent))).await?;
                    sent += 1;
                }
            }
        }
        Ok(took_ms)
    }

    /// Sends as scheduled, without expecting answers.
    pub async fn talk_in_vain(&mut self, schedule: Schedule) -> anyhow::Result<()> {
        for number in 0..schedule.messages {
            sleep_until(schedule.at(number)).await;
            self.socket.send(Message::text(text(number))).await?;
        }
        Ok(())
    }

    async fn receive(&mut self) -> anyhow::Result<String> {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.context("no answer came")?;
            if let Message::Text(text) = message.context("the connection is closed")?? {
                return Ok(text.to_string());
            }
        }
    }
}

fn text(number: usize) -> String {
    json!({ "n": number }).to_string()
}
