//! Plain HTTP requests, as from a load balancer or a script.

use std::io::{Error, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Whether `http://{host}{path}` answers 200. `host` is `address:port`.
pub async fn is_healthy(host: &str, path: &str) -> bool {
    get(host, path, "none").await.is_ok()
}

/// The body of `http://{host}{path}`; the credentials name the AWS service, by which emulators route the request.
pub async fn get(host: &str, path: &str, service: &str) -> Result<String> {
    let mut socket = TcpStream::connect(host).await?;
    let scope = format!(
        "Credential=developer/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    );
    // HTTP/1.0, so that the body is not sent in chunks.
    let request = format!(
        "GET {path} HTTP/1.0\r\nHost: {host}\r\nAuthorization: AWS4-HMAC-SHA256 {scope}\r\nConnection: close\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.split(' ').nth(1) == Some("200") {
        Ok(body.to_owned())
    } else {
        Err(Error::other(head.to_owned()))
    }
}
