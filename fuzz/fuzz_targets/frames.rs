//! Any bytes from a client after its handshake, through the gateway's own code to the stream and back.
//!
//! Whatever the client sends, it gets a legal sequence of frames that ends, each of its whole messages is answered or
//! recorded, and a mistake is reported with the right code.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::{Mutex, PoisonError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

#[path = "../src/client.rs"]
mod client;
#[path = "../src/client_side.rs"]
mod client_side;
#[path = "../src/heard.rs"]
mod heard;
#[path = "../src/input.rs"]
mod input;
#[path = "../src/lines.rs"]
mod lines;
#[path = "../src/stage.rs"]
mod stage;

use client::{End, Said};
use client_side::ClientSide;
use heard::Heard;
use input::Input;

/// Clients after which a new gateway is created, with an empty stream.
const VISITS_MAX: u32 = 5_000;
/// Bytes that the sockets buffer between client and gateway.
const SOCKET_BYTES: usize = 64 * 1_024;
/// Pieces of a client's bytes; the rest comes at once.
const PIECES_MAX: usize = 64;

/// Not thread-local: there is no runtime any more when a thread ends.
static CLIENT_SIDE: Mutex<Option<(ClientSide, u32)>> = Mutex::new(None);

fuzz_target!(|bytes: &[u8]| {
    let Some(input) = Input::of(bytes) else { return };
    let mut slot = CLIENT_SIDE.lock().unwrap_or_else(PoisonError::into_inner);
    let (client_side, visits) = slot.get_or_insert_with(|| (ClientSide::new(), 0));
    visit(client_side, &input);
    *visits += 1;
    if *visits == VISITS_MAX {
        *slot = None;
    }
});

fn visit(client_side: &ClientSide, input: &Input) {
    let (client, server) = tokio::io::duplex(SOCKET_BYTES);
    let received = client_side.visit(server, behave(client, input));
    let lines = client_side.lines().take();
    let count = |event: &str| {
        lines.iter().filter(|(line, _)| line.starts_with(event)).map(|(_, times)| times).sum::<usize>()
    };
    assert_eq!(count("DISCONNECT "), 1, "{lines:?}");
    // Every message that takes this route is in the stream, whoever waits for the answer.
    assert_eq!(count("MESSAGE $default "), count("MESSAGE $default 200"), "{lines:?}");
    // A client that does not read may block the gateway's reads, and what it gets may be cut anywhere.
    if !input.is_reading {
        return;
    }
    let (said, heard) = (client::said(&input.bytes), heard::heard(&received));
    let is_throttled = |text: &&String| {
        let json: Option<serde_json::Value> = serde_json::from_str(text).ok();
        json.is_some_and(|json| json["action"] == stage::THROTTLED)
    };
    // Throttled messages are not recorded.
    let throttled = said.texts.iter().filter(is_throttled).count();
    assert_eq!(count("MESSAGE ") + throttled, said.texts.len(), "{said:?}: {lines:?}");
    check(&said, &heard, input.is_ended);
}

fn check(said: &Said, heard: &Heard, is_ended: bool) {
    let answers = heard.messages.len();
    match (&said.end, heard.close) {
        // A client that has closed needs no more answers.
        (End::Closed(code), Some(reported)) => {
            assert!(answers <= said.texts.len(), "{answers} answers: {said:?}");
            // Only gateways may send 1014: the protocol's written cases have the reason.
            let is_legal = |code: &u16| matches!(code, 1000..=1003 | 1007..=1013 | 3000..=4999);
            let expected = if code.as_ref().is_none_or(is_legal) { *code } else { Some(1002) };
            assert_eq!(reported, expected, "{said:?}");
        }
        // It is sent before the gateway can notice that the client is gone.
        (End::Broken(codes), Some(Some(reported))) => {
            assert_eq!(answers, said.texts.len(), "{said:?}");
            assert!(codes.contains(&reported), "{reported}: {said:?}");
        }
        // A client that left without a close frame gets nothing more.
        (End::Open, None) if is_ended => {
            assert!(answers <= said.texts.len(), "{answers} answers: {said:?}")
        }
        (End::Open, Some(Some(_))) => assert_eq!(answers, said.texts.len(), "{said:?}"),
        (_, close) => panic!("closed with {close:?}: {said:?}"),
    }
    assert_eq!(heard.pongs, said.pings, "each ping has its pong: {said:?}");
}

/// Plays the client. Returns what it received.
async fn behave(client: DuplexStream, input: &Input) -> Vec<u8> {
    let (mut reading, mut writing) = tokio::io::split(client);
    let mut received = Vec::new();
    let write = async {
        let pieces = input.bytes.len().min(PIECES_MAX.saturating_mul(input.chunk));
        let (pieces, rest) = input.bytes.split_at(pieces);
        for piece in pieces.chunks(input.chunk).chain([rest]) {
            // The gateway may close in the middle of it.
            if writing.write_all(piece).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        if input.is_ended {
            let _ = writing.shutdown().await;
        }
    };
    if input.is_reading {
        let _ = tokio::join!(write, reading.read_to_end(&mut received)).1;
    } else {
        write.await;
    }
    received
}
