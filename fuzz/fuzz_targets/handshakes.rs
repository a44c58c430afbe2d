//! Any bytes from a client's first one on: requests to the AWS APIs, to `@connections` and to the emulator's own pages,
//! handshakes, and what follows them.
//!
//! Whatever the client sends, its connection ends, and what it got begins with the head of an HTTP response.

#![no_main]

use libfuzzer_sys::fuzz_target;
use emulator::services::apigateway::websocket::Timers;
use emulator::server::guard::Access;
use emulator::{Emulator, EmulatorOptions};
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

#[path = "../src/stage.rs"]
mod stage;

/// Clients after which a new emulator is created, without the old one's resources.
const VISITS_MAX: u32 = 2_000;
/// Bytes that the sockets buffer between client and emulator.
const SOCKET_BYTES: usize = 64 * 1_024;
/// Pieces of a client's bytes; the rest comes at once.
const PIECES_MAX: usize = 64;
/// Virtual time that one client may take, at most.
const PATIENCE: Duration = Duration::from_secs(3_600);
const TIMERS: Timers = Timers { idle: Duration::from_secs(10), lifetime: Duration::from_secs(20) };
/// The beginning of HTTP/2, whose answers have another form.
const HTTP_2: &[u8] = b"PRI * HTTP/2";

struct House {
    runtime: Runtime,
    emulator: Emulator,
    visits: u32,
}

impl House {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let runtime = runtime.expect("a runtime");
        let emulator = runtime.block_on(async {
            // Clients do not use this address; it only has to have a port.
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            // The guard must not keep the fuzzer from the rest.
            let hosts = vec!["a".parse().expect("a host")];
            let access = Access { hosts, allows_unsigned: true, ..Access::default() };
            let options = EmulatorOptions { timers: TIMERS, access, ..EmulatorOptions::default() };
            Emulator::start(listener, options).await.expect("an emulator")
        });
        emulator.gateway().publish(stage::stage());
        Self { runtime, emulator, visits: 0 }
    }

    fn visit(&self, bytes: &[u8], chunk: usize) -> Vec<u8> {
        let (client, server) = tokio::io::duplex(SOCKET_BYTES);
        let peer = SocketAddr::from(([127, 0, 0, 1], 40_000));
        let (mut reading, mut writing) = tokio::io::split(client);
        let mut received = Vec::new();
        let write = async {
            let (pieces, rest) = bytes.split_at(bytes.len().min(PIECES_MAX.saturating_mul(chunk)));
            for piece in pieces.chunks(chunk).chain([rest]) {
                if writing.write_all(piece).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            let _ = writing.shutdown().await;
        };
        let visit = async {
            tokio::join!(self.emulator.attend(server, peer), write, reading.read_to_end(&mut received))
        };
        let visit = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, visit).await });
        assert!(visit.is_ok(), "it never ends");
        received
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.runtime.block_on(self.emulator.stop());
    }
}

/// Not thread-local: there is no runtime any more when a thread ends.
static HOUSE: Mutex<Option<House>> = Mutex::new(None);

fuzz_target!(|input: &[u8]| {
    let Some((&behaviour, bytes)) = input.split_first() else { return };
    let chunk = [usize::MAX, 1, 7, 600][usize::from(behaviour & 3)];
    let mut slot = HOUSE.lock().unwrap_or_else(PoisonError::into_inner);
    let house = slot.get_or_insert_with(House::new);
    let received = house.visit(bytes, chunk);
    let is_http_1 = !bytes.starts_with(&HTTP_2[..bytes.len().min(HTTP_2.len())]);
    assert!(received.is_empty() || !is_http_1 || received.starts_with(b"HTTP/1."), "{received:?}");
    house.visits += 1;
    if house.visits == VISITS_MAX {
        *slot = None;
    }
});
