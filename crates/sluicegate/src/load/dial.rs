//! Opens connections, from the given addresses of this machine.

use crate::entry::Entry;
pub use crate::entry::Socket;
use crate::tls;
use anyhow::Context as _;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::uri_mode;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::stream::Mode;
use tokio_tungstenite::{Connector, client_async_tls_with_config};

/// Maximum seconds to open a connection. API Gateway waits 29 for a `$connect` route.
const OPEN_S_MAX: u64 = 30;
/// Minimum and maximum bytes of a connection's read buffer; thousands of connections share a machine.
const READ_BUFFER_BYTES: (usize, usize) = (2 * 1024, 64 * 1024);

pub struct Dialer {
    entry: Entry,
    target: SocketAddr,
    sources: Vec<IpAddr>,
    connector: Connector,
    config: WebSocketConfig,
}

impl Dialer {
    /// Resolves the URI's host once. Connections use the addresses of `sources` in turn; without any, the system chooses
    /// the address. `message_bytes` is the size of messages.
    pub async fn new(entry: Entry, sources: Vec<IpAddr>, message_bytes: usize) -> anyhow::Result<Self> {
        let request = entry.request()?;
        let uri = request.uri();
        let mode = uri_mode(uri).with_context(|| format!("{entry} must begin with ws:// or wss://"))?;
        let host = uri.host().with_context(|| format!("{entry} has no host"))?;
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
        // Without a write buffer, so that each message is sent when it is due.
        let config = WebSocketConfig::default()
            .read_buffer_size((2 * message_bytes).next_power_of_two().clamp(least, most))
            .write_buffer_size(0);
        Ok(Self { entry, target, sources, connector, config })
    }

    pub async fn dial(&self, index: usize) -> anyhow::Result<Socket> {
        match tokio::time::timeout(Duration::from_secs(OPEN_S_MAX), self.open(index)).await {
            Ok(opened) => opened,
            Err(_) => anyhow::bail!("no handshake with {} within {OPEN_S_MAX} s", self.entry),
        }
    }

    async fn open(&self, index: usize) -> anyhow::Result<Socket> {
        let stream = self.tcp(index).await.map_err(|error| self.explain_tcp(error))?;
        let opened = client_async_tls_with_config(
            self.entry.request()?,
            stream,
            Some(self.config),
            Some(self.connector.clone()),
        )
        .await;
        opened.map(|(socket, _)| socket).map_err(|error| self.entry.explain(error))
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
