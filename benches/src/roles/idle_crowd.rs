//! Clients that connect and send nothing; at the end each must still be connected, without having received anything.

use crate::{PATIENCE, sockets};
use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A masked ping with a payload of one byte; the mask is zero.
const PING: [u8; 7] = [0x89, 0x81, 0, 0, 0, 0, b'?'];
/// Its answer.
const PONG: [u8; 3] = [0x8a, 0x01, b'?'];

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IdleOrder {
    pub uri: String,
    pub count: usize,
}

pub(super) async fn run(order: IdleOrder) -> anyhow::Result<()> {
    sockets::allow(order.count)?;
    let mut crowd = sockets::open(&order.uri, order.count).await?;
    super::greet(&crowd.len())?;
    super::parent_left().await;
    for (number, socket) in crowd.iter_mut().enumerate() {
        let there = timeout(PATIENCE, is_there(socket)).await.context("no answer").and_then(|there| there);
        there.with_context(|| format!("idle client {number} of {}", order.count))?;
    }
    Ok(())
}

async fn is_there(socket: &mut TcpStream) -> anyhow::Result<()> {
    socket.write_all(&PING).await?;
    let mut answer = [0; PONG.len()];
    socket.read_exact(&mut answer).await?;
    ensure!(answer == PONG, "received {answer:?}, which is not its own message");
    Ok(())
}
