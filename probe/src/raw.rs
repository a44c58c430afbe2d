//! A client without a WebSocket library: bytes on a socket, and the answer (RFC 6455).

use crate::frame::Frame;
use std::fmt::{Debug, Display};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long a client waits for anything: generous, since the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of a response's body, at most.
const BODY_BYTES_MAX: usize = 64 * 1_024;

/// The key of every handshake here, followed by the answer that RFC 6455 computes for it (1.3).
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// See [`KEY`].
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

#[derive(Debug)]
pub struct Head {
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

/// The lines of a valid handshake, which tests may change.
pub fn handshake(host: impl Display, path: &str) -> Vec<String> {
    vec![
        format!("GET {path} HTTP/1.1"),
        format!("Host: {host}"),
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

/// A stream of bytes, with or without TLS.
trait Socket: AsyncRead + AsyncWrite + Debug + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Debug + Send + Unpin> Socket for T {}

/// A socket to the emulator.
#[derive(Debug)]
pub struct RawClient {
    socket: Box<dyn Socket>,
    received: Vec<u8>,
}

impl RawClient {
    /// A socket on which nothing was sent yet.
    pub async fn dial(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Ok(Self { socket: Box::new(socket), received: Vec::new() })
    }

    /// The same to `host`, which may have a port, over TLS.
    pub async fn dial_tls(host: &str) -> io::Result<Self> {
        let (name, port) = host.split_once(':').unwrap_or((host, "443"));
        let port = port.parse().map_err(io::Error::other)?;
        let socket = TcpStream::connect((name, port)).await?;
        socket.set_nodelay(true)?;
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = rustls::pki_types::ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let socket = TlsConnector::from(Arc::new(config)).connect(name, socket).await?;
        Ok(Self { socket: Box::new(socket), received: Vec::new() })
    }

    /// A client after its handshake.
    pub async fn connect(address: SocketAddr, path: &str) -> io::Result<Self> {
        let mut client = Self::dial(address).await?;
        client.send(&head(&handshake(address, path))).await?;
        let head = client.head().await?;
        if head.status == 101 { Ok(client) } else { Err(io::Error::other(format!("refused: {head:?}"))) }
    }

    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes).await?;
        self.socket.flush().await
    }

    /// Ends the client's side of the connection.
    pub async fn end(&mut self) -> io::Result<()> {
        self.socket.shutdown().await
    }

    /// The head of the next response.
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

    /// The body of the response whose head was read.
    pub async fn body(&mut self, head: &Head) -> io::Result<Vec<u8>> {
        if head.header("transfer-encoding").is_some() {
            return Err(io::Error::other("a body in chunks is not read here"));
        }
        let length = head.header("content-length").and_then(|length| length.parse().ok());
        let length = length.unwrap_or(0_usize).min(BODY_BYTES_MAX);
        while self.received.len() < length {
            if !self.receive().await? {
                return Err(io::Error::other("closed amid a response"));
            }
        }
        Ok(self.received.drain(..length).collect())
    }

    /// The next frame; `None` if the emulator closes the socket in order.
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
        let bytes = timeout(PATIENCE, read)
            .await
            .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "nothing comes"))??;
        Ok(bytes > 0)
    }
}
