//! Hostile clients, each in its own way, for as long as they are allowed.

use crate::sockets::{self, address, request};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, sink};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Bytes of garbage that one client sends before it is cut off or gives up.
const GARBAGE_BYTES: usize = 64 * 1_024;
/// Between two pieces of a slow handshake, and between two clients that send garbage.
const EVERY: Duration = Duration::from_millis(100);
/// Messages in one write of a client that reads no answers.
const UNREAD_MESSAGES: usize = 50;
/// Frames of a flood in one write.
const FLOOD_FRAMES: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Abuse {
    /// Pings as fast as they are accepted; it reads the pongs.
    Pings,
    /// Messages that the request model refuses, as fast as they are accepted; it reads the refusals.
    Refused,
    /// Pings as fast as they are accepted, without reading.
    UnreadPings,
    /// Messages, without reading the answers.
    Stall,
    /// Bytes that are not frames, repeatedly.
    Garbage,
    /// Bytes that are not a request, repeatedly.
    GarbageForHandshake,
    HalfHandshake,
    SlowHandshake,
    HalfFrame,
}

impl Abuse {
    /// Its description in a table.
    pub fn what(self) -> &'static str {
        match self {
            Self::Pings => "flood of pings",
            Self::Refused => "flood of messages that the model refuses",
            Self::UnreadPings => "flood of pings, pongs unread",
            Self::Stall => "messages, answers unread",
            Self::Garbage => "64 KB of garbage for frames",
            Self::GarbageForHandshake => "64 KB of garbage for a handshake",
            Self::HalfHandshake => "half a handshake",
            Self::SlowHandshake => "a handshake, a byte every 100 ms",
            Self::HalfFrame => "half a frame",
        }
    }
}

/// A masked frame; the mask is zero.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    frame.extend(payload);
    frame
}

/// Behaves in these ways until the parent leaves: the address, and how many clients of each kind.
pub(super) async fn run((uri, hostile): (String, Vec<(Abuse, usize)>)) -> anyhow::Result<()> {
    sockets::allow(hostile.iter().map(|(_, count)| count).sum())?;
    let mut clients = JoinSet::new();
    for (abuse, count) in hostile {
        for number in 0..count {
            let uri = uri.clone();
            clients.spawn(async move {
                // They start one after the other, not in step.
                tokio::time::sleep(EVERY * number as u32 / count as u32).await;
                // A client that is cut off comes back.
                loop {
                    let _ = misbehave(abuse, &uri).await;
                    tokio::time::sleep(EVERY).await;
                }
            });
        }
    }
    super::greet(&clients.len())?;
    super::parent_left().await;
    clients.shutdown().await;
    Ok(())
}

async fn misbehave(abuse: Abuse, uri: &str) -> anyhow::Result<()> {
    let (host, path) = address(uri)?;
    let handshake = request(host, path).into_bytes();
    match abuse {
        Abuse::Pings => flood(uri, &frame(0x89, &[b'x'; 100])).await,
        Abuse::Refused => flood(uri, &frame(0x81, b"this is not JSON")).await,
        Abuse::UnreadPings => {
            let mut socket = connected(uri).await?;
            let pings = frame(0x89, &[b'x'; 100]).repeat(FLOOD_FRAMES);
            loop {
                socket.write_all(&pings).await?;
            }
        }
        Abuse::Stall => {
            let mut socket = connected(uri).await?;
            socket.write_all(&frame(0x81, br#"{"stalled":true}"#).repeat(UNREAD_MESSAGES)).await?;
            std::future::pending().await
        }
        Abuse::Garbage => {
            let mut socket = connected(uri).await?;
            socket.write_all(&[0xff; GARBAGE_BYTES]).await?;
            end(socket).await
        }
        Abuse::GarbageForHandshake => {
            let mut socket = TcpStream::connect(host).await?;
            socket.write_all(&[0xff; GARBAGE_BYTES]).await?;
            end(socket).await
        }
        Abuse::HalfHandshake => {
            let mut socket = TcpStream::connect(host).await?;
            socket.write_all(&handshake[..handshake.len() / 2]).await?;
            end(socket).await
        }
        Abuse::SlowHandshake => {
            let mut socket = TcpStream::connect(host).await?;
            for byte in handshake {
                socket.write_all(&[byte]).await?;
                tokio::time::sleep(EVERY).await;
            }
            Ok(())
        }
        Abuse::HalfFrame => {
            let mut socket = connected(uri).await?;
            socket.write_all(&frame(0x81, br#"{"half":true}"#)[..10]).await?;
            end(socket).await
        }
    }
}

async fn connected(uri: &str) -> anyhow::Result<TcpStream> {
    Ok(sockets::open(uri, 1).await?.remove(0))
}

/// Sends as fast as the gateway accepts, and reads everything.
async fn flood(uri: &str, frame: &[u8]) -> anyhow::Result<()> {
    let (mut reading, mut writing) = connected(uri).await?.into_split();
    let frames = frame.repeat(FLOOD_FRAMES);
    let read = async { tokio::io::copy(&mut reading, &mut sink()).await };
    let write = async {
        loop {
            writing.write_all(&frames).await?;
        }
    };
    tokio::select! {
        read = read => read.map(|_| ())?,
        written = write => { let written: std::io::Result<()> = written; written? }
    }
    Ok(())
}

/// Waits until the gateway hangs up.
async fn end(mut socket: TcpStream) -> anyhow::Result<()> {
    let mut buffer = [0; 1_024];
    while let 1.. = socket.read(&mut buffer).await? {}
    Ok(())
}
