//! `sluicegate health`: checks that the emulator on this machine is running, for a container's health check.

use anyhow::{Context as _, bail, ensure};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATH: &str = "/_sluicegate/health";
/// Seconds for the whole exchange.
const ANSWER_S_MAX: u64 = 2;
/// Bytes of the response to read; only its first line is needed.
const ANSWER_BYTES_MAX: u64 = 512;

#[derive(clap::Args)]
pub struct Args {
    /// Port of the emulator
    #[arg(long, default_value_t = 4566, env = "SLUICEGATE_PORT")]
    port: u16,
}

pub async fn run(args: Args) -> anyhow::Result<()> {
    let asked = timeout(Duration::from_secs(ANSWER_S_MAX), status(args.port)).await;
    let status =
        asked.with_context(|| format!("no response on port {} within {ANSWER_S_MAX} s", args.port))??;
    ensure!(status == 200, "the emulator on port {} responded with {status}", args.port);
    Ok(())
}

/// The status code of the emulator's health page.
async fn status(port: u16) -> anyhow::Result<u16> {
    let socket = TcpStream::connect(("127.0.0.1", port)).await;
    let mut socket = socket.with_context(|| format!("nothing is listening on port {port}"))?;
    let request = format!("GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.context("the emulator closed the connection")?;
    let mut answer = Vec::new();
    socket
        .take(ANSWER_BYTES_MAX)
        .read_to_end(&mut answer)
        .await
        .context("the emulator closed the connection")?;
    let answer = String::from_utf8_lossy(&answer);
    let mut words = answer.split_ascii_whitespace();
    match (words.next(), words.next().and_then(|code| code.parse().ok())) {
        (Some(version), Some(code)) if version.starts_with("HTTP/1.") => Ok(code),
        _ => bail!("the program on port {port} does not speak HTTP"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// Serves one connection with fixed bytes; the port.
    async fn serve(answer: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 256];
            let read = socket.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /_sluicegate/health HTTP/1.1\r\n"));
            socket.write_all(answer.as_bytes()).await.unwrap();
        });
        port
    }

    #[tokio::test]
    async fn only_an_emulator_that_answers_200_is_healthy() {
        let port = serve("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        run(Args { port }).await.unwrap();
        for (answer, said) in [
            ("HTTP/1.1 503 Service Unavailable\r\n\r\n", "responded with 503"),
            ("SSH-2.0-OpenSSH_9\r\n", "does not speak HTTP"),
            ("", "does not speak HTTP"),
        ] {
            let port = serve(answer).await;
            let error = run(Args { port }).await.unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[tokio::test]
    async fn a_port_without_a_listener_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let error = run(Args { port }).await.unwrap_err().to_string();
        assert_eq!(error, format!("nothing is listening on port {port}"));
    }
}
