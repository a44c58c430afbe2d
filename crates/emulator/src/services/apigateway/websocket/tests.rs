//! A client and the gateway on sockets of a known size, with a clock that advances when both wait: what depends on time
//! with real sockets is deterministic here.

use super::gateway::Gateway;
use super::limits::Timers;
use crate::core::account::Account;
use crate::services::logs::Logs;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// A ping and its pong, of 100 bytes; the mask is zero.
const PING: [u8; 6] = [0x89, 0x80 | 100, 0, 0, 0, 0];
const PONG: [u8; 2] = [0x8a, 100];
const PAYLOAD: [u8; 100] = [b'x'; 100];
/// Many times the capacity of the sockets.
const PINGS: usize = 10_000;
const SOCKET_BYTES: usize = 4_096;
/// Virtual: it passes at once when nobody has anything to do.
const A_WHILE: Duration = Duration::from_secs(60);

/// A client, and the task that serves it.
async fn client() -> (DuplexStream, JoinHandle<()>) {
    let logs = Arc::new(Logs::new(Account::default()));
    let (gateway, _) = Gateway::alone(logs, Timers::default()).await;
    let (client, server) = tokio::io::duplex(SOCKET_BYTES);
    (client, tokio::spawn(async move { gateway.attend("api", "v1", server).await }))
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_no_pong_is_read_no_more_until_it_does() {
    let (mut reading, mut writing) = tokio::io::split(client().await.0);
    let ping = [&PING[..], &PAYLOAD].concat();
    let mut sent = 0;
    let flood = async {
        while sent < PINGS {
            writing.write_all(&ping).await.expect("the connection is open");
            sent += 1;
        }
    };
    assert!(timeout(A_WHILE, flood).await.is_err(), "{PINGS} pings were read, and no pong taken");
    // The last ping may have been sent partly, and is not counted.
    for _ in 0..sent {
        let mut pong = [0; PONG.len() + PAYLOAD.len()];
        reading.read_exact(&mut pong).await.expect("a pong for each ping");
        assert_eq!(pong[..], [&PONG[..], &PAYLOAD].concat());
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_pings_and_closes_is_answered_in_that_order() {
    let (mut client, _) = client().await;
    let close = [0x88, 0x80 | 2, 0, 0, 0, 0, 3, 232];
    client.write_all(&[&PING[..], &PAYLOAD, &PING, &PAYLOAD, &close].concat()).await.unwrap();
    let mut heard = Vec::new();
    timeout(A_WHILE, client.read_to_end(&mut heard)).await.expect("it ends at once").unwrap();
    assert_eq!(heard, [&PONG[..], &PAYLOAD, &PONG, &PAYLOAD, &[0x88, 2, 3, 232]].concat());
}

/// Its frames are read to the end, though its reply cannot be sent any more.
#[tokio::test(start_paused = true)]
async fn a_client_that_pings_and_is_gone_is_let_go() {
    let (mut client, attended) = client().await;
    client.write_all(&[&PING[..], &PAYLOAD, &PING, &PAYLOAD, &PING, &PAYLOAD].concat()).await.unwrap();
    drop(client);
    timeout(A_WHILE, attended).await.expect("it ends at once").expect("without a panic");
}
