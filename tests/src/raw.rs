//! A client without a WebSocket library: bytes on a socket, and whatever comes back (RFC 6455).

use crate::PATIENCE;
use crate::frame::Frame;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The key of every handshake here, and below it the answer that RFC 6455 works out for it (1.3).
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// See [`KEY`].
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The head of an HTTP response.
#[derive(Debug)]
pub struct Head {
    /// Its status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The first header of a name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    fn parse(head: &str) -> Option<Self> {
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let header = |line: &str| {
            line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        };
        Some(Self { status, headers: lines.filter_map(header).collect() })
    }
}

/// A well-formed handshake's lines, to be sent as they are or spoilt.
pub fn handshake(address: SocketAddr, path: &str) -> Vec<String> {
    vec![
        format!("GET {path} HTTP/1.1"),
        format!("Host: {address}"),
        "Upgrade: websocket".to_owned(),
        "Connection: Upgrade".to_owned(),
        format!("Sec-WebSocket-Key: {KEY}"),
        "Sec-WebSocket-Version: 13".to_owned(),
    ]
}

/// A request's head on the wire.
pub fn head(lines: &[String]) -> Vec<u8> {
    format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes()
}

/// A socket to the plane.
#[derive(Debug)]
pub struct RawClient {
    socket: TcpStream,
    received: Vec<u8>,
}

impl RawClient {
    /// A socket on which nothing was sent yet.
    ///
    /// # Errors
    /// What the operating system says.
    pub async fn dial(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, received: Vec::new() })
    }

    /// A client past its handshake.
    ///
    /// # Errors
    /// Where the handshake is refused.
    pub async fn connect(address: SocketAddr, path: &str) -> io::Result<Self> {
        let mut client = Self::dial(address).await?;
        client.send(&head(&handshake(address, path))).await?;
        let head = client.head().await?;
        if head.status == 101 { Ok(client) } else { Err(io::Error::other(format!("refused: {head:?}"))) }
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// Where the plane has closed.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes).await
    }

    /// Says that nothing more will be sent.
    ///
    /// # Errors
    /// Where the plane has closed.
    pub async fn end(&mut self) -> io::Result<()> {
        self.socket.shutdown().await
    }

    /// The head of the response that comes next.
    ///
    /// # Errors
    /// Where the plane closes before it, or says nothing within [`PATIENCE`].
    pub async fn head(&mut self) -> io::Result<Head> {
        loop {
            if let Some(end) = self.received.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = self.received.split_off(end + 4);
                let head = std::mem::replace(&mut self.received, rest);
                let head = String::from_utf8_lossy(&head[..end]);
                return Head::parse(&head).ok_or_else(|| io::Error::other(format!("no response: {head}")));
            }
            if !self.receive().await? {
                return Err(io::Error::other("closed before a response"));
            }
        }
    }

    /// The frame that comes next; `None` where the plane closes the socket in order.
    ///
    /// # Errors
    /// Where it resets the socket or closes amid a frame, or says nothing within [`PATIENCE`].
    pub async fn frame(&mut self) -> io::Result<Option<Frame>> {
        loop {
            if let Some((frame, bytes)) = Frame::decode(&self.received) {
                self.received.drain(..bytes);
                return Ok(Some(frame));
            }
            if !self.receive().await? {
                let left = self.received.len();
                return if left == 0 {
                    Ok(None)
                } else {
                    Err(io::Error::other(format!("{left} bytes of no frame")))
                };
            }
        }
    }

    async fn receive(&mut self) -> io::Result<bool> {
        let read = self.socket.read_buf(&mut self.received);
        let bytes = timeout(PATIENCE, read).await.map_err(|_| io::Error::other("nothing comes"))??;
        Ok(bytes > 0)
    }
}
