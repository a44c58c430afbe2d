//! Clients that leave what they began unfinished, at every point where they can.

use super::*;
use crate::core::temp_folder::TempFolder;
use crate::emulator::{Emulator, EmulatorOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::Instant;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
const SETTINGS_ACK: &[u8] = &[0, 0, 0, 4, 1, 0, 0, 0, 0];
/// `GET / HTTP/1.1` of a page that there is.
const HEALTH: &[u8] = b"GET /_sluicegate/health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
/// Pseudo-headers by HPACK's table: GET, http, `/`, and an authority.
const HEADERS: &[u8] = b"\x82\x86\x84\x41\x09127.0.0.1";

/// HEADERS of a stream without a body, whole or with CONTINUATION to come.
fn headers(stream: u8, is_whole: bool) -> Vec<u8> {
    let flags = if is_whole { 0x5 } else { 0x1 };
    let length = HEADERS.len() as u8;
    [&[0, 0, length, 1, flags, 0, 0, 0, stream], HEADERS].concat()
}

/// How long a client that sends this is kept, in seconds of a clock that does not wait.
async fn kept_s(room: Room, sent: &[u8]) -> u64 {
    let address = SocketAddr::from(([127, 0, 0, 1], 4566));
    let folder = TempFolder::create().unwrap();
    let emulator = Emulator::assemble(address, EmulatorOptions::default(), folder, None).await;
    let (mut client, socket) = tokio::io::duplex(65_536);
    client.write_all(sent).await.unwrap();
    let began = Instant::now();
    let served = serve_connection(emulator.app.clone(), socket, address, room, CancellationToken::new());
    tokio::join!(served, drain(&mut client));
    began.elapsed().as_secs()
}

/// Reads what comes, and sends nothing any more.
async fn drain(client: &mut DuplexStream) {
    let mut rest = Vec::new();
    let _ = client.read_to_end(&mut rest).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_left_unfinished_is_let_go_in_time() {
    let h2 = |frames: &[&[u8]]| [PREFACE, &frames.concat()].concat();
    let head_s = websocket::limits::REQUEST_HEAD_MAX.as_secs();
    let pinged_s = head_s + PING_MAX.as_secs();
    for (sent, longest_s) in [
        (Vec::new(), head_s),
        (b"GET / HT".to_vec(), head_s),
        (b"GET / HTTP/1.1\r\nhost:".to_vec(), head_s),
        (HEALTH.to_vec(), head_s),
        ([HEALTH, b"GET / HTTP/1.1\r\nhost:"].concat(), head_s),
        (b"PRI * HTT".to_vec(), head_s),
        (PREFACE.to_vec(), head_s),
        (h2(&[SETTINGS]), head_s),
        (h2(&[SETTINGS, SETTINGS_ACK, &headers(1, false)]), head_s),
        (h2(&[SETTINGS, SETTINGS_ACK, &headers(1, true), &headers(3, false)]), pinged_s),
        (h2(&[SETTINGS, SETTINGS_ACK, &headers(1, true), &headers(3, true)[..5]]), pinged_s),
    ] {
        for (room, longest_s) in
            [(Room::Enough, longest_s), (Room::Scarce, SCARCE_HEAD_MAX.as_secs() + PING_MAX.as_secs())]
        {
            let kept_s = timeout(Duration::from_secs(3_600), kept_s(room, &sent)).await.ok();
            let text = String::from_utf8_lossy(&sent);
            assert!(kept_s.is_some_and(|kept_s| kept_s <= longest_s), "{room:?} {text:?}: {kept_s:?} s");
        }
    }
}
