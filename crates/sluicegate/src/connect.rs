//! `sluicegate connect`: a terminal client that keeps its connection alive and reconnects when it is lost.

use crate::entry::{EntryArgs, NotAdmitted, Socket};
use futures_util::{SinkExt as _, StreamExt as _};
use std::io::IsTerminal as _;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

/// Sent to keep the connection open. API Gateway counts only data messages as activity, not pings; so this message
/// reaches the functions like any other.
const KEEP_ALIVE: &str = r#"{"action":"keep-alive"}"#;
/// The longest wait between reconnection attempts, in seconds; it doubles from 1.
const RECONNECT_S_MAX: u64 = 30;
/// How long a handshake may take: API Gateway waits 29 s for a `$connect` route.
const HANDSHAKE_MAX: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
pub struct Args {
    /// WebSocket URI to connect to
    #[arg(default_value = "ws://127.0.0.1:4566/v1", env = "SLUICEGATE_URI")]
    uri: String,
    /// Send a keep-alive message after this many idle seconds; 0 disables it. API Gateway closes idle connections after 600
    #[arg(long, default_value_t = 540, value_name = "SECONDS")]
    keep_alive: u64,
    /// Exit when the connection is lost instead of reconnecting
    #[arg(long)]
    no_reconnect: bool,
    #[command(flatten)]
    entry: EntryArgs,
}

enum End {
    /// By the user: end of input or Ctrl-C.
    Left,
    /// By the other side or the network; the text says how.
    Lost(String),
}

/// Runs until end of input or Ctrl-C.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let entry = args.entry.entry(&args.uri)?;
    let mut lines = read_lines();
    let is_terminal = std::io::stdin().is_terminal();
    let mut attempt = 0_u32;
    let mut was_connected = false;
    loop {
        let socket = match entry.connect(HANDSHAKE_MAX).await {
            Ok(connected) => connected,
            Err(error) if args.no_reconnect || !was_connected || error.is::<NotAdmitted>() => {
                return Err(error);
            }
            Err(error) => {
                eprintln!("not connected: {error:#}");
                if pause(&mut attempt).await.is_break() {
                    return Ok(());
                }
                continue;
            }
        };
        was_connected = true;
        let connected_at = Instant::now();
        if is_terminal {
            eprintln!("connected to {} (Ctrl-C to quit)", args.uri);
        }
        match talk(socket, &mut lines, &args, is_terminal).await? {
            End::Left => return Ok(()),
            End::Lost(how) if args.no_reconnect => anyhow::bail!("disconnected ({how})"),
            End::Lost(how) => eprintln!("disconnected ({how}); reconnecting"),
        }
        // Do not hammer a server that accepts connections and closes them at once.
        if connected_at.elapsed() >= Duration::from_secs(RECONNECT_S_MAX) {
            attempt = 0;
        } else if pause(&mut attempt).await.is_break() {
            return Ok(());
        }
    }
}

/// Waits before the next attempt, longer each time. Breaks at Ctrl-C.
async fn pause(attempt: &mut u32) -> ControlFlow<()> {
    let wait = Duration::from_secs((1 << (*attempt).min(5)).min(RECONNECT_S_MAX));
    *attempt += 1;
    eprintln!("retrying in {} s", wait.as_secs());
    tokio::select! {
        () = tokio::time::sleep(wait) => ControlFlow::Continue(()),
        _ = tokio::signal::ctrl_c() => ControlFlow::Break(()),
    }
}

async fn talk(
    mut socket: Socket,
    lines: &mut mpsc::Receiver<String>,
    args: &Args,
    is_terminal: bool,
) -> anyhow::Result<End> {
    let keep_alive =
        Duration::from_secs(if args.keep_alive == 0 { u64::from(u32::MAX) } else { args.keep_alive });
    loop {
        if is_terminal {
            eprint!("> ");
        }
        tokio::select! {
            line = lines.recv() => match line {
                Some(line) if line.is_empty() => {}
                Some(line) => if let Err(error) = socket.send(Message::text(line)).await {
                    return Ok(End::Lost(error.to_string()));
                },
                None => {
                    drain(&mut socket).await;
                    return Ok(End::Left);
                }
            },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => show(text.as_str(), is_terminal),
                Some(Ok(Message::Binary(bytes))) => show(&format!("({} binary bytes)", bytes.len()), is_terminal),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Ok(End::Lost(format!("code {}, {}", u16::from(frame.code), frame.reason.as_str())));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Ok(End::Lost(error.to_string())),
                None => return Ok(End::Lost("closed by the server".into())),
            },
            () = tokio::time::sleep(keep_alive) => if let Err(error) = socket.send(Message::text(KEEP_ALIVE)).await {
                return Ok(End::Lost(error.to_string()));
            },
            _ = tokio::signal::ctrl_c() => {
                let _ = socket.close(None).await;
                return Ok(End::Left);
            }
        }
    }
}

/// At end of input, as in `echo '{}' | sluicegate connect`: shows replies until one second passes without any.
async fn drain(socket: &mut Socket) {
    const SILENCE: Duration = Duration::from_secs(1);
    while let Ok(Some(Ok(message))) = tokio::time::timeout(SILENCE, socket.next()).await {
        if let Message::Text(text) = message {
            show(text.as_str(), false);
        }
    }
    let _ = socket.close(None).await;
}

fn show(text: &str, is_terminal: bool) {
    println!("{}{text}", if is_terminal { "\r< " } else { "" });
}

/// Lines of standard input, from a thread of their own: a blocked read cannot be cancelled.
fn read_lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(64);
    tokio::spawn(async move {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if sender.send(line).await.is_err() {
                return;
            }
        }
    });
    receiver
}
