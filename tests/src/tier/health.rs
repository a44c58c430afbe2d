//! Asks a health page, as a load balancer would.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Whether `http://{host}{path}` answers 200. `host` is `address:port`.
pub async fn is_healthy(host: &str, path: &str) -> bool {
    status_line(host, path).await.is_ok_and(|line| line.split(' ').nth(1) == Some("200"))
}

async fn status_line(host: &str, path: &str) -> std::io::Result<String> {
    let mut socket = TcpStream::connect(host).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await?;
    let mut answer = [0; 64];
    let read = socket.read(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer[..read]).into_owned())
}
