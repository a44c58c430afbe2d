//! A case: what a client sends, and what the gateway must answer.

use sluicegate_tests::frame::{CLOSE, CONTINUATION, Frame, PONG, TEXT};
use sluicegate_tests::raw::RawClient;
use sluicegate_tests::test_emulator::TestEmulator;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::{OnceLock, mpsc};
use std::thread;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Longest payload of a frame from the gateway, in bytes (docs/aws-behaviour.md#apigateway-frames).
const FRAME_BYTES_MAX: usize = 32 * 1_024;

/// One behaviour of the protocol.
#[derive(Debug)]
pub struct Case {
    name: String,
    sent: Vec<Vec<u8>>,
    texts: Vec<Expected>,
    pongs: Vec<Vec<u8>>,
    close: Close,
}

#[derive(Debug)]
enum Expected {
    /// What the echo function sends back.
    Echo(String),
    /// The gateway's error frame for a message that is not JSON.
    Refusal,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Close {
    /// The client closes after it has received everything, and the gateway answers.
    ByClient,
    /// The gateway's close frame has this code.
    Code(u16),
    /// The gateway's close frame is empty.
    NoCode,
    /// The gateway closes the socket without a frame.
    Silent,
}

/// A new case with a name, which sends nothing yet.
pub fn case(name: impl Into<String>) -> Case {
    Case { name: name.into(), sent: Vec::new(), texts: Vec::new(), pongs: Vec::new(), close: Close::ByClient }
}

impl Case {
    /// The client sends a frame.
    pub fn send(self, frame: Frame) -> Self {
        self.bytes(frame.encode())
    }

    /// The client sends bytes, in one piece.
    pub fn bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.sent.push(bytes.into());
        self
    }

    /// A message comes back as it was sent.
    pub fn echo(mut self, text: impl Into<String>) -> Self {
        self.texts.push(Expected::Echo(text.into()));
        self
    }

    /// A message arrived complete, and was refused for its content.
    pub fn refusal(mut self) -> Self {
        self.texts.push(Expected::Refusal);
        self
    }

    /// A ping is answered.
    pub fn pong(mut self, payload: impl Into<Vec<u8>>) -> Self {
        self.pongs.push(payload.into());
        self
    }

    /// The gateway closes with a code, or answers a close with it.
    pub fn closes(self, code: u16) -> Self {
        Self { close: Close::Code(code), ..self }
    }

    /// The gateway answers a close that has no code.
    pub fn closes_without_code(self) -> Self {
        Self { close: Close::NoCode, ..self }
    }

    /// The gateway closes the socket without a close frame.
    pub fn ends(self) -> Self {
        Self { close: Close::Silent, ..self }
    }

    async fn run(&self, address: SocketAddr) -> Result<(), String> {
        let mut client = RawClient::connect(address, "/v1").await.map_err(|error| error.to_string())?;
        for piece in &self.sent {
            // If the gateway has closed the socket already, its frames are compared below.
            if client.send(piece).await.is_err() {
                break;
            }
        }
        if self.close == Close::Silent {
            let _ = client.end().await;
        }
        let mut got = Got::default();
        if self.close == Close::ByClient {
            while got.texts.len() < self.texts.len() || got.pongs.len() < self.pongs.len() {
                got.take(next(&mut client).await?.ok_or("it ends too early")?)?;
            }
            let _ = client.send(&Frame::new(CLOSE, 1000u16.to_be_bytes()).encode()).await;
        }
        while let Some(frame) = next(&mut client).await? {
            got.take(frame)?;
        }
        self.compare(&got)
    }

    fn compare(&self, got: &Got) -> Result<(), String> {
        let close = match &got.close {
            None => Close::Silent,
            Some(payload) => match payload.first_chunk() {
                Some(code) => Close::Code(u16::from_be_bytes(*code)),
                None => Close::NoCode,
            },
        };
        let expected = if self.close == Close::ByClient { Close::Code(1000) } else { self.close };
        if close != expected {
            return Err(format!("it closes with {close:?}, not {expected:?}"));
        }
        if got.pongs != self.pongs {
            return Err(format!("pongs {:?}", got.pongs));
        }
        let is_as_expected = |(text, expected): (&String, &Expected)| match expected {
            Expected::Echo(sent) => text == sent,
            Expected::Refusal => text.starts_with(r#"{"message" : "Bad request body""#),
        };
        let all =
            got.texts.len() == self.texts.len() && got.texts.iter().zip(&self.texts).all(is_as_expected);
        if all { Ok(()) } else { Err(format!("messages {:.300?}", got.texts)) }
    }
}

async fn next(client: &mut RawClient) -> Result<Option<Frame>, String> {
    client.frame().await.map_err(|error| error.to_string())
}

/// What the client has received, with messages joined from their frames.
#[derive(Debug, Default)]
struct Got {
    texts: Vec<String>,
    pongs: Vec<Vec<u8>>,
    close: Option<Vec<u8>>,
    message: Option<Vec<u8>>,
}

impl Got {
    /// Adds a frame; fails if a server may not send it, or not at this point.
    fn take(&mut self, frame: Frame) -> Result<(), String> {
        let is_control = frame.opcode >= CLOSE;
        let is_sound = !frame.masked
            && frame.reserved == 0
            && self.close.is_none()
            && frame.payload.len() <= if is_control { 125 } else { FRAME_BYTES_MAX }
            && (frame.fin || !is_control);
        match frame.opcode {
            _ if !is_sound => return Err(format!("it sends {frame:.300?}, closed: {:?}", self.close)),
            PONG => self.pongs.push(frame.payload),
            CLOSE => self.close = Some(frame.payload),
            TEXT | CONTINUATION if (frame.opcode == CONTINUATION) == self.message.is_some() => {
                let mut message = self.message.take().unwrap_or_default();
                message.extend(frame.payload);
                if frame.fin {
                    self.texts.push(String::from_utf8(message).map_err(|error| error.to_string())?);
                } else {
                    self.message = Some(message);
                }
            }
            _ => return Err(format!("it sends {frame:.300?}")),
        }
        Ok(())
    }
}

/// The address of an emulator that all these tests share, because starting one for each would take most of their time. It
/// has its own runtime, because a test's runtime ends with the test.
pub fn emulator() -> SocketAddr {
    static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();
    *ADDRESS.get_or_init(|| {
        let (tell, reported) = mpsc::channel();
        thread::spawn(move || {
            Runtime::new().expect("a runtime").block_on(async {
                let emulator = TestEmulator::start().await;
                tell.send(emulator.emulator.address()).expect("somebody asked");
                pending::<()>().await;
            });
        });
        reported.recv().expect("the emulator starts")
    })
}

/// Runs all cases concurrently, each on its own connection, and reports all failures.
pub async fn all_hold(cases: Vec<Case>) {
    let address = emulator();
    let mut running = JoinSet::new();
    for case in cases {
        running
            .spawn(async move { case.run(address).await.map_err(|error| format!("{}: {error}", case.name)) });
    }
    let results = running.join_all().await;
    let wrong: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{} cases do not hold:\n{}", wrong.len(), wrong.join("\n"));
}
