//! A client of one of the probe's stages, which sees frames as they are.

use crate::frame::{CLOSE, CONTINUATION, Frame, PING, PONG, TEXT};
use crate::raw::{Head, KEY, RawClient, handshake, head};
use crate::seen::Seen;
use anyhow::{Context as _, bail};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The address of an API's stages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    tls: bool,
    /// Host and port.
    pub host: String,
    path: String,
}

impl Address {
    /// Parses `ws://host/path` or `wss://host/path`.
    pub fn parse(uri: &str) -> anyhow::Result<Self> {
        let (scheme, rest) = uri.split_once("://").with_context(|| format!("{uri} is no URI"))?;
        let tls = match scheme {
            "ws" => false,
            "wss" => true,
            _ => bail!("{uri} is no WebSocket's URI"),
        };
        let (host, path) =
            rest.split_once('/').map_or((rest, String::new()), |(host, path)| (host, format!("/{path}")));
        Ok(Self { tls, host: host.to_owned(), path })
    }

    /// The lines of a handshake with a path below it, such as `/v1?token=x`.
    pub fn handshake(&self, below: &str) -> Vec<String> {
        handshake(&self.host, &format!("{}{below}", self.path))
    }

    async fn dial(&self) -> anyhow::Result<RawClient> {
        let client = if self.tls {
            RawClient::dial_tls(&self.host).await
        } else {
            let mut addresses = tokio::net::lookup_host(&self.host).await?;
            RawClient::dial(addresses.next().context("the host has no address")?).await
        };
        client.with_context(|| format!("{} cannot be reached", self.host))
    }

    /// Sends a handshake's lines; returns the answer.
    pub async fn shake_hands(&self, lines: &[String]) -> anyhow::Result<Answered> {
        let mut client = self.dial().await?;
        client.send(&head(lines)).await?;
        let head = client.head().await?;
        if head.status == 101 {
            return Ok(Answered::Connected(Client { raw: client }, head));
        }
        let body = client.body(&head).await?;
        Ok(Answered::Refused(head, String::from_utf8_lossy(&body).into_owned()))
    }

    /// A client after its handshake.
    pub async fn connect(&self, below: &str) -> anyhow::Result<Client> {
        match self.shake_hands(&self.handshake(below)).await? {
            Answered::Connected(client, _) => Ok(client),
            Answered::Refused(head, body) => bail!("the handshake is refused: {} {body}", head.status),
        }
    }
}

#[derive(Debug)]
pub enum Answered {
    Connected(Client, Head),
    /// A refusal and its body.
    Refused(Head, String),
}

impl Answered {
    /// The status and the body, as seen.
    pub fn seen(&self) -> Vec<Seen> {
        match self {
            Self::Connected(..) => vec![Seen::Status(101)],
            Self::Refused(head, body) => vec![Seen::Status(head.status), Seen::Body(body.clone())],
        }
    }
}

#[derive(Debug)]
pub struct Client {
    raw: RawClient,
}

impl Client {
    /// Sends a text message in one frame.
    pub async fn say(&mut self, text: &str) -> anyhow::Result<()> {
        self.send(&Frame::new(TEXT, text)).await
    }

    pub async fn send(&mut self, frame: &Frame) -> anyhow::Result<()> {
        self.raw.send(&frame.encode()).await.context("the connection takes no frame")
    }

    /// The next frame, `None` if there is none in time. Pings are answered.
    pub async fn frame(&mut self, wait: Duration) -> anyhow::Result<Option<Heard>> {
        let end = Instant::now() + wait;
        loop {
            let Ok(frame) = timeout_at(end, self.raw.frame()).await else { return Ok(None) };
            match frame {
                Ok(None) => return Ok(Some(Heard::End)),
                Ok(Some(frame)) if frame.opcode == PING => {
                    self.send(&Frame::new(PONG, frame.payload)).await?;
                }
                Ok(Some(frame)) if frame.opcode == PONG => {}
                Ok(Some(frame)) => return Ok(Some(Heard::Frame(frame))),
                // The socket has a shorter timeout than questions that take hours.
                Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {}
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
                    return Ok(Some(Heard::End));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The next message or close, `None` if there is none in time.
    pub async fn hear(&mut self, wait: Duration) -> anyhow::Result<Option<Seen>> {
        let mut message: Option<Frame> = None;
        while let Some(heard) = self.frame(wait).await? {
            let Heard::Frame(frame) = heard else { return Ok(Some(Seen::Ended)) };
            if frame.opcode == CLOSE {
                return Ok(Some(Seen::frame(&frame)));
            }
            let fin = frame.fin;
            message = Some(match message {
                Some(mut whole) if frame.opcode == CONTINUATION => {
                    whole.payload.extend(frame.payload);
                    whole
                }
                _ => frame,
            });
            if fin {
                return Ok(message.as_ref().map(Seen::frame));
            }
        }
        Ok(None)
    }

    /// The same, as everything that was seen.
    pub async fn seen(&mut self, wait: Duration) -> anyhow::Result<Vec<Seen>> {
        Ok(vec![self.hear(wait).await?.unwrap_or(Seen::Nothing)])
    }
}

/// What came over a socket.
#[derive(Debug)]
pub enum Heard {
    Frame(Frame),
    /// The socket's end.
    End,
}

/// A handshake's lines without the one with this prefix.
pub fn without(mut lines: Vec<String>, name: &str) -> Vec<String> {
    lines.retain(|line| !line.starts_with(name));
    lines
}

/// A handshake's lines with its key replaced.
pub fn with_key(lines: &[String], key: &str) -> Vec<String> {
    lines.iter().map(|line| line.replace(KEY, key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let local = Address::parse("ws://127.0.0.1:4566/_aws/execute-api/abc").unwrap();
        assert_eq!((local.tls, local.host.as_str()), (false, "127.0.0.1:4566"));
        assert_eq!(local.handshake("/v1?token=x")[0], "GET /_aws/execute-api/abc/v1?token=x HTTP/1.1");
        let aws = Address::parse("wss://abc.execute-api.us-east-1.amazonaws.com").unwrap();
        assert_eq!((aws.tls, aws.handshake("/v1")[0].as_str()), (true, "GET /v1 HTTP/1.1"));
        assert!(Address::parse("https://abc").is_err() && Address::parse("abc").is_err());
    }
}
