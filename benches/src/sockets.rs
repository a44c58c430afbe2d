//! Many idle WebSockets from one process: only a socket each.

use anyhow::{Context as _, ensure};
use emulator::core::open_files;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// Open files of a process besides its connections.
const OTHER_FILES: usize = 200;
/// Loopback addresses for connections in turn: a machine has some 28,000 ports for each.
const ADDRESSES: usize = 4;
/// Handshakes under way at once.
const AT_ONCE: usize = 64;

/// Lets this process, and those it starts, open `connections` sockets.
pub fn allow(connections: usize) -> anyhow::Result<()> {
    let wanted = (connections + OTHER_FILES) as u64;
    let limit = open_files::raise();
    ensure!(
        limit.is_none_or(|limit| limit >= wanted),
        "{connections} connections need {wanted} open files, and the limit here is {}: raise it (`ulimit -Hn {wanted}`, as root)",
        limit.unwrap_or_default()
    );
    Ok(())
}

/// The host and the path, without its slash, of a `ws://` address.
pub fn address(uri: &str) -> anyhow::Result<(&str, &str)> {
    let rest = uri.strip_prefix("ws://").context("not a ws:// address")?;
    rest.split_once('/').context("no path")
}

/// Opens connections and returns them when all are open.
pub async fn open(uri: &str, count: usize) -> anyhow::Result<Vec<TcpStream>> {
    let (host, path) = address(uri)?;
    let mut sockets = Vec::with_capacity(count);
    while sockets.len() < count {
        let first = sockets.len();
        let next = (first..count.min(first + AT_ONCE)).map(|index| handshake(host, path, index));
        sockets.extend(futures_util::future::try_join_all(next).await?);
    }
    Ok(sockets)
}

pub fn request(host: &str, path: &str) -> String {
    format!(
        "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

async fn handshake(host: &str, path: &str, index: usize) -> anyhow::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let source = format!("127.0.0.{}:0", 2 + index % ADDRESSES);
    socket.bind(source.parse()?)?;
    let mut socket = socket.connect(host.parse()?).await?;
    socket.write_all(request(host, path).as_bytes()).await?;
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut byte).await.context("the connection was closed during the handshake")?;
        head.push(byte[0]);
    }
    ensure!(head.starts_with(b"HTTP/1.1 101"), "refused: {}", String::from_utf8_lossy(&head));
    Ok(socket)
}
