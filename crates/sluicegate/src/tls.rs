//! TLS of this program's own WebSockets: ring, by name, and the system's root certificates.
//!
//! Where two crypto providers are in one binary, rustls chooses neither and panics. A function of the same workspace that
//! uses an AWS SDK with its default features is enough to bring in the second one.

use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::sync::{Arc, OnceLock};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, handshake::client::Response};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a WebSocket at a `ws://` or `wss://` URI.
pub async fn connect(request: impl IntoClientRequest + Unpin) -> Result<(Socket, Response), Error> {
    let request = request.into_client_request()?;
    let connector = match request.uri().scheme_str() {
        Some("wss") => Connector::Rustls(config()?),
        _ => Connector::Plain,
    };
    connect_async_tls_with_config(request, None, false, Some(connector)).await
}

/// The system's root certificates are read once: reading them for each connection costs milliseconds.
pub fn config() -> io::Result<Arc<ClientConfig>> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 {
        return Err(io::Error::other("no root certificates found on this system: install ca-certificates"));
    }
    let config = ClientConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}
