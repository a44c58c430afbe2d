//! A benchmark's own functions: one records when each record arrives, one echoes.

use crate::kinesis::now_ns;
use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use stream_function::{Connection, Function, SendError};

/// Prefix of records that are not reported.
pub const FILLING: &str = "filling ";

/// Takes batches from Lambda's Runtime API without a library, and reports to a listener when each record came, after it
/// has answered. Without a listener it does nothing.
pub(super) fn note_arrivals(listener: &str) -> anyhow::Result<()> {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").context("AWS_LAMBDA_RUNTIME_API is not set")?;
    let mut reported = if listener.is_empty() { None } else { Some(TcpStream::connect(listener)?) };
    let socket = TcpStream::connect(&api)?;
    socket.set_nodelay(true)?;
    let mut runtime = Runtime { api, input: BufReader::new(socket.try_clone()?), output: socket };
    loop {
        let (request_id, event) = runtime.next()?;
        let came_ns = now_ns();
        runtime.answer(&request_id)?;
        let Some(reported) = &mut reported else { continue };
        let event: Event<'_> = serde_json::from_slice(&event)?;
        let mut lines = String::new();
        for record in event.records {
            let data = String::from_utf8(STANDARD.decode(record.kinesis.data)?)?;
            if !data.starts_with(FILLING) {
                lines.push_str(&format!("{data} {came_ns}\n"));
            }
        }
        reported.write_all(lines.as_bytes())?;
    }
}

/// The members of an event that are read: while a stream is filled, events are large.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "Records", borrow)]
    records: Vec<EventRecord<'a>>,
}

#[derive(Deserialize)]
struct EventRecord<'a> {
    #[serde(borrow)]
    kinesis: Kinesis<'a>,
}

#[derive(Deserialize)]
struct Kinesis<'a> {
    data: &'a str,
}

struct Runtime {
    api: String,
    input: BufReader<TcpStream>,
    output: TcpStream,
}

impl Runtime {
    fn next(&mut self) -> anyhow::Result<(String, Vec<u8>)> {
        let head = format!("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: {}\r\n\r\n", self.api);
        self.output.write_all(head.as_bytes())?;
        self.response()
    }

    fn answer(&mut self, request_id: &str) -> anyhow::Result<()> {
        let body = r#"{"batchItemFailures":[]}"#;
        let request = format!(
            "POST /2018-06-01/runtime/invocation/{request_id}/response HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n{body}",
            self.api,
            body.len()
        );
        self.output.write_all(request.as_bytes())?;
        self.response().map(drop)
    }

    /// Reads a response; returns the invocation's id, if it has one, and the body.
    fn response(&mut self) -> anyhow::Result<(String, Vec<u8>)> {
        let (mut length, mut request_id, mut line) = (0, String::new(), String::new());
        loop {
            line.clear();
            ensure!(self.input.read_line(&mut line)? > 0, "the Runtime API has closed");
            let Some((name, value)) = line.trim().split_once(':') else {
                if line.trim().is_empty() {
                    break;
                }
                continue;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse()?,
                "lambda-runtime-aws-request-id" => request_id = value.trim().to_owned(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.input.read_exact(&mut body)?;
        Ok((request_id, body))
    }
}

/// Echoes, with so many connections side by side: 1 posts one record after another.
pub(super) fn echo(connections_at_once: usize) -> anyhow::Result<()> {
    async fn echo(event: stream_function::Event, connection: Connection) -> Result<(), SendError> {
        connection.send_text(event.payload()).await.map(drop)
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let run = Function::new(echo).connections_at_once(connections_at_once).run();
    runtime.block_on(run).map_err(|error| anyhow::anyhow!("{error}"))
}
