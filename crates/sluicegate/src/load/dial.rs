//! Opens connections, from as many addresses of this machine as given.

use crate::{connect, tls};
use anyhow::Context as _;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::{IntoClientRequest as _, uri_mode};
use tokio_tungstenite::tungstenite::http;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::stream::Mode;
use tokio_tungstenite::{Connector, client_async_tls_with_config};

/// Seconds that opening a connection may take. API Gateway waits 29 for a `$connect` route.
const OPEN_S_MAX: u64 = 30;
/// Bytes of a connection's read buffer, at least and at most; thousands of connections share a machine.
const READ_BUFFER_BYTES: (usize, usize) = (2 * 1024, 64 * 1024);

pub use crate::tls::Socket;

pub struct Dialer {
    uri: http::Uri,
    target: SocketAddr,
    sources: Vec<IpAddr>,
    connector: Connector,
    config: WebSocketConfig,
}

impl Dialer {
    /// Resolves the URI's host once. Connections take turns in the addresses of `sources`, or leave theirs
    /// to the system where there are none. `message_bytes` is what each will carry.
    pub async fn new(uri: &str, sources: Vec<IpAddr>, message_bytes: usize) -> anyhow::Result<Self> {
        let uri: http::Uri = uri.parse().with_context(|| format!("{uri} is not a valid URI"))?;
        let mode = uri_mode(&uri).with_context(|| format!("{uri} must begin with ws:// or wss://"))?;
        let host = uri.host().with_context(|| format!("{uri} has no host"))?;
        let port = uri.port_u16().unwrap_or(match mode {
            Mode::Plain => 80,
            Mode::Tls => 443,
        });
        let is_wanted =
            |target: &SocketAddr| sources.iter().all(|source| source.is_ipv4() == target.is_ipv4());
        let target = tokio::net::lookup_host((host.trim_matches(['[', ']']), port))
            .await
            .with_context(|| format!("cannot resolve {host}"))?
            .find(is_wanted)
            .with_context(|| format!("{host} has no address of the same family as --source-addresses"))?;
        let connector = match mode {
            Mode::Plain => Connector::Plain,
            Mode::Tls => Connector::Rustls(tls::config()?),
        };
        let (least, most) = READ_BUFFER_BYTES;
        // Nothing is held back: each message goes out when it is due.
        let config = WebSocketConfig::default()
            .read_buffer_size((2 * message_bytes).next_power_of_two().clamp(least, most))
            .write_buffer_size(0);
        Ok(Self { uri, target, sources, connector, config })
    }

    pub async fn dial(&self, index: usize) -> anyhow::Result<Socket> {
        match tokio::time::timeout(Duration::from_secs(OPEN_S_MAX), self.open(index)).await {
            Ok(opened) => opened,
            Err(_) => anyhow::bail!("no handshake with {} within {OPEN_S_MAX} s", self.uri),
        }
    }

    async fn open(&self, index: usize) -> anyhow::Result<Socket> {
        let stream = self.tcp(index).await.map_err(|error| self.explain_tcp(error))?;
        let request = self.uri.clone().into_client_request()?;
        let opened =
            client_async_tls_with_config(request, stream, Some(self.config), Some(self.connector.clone()))
                .await;
        opened.map(|(socket, _)| socket).map_err(|error| connect::explain(error, &self.uri.to_string()))
    }

    async fn tcp(&self, index: usize) -> std::io::Result<TcpStream> {
        let socket = if self.target.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if !self.sources.is_empty() {
            socket.bind(SocketAddr::new(self.sources[index % self.sources.len()], 0))?;
        }
        let stream = socket.connect(self.target).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn explain_tcp(&self, error: std::io::Error) -> anyhow::Error {
        use std::io::ErrorKind;
        /// "Too many open files", on every Unix.
        const EMFILE: i32 = 24;
        let hint = match (error.kind(), error.raw_os_error()) {
            (ErrorKind::ConnectionRefused, _) => {
                ": nothing is listening there; start the emulator with `cargo run -- dev`"
            }
            (_, Some(EMFILE)) => ": raise the limit of open files with `ulimit -n`",
            (ErrorKind::AddrNotAvailable | ErrorKind::AddrInUse, _) => {
                ": this address has no free port left (about 28,000), or is not this machine's; \
                 give several --source-addresses"
            }
            _ => "",
        };
        anyhow::Error::new(error).context(format!("cannot connect to {}{hint}", self.target))
    }
}
