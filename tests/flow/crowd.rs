//! Many clients on one emulator: idle ones, chatting ones and hostile ones.

use sluicegate_tests::frame::{CONTINUATION, Frame, PING, PONG, TEXT};
use sluicegate_tests::raw::{RawClient, handshake, head};
use sluicegate_tests::test_emulator::TestEmulator;
use std::io;
use std::net::SocketAddr;
use tokio::task::JoinSet;

const IDLE: usize = 200;
const CHATTING: usize = 20;
/// All messages together are below the stage's burst, so that none is throttled.
const MESSAGES: usize = 10;
/// Messages from a client that does not read its answers; they count towards the burst too.
const UNREAD_MESSAGES: usize = 100;
/// Pings from a client that does not read the pongs: many times the capacity of both socket buffers.
const UNREAD_PINGS: usize = 200_000;

async fn connect(address: SocketAddr) -> RawClient {
    RawClient::connect(address, "/v1").await.expect("the handshake succeeds")
}

/// Sends messages all at once, and checks that it gets every answer, in order, and nothing else.
async fn chat(address: SocketAddr, client_number: usize) {
    let mut client = connect(address).await;
    let text = |message: usize| format!("[{client_number},{message}]");
    for message in 0..MESSAGES {
        client.send(&Frame::new(TEXT, text(message)).encode()).await.expect("the gateway reads");
    }
    for message in 0..MESSAGES {
        let frame = client.frame().await.expect("an answer comes").expect("the connection is open");
        assert_eq!((frame.opcode, frame.payload), (TEXT, text(message).into_bytes()));
    }
}

/// Checks that an idle client is still connected, and has not received messages of others.
async fn is_there(client: &mut RawClient, number: usize) {
    client.send(&Frame::new(PING, number.to_string()).encode()).await.expect("the gateway reads");
    let frame = client.frame().await.expect("a pong comes").expect("the connection is open");
    assert_eq!((frame.opcode, frame.payload), (PONG, number.to_string().into_bytes()));
}

/// Hostile clients of different kinds. They stay connected until they are dropped.
async fn hostile_clients(address: SocketAddr) -> Vec<RawClient> {
    let whole = head(&handshake(address, "/v1"));
    let begins = |bytes: Vec<u8>, is_past_handshake: bool| async move {
        let mut client = if is_past_handshake {
            connect(address).await
        } else {
            RawClient::dial(address).await.expect("the emulator accepts")
        };
        // The gateway may close the connection meanwhile.
        let _ = client.send(&bytes).await;
        client
    };
    let unread: Vec<u8> =
        (0..UNREAD_MESSAGES).flat_map(|number| Frame::new(TEXT, format!("[{number}]")).encode()).collect();
    let mut hostile = vec![
        begins(unread, true).await,
        begins(Frame::new(TEXT, "[1,").unfinished().encode(), true).await,
        begins(Frame::new(TEXT, "[1]").encode()[..4].to_vec(), true).await,
        begins(Frame::new(CONTINUATION, "first").encode(), true).await,
        begins(vec![0xff; 64 * 1_024], true).await,
        begins(vec![0; 64 * 1_024], false).await,
        begins(Vec::new(), false).await,
    ];
    for at in [1, 20, whole.len() - 1] {
        hostile.push(begins(whole[..at].to_vec(), false).await);
    }
    hostile
}

/// Sends pings without reading, until all are sent or the gateway does not read either.
async fn flood(address: SocketAddr) -> io::Result<()> {
    let pings = Frame::new(PING, [b'x'; 125]).encode().repeat(100);
    let mut client = connect(address).await;
    for _ in 0..UNREAD_PINGS / 100 {
        client.send(&pings).await?;
    }
    Ok(())
}

async fn chat_all(address: SocketAddr, numbers: std::ops::Range<usize>) {
    let mut chats = JoinSet::new();
    for number in numbers {
        chats.spawn(chat(address, number));
    }
    chats.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_and_chatting_clients_do_not_affect_each_other() {
    let emulator = TestEmulator::start().await;
    let address = emulator.emulator.address();
    let mut idle = Vec::with_capacity(IDLE);
    for _ in 0..IDLE {
        idle.push(connect(address).await);
    }
    chat_all(address, 0..CHATTING).await;
    for (number, client) in idle.iter_mut().enumerate() {
        is_there(client, number).await;
    }
}

/// Clients that flood, stall, or send garbage or half a handshake do not affect the messages of others or their order.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_clients_do_not_affect_others() {
    let emulator = TestEmulator::start().await;
    let address = emulator.emulator.address();
    let mut idle = connect(address).await;
    let hostile = hostile_clients(address).await;
    let flood = tokio::spawn(flood(address));
    chat_all(address, 0..CHATTING).await;
    is_there(&mut idle, 0).await;
    flood.abort();
    drop(hostile);
}
