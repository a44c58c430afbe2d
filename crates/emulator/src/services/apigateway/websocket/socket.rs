//! One client's socket: reads its frames, writes what is queued for it, and ends it at its limits.

use super::connections::{CloseInfo, Connection};
use super::dispatch;
use super::gateway::Gateway;
use super::limits::{CLOSE_MAX, FRAME_BYTES_MAX, MESSAGE_BYTES_MAX};
use super::queue::{CloseReason, Outbox, Outgoing};
use super::rate_limiter::RateLimiter;
use crate::core::clock;
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;

/// Bytes of a connection's read buffer; it grows for a larger frame. The library's default of 128 KB is what
/// an idle connection would otherwise cost.
const READ_BUFFER_BYTES: usize = 512;
/// Bytes that are read and dropped after a close, at most.
const DRAINED_BYTES_MAX: usize = 16 * 1_024 * 1_024;

/// Serves a connection until it ends.
pub async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    socket: S,
    outbox: Outbox,
    stop: CancellationToken,
) -> CloseInfo {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(READ_BUFFER_BYTES)
        .max_frame_size(Some(FRAME_BYTES_MAX))
        .max_message_size(Some(MESSAGE_BYTES_MAX));
    // Boxed, as below: what is needed once is no part of an idle connection.
    let socket = Box::pin(WebSocketStream::from_raw_socket(socket, Role::Server, Some(config))).await;
    let (mut sink, mut stream) = socket.split();
    let (closing, closed_by_us) = oneshot::channel();
    let is_over = Notify::new();
    // A permit for each pong that is out; closed with the writer, which then sends none.
    let pongs = Semaphore::new(0);
    let (ended, ()) = tokio::join!(
        async {
            let ended = read(gateway, connection, &mut stream, &pongs, closed_by_us, &stop).await;
            is_over.notify_one();
            // Ends the writer, after what was queued last: the answer to a bad frame still goes out.
            connection.close(CloseReason::NORMAL);
            ended
        },
        async {
            // A client that does not read is not waited for.
            let patience = async {
                is_over.notified().await;
                Box::pin(tokio::time::sleep(close_max(&stop))).await;
            };
            tokio::select! {
                () = write(connection, &mut sink, &pongs, outbox, closing) => {}
                () = patience => {}
            }
            pongs.close();
        }
    );
    if let Ok(socket) = stream.reunite(sink) {
        Box::pin(drain(socket.into_inner(), close_max(&stop))).await;
    }
    ended
}

/// Reads on until the client has closed. A socket closed with data unread is reset, and a reset destroys the
/// close frame that tells the client what it did wrong.
async fn drain<S: AsyncRead + AsyncWrite + Unpin>(mut socket: S, limit: Duration) {
    let _ = socket.shutdown().await;
    let mut discarded = 0;
    let mut buffer = [0; 4_096];
    let drain = async {
        while let Ok(bytes @ 1..) = socket.read(&mut buffer).await {
            discarded += bytes;
            if discarded > DRAINED_BYTES_MAX {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(limit, drain).await;
}

/// How long each step of closing waits for the client.
fn close_max(stop: &CancellationToken) -> Duration {
    if stop.is_cancelled() { CLOSE_MAX_STOPPING } else { CLOSE_MAX }
}

async fn read<S: AsyncRead + AsyncWrite + Unpin>(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    stream: &mut SplitStream<WebSocketStream<S>>,
    pongs: &Semaphore,
    closed_by_us: oneshot::Receiver<CloseReason>,
    stop: &CancellationToken,
) -> CloseInfo {
    let timers = gateway.shared.timers;
    let lifetime_ends = Instant::now() + timers.lifetime;
    let mut wake_at = lifetime_ends.min(Instant::now() + timers.idle);
    // Polled on when the writer has failed and sends none.
    let mut closed_by_us = closed_by_us.fuse();
    // Once one side has sent its close frame, only the other's is waited for.
    let mut closing: Option<CloseInfo> = None;
    let mut owes_pong = false;
    let mut pace = RateLimiter::new();
    // Registered once, not anew for each message.
    let mut timer = pin!(tokio::time::sleep_until(wake_at));
    let mut stopped = pin!(stop.cancelled());
    loop {
        if timer.deadline() != wake_at {
            timer.as_mut().reset(wake_at);
        }
        let close = tokio::select! {
            permit = pongs.acquire(), if owes_pong => {
                if let Ok(permit) = permit {
                    permit.forget();
                }
                owes_pong = false;
                continue;
            }
            message = stream.next(), if !owes_pong => match message {
                Some(Ok(Message::Text(text))) if closing.is_none() => {
                    connection.touch();
                    if let Some(held) = gateway.shared.faults.hold(&connection.id) {
                        let (gateway, connection) = (gateway.clone(), Arc::clone(connection));
                        gateway.shared.tasks.clone().spawn(async move {
                            held.wait().await;
                            handle(&gateway, &connection, text.as_str()).await;
                        });
                        continue;
                    }
                    // Boxed, what a message needs on its way is no part of an idle connection.
                    let is_refused = Box::pin(handle(gateway, connection, text.as_str())).await;
                    gateway.shared.faults.release(&connection.id);
                    if is_refused {
                        Box::pin(pace.keep()).await;
                    }
                    continue;
                }
                Some(Ok(Message::Binary(_))) if closing.is_none() => {
                    // Not read on: a close frame right behind it would be answered with its own code instead.
                    connection.close(CloseReason::UNSUPPORTED);
                    return CloseReason::UNSUPPORTED.into();
                }
                Some(Ok(Message::Close(frame))) => {
                    // The library has its answer ready and sends it as it is read on.
                    closing.get_or_insert_with(|| ended_by_client(frame));
                    wake_at = Instant::now() + CLOSE_MAX;
                    continue;
                }
                Some(Ok(Message::Ping(_))) => {
                    // The library has put a pong into its own buffer, whether or not the client takes any: the next
                    // frame is read when this one is out, and who takes none is read no more.
                    connection.pong();
                    owes_pong = true;
                    Box::pin(pace.keep()).await;
                    continue;
                }
                Some(Ok(_)) => continue,
                Some(Err(error)) => match refusal(&error) {
                    Some(reason) if closing.is_none() => {
                        connection.close(reason);
                        return reason.into();
                    }
                    _ => return closing.unwrap_or_else(lost),
                },
                None => return closing.unwrap_or_else(lost),
            },
            Ok(reason) = &mut closed_by_us, if closing.is_none() => {
                closing = Some(reason.into());
                wake_at = Instant::now() + CLOSE_MAX;
                continue;
            }
            () = &mut timer => {
                if let Some(ended) = closing {
                    return ended;
                }
                let idle_for = Duration::from_millis(clock::now_ms().saturating_sub(connection.last_active_ms()));
                let now = Instant::now();
                if now < lifetime_ends && idle_for < timers.idle {
                    wake_at = lifetime_ends.min(now + (timers.idle - idle_for));
                    continue;
                }
                CloseReason::GOING_AWAY
            }
            () = &mut stopped, if closing.is_none() => CloseReason::GOING_AWAY,
        };
        connection.close(close);
        closing = Some(close.into());
        wake_at = Instant::now() + close_max(stop);
    }
}

/// Handles a message. Answers whether the client is at fault for its refusal.
async fn handle(gateway: &Gateway, connection: &Arc<Connection>, text: &str) -> bool {
    let handled = dispatch::message(gateway, connection, text).await;
    if let Some(reply) = handled.reply
        && let Err(error) = connection.send(reply)
    {
        tracing::warn!(connection_id = connection.id, %error, "failed to queue a reply");
    }
    handled.is_refused
}

async fn write<S: AsyncRead + AsyncWrite + Unpin>(
    connection: &Connection,
    sink: &mut SplitSink<WebSocketStream<S>, Message>,
    pongs: &Semaphore,
    mut outbox: Outbox,
    closing: oneshot::Sender<CloseReason>,
) {
    loop {
        // Everything that is waiting goes out with one flush.
        let mut next = Some(outbox.next().await);
        while let Some(outgoing) = next {
            match outgoing {
                Outgoing::Message(message) => {
                    let bytes = message.len();
                    for frame in frames(message) {
                        if sink.feed(frame).await.is_err() {
                            return;
                        }
                    }
                    connection.written(bytes);
                }
                Outgoing::Pong => {
                    if sink.flush().await.is_err() {
                        return;
                    }
                    pongs.add_permits(1);
                }
                Outgoing::Close(reason) => {
                    let frame = CloseFrame { code: CloseCode::from(reason.code), reason: reason.text.into() };
                    let _ = closing.send(reason);
                    let _ = sink.send(Message::Close(Some(frame))).await;
                    return;
                }
            }
            next = outbox.try_next();
        }
        if sink.flush().await.is_err() {
            return;
        }
    }
}

/// A message as frames of at most [`FRAME_BYTES_MAX`]: text if it is UTF-8, else binary.
fn frames(message: Bytes) -> Vec<Message> {
    let is_text = std::str::from_utf8(&message).is_ok();
    let kind = if is_text { Data::Text } else { Data::Binary };
    let mut frames = Vec::with_capacity(message.len() / FRAME_BYTES_MAX + 1);
    let mut rest = message;
    loop {
        let part = rest.split_to(rest.len().min(FRAME_BYTES_MAX));
        let opcode = if frames.is_empty() { kind } else { Data::Continue };
        let is_last = rest.is_empty();
        frames.push(Message::Frame(Frame::message(part, OpCode::Data(opcode), is_last)));
        if is_last {
            return frames;
        }
    }
}

/// The close frame that a client's mistake earns; `None` where the socket itself is gone.
fn refusal(error: &Error) -> Option<CloseReason> {
    Some(match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            CloseReason { code: 1009, text: "Message too big" }
        }
        Error::Utf8(_) => CloseReason { code: 1007, text: "Invalid UTF-8" },
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return None,
        Error::Protocol(_) => CloseReason { code: 1002, text: "Protocol error" },
        _ => return None,
    })
}

fn ended_by_client(frame: Option<CloseFrame>) -> CloseInfo {
    match frame {
        Some(frame) => CloseInfo { status_code: frame.code.into(), reason: frame.reason.to_string() },
        None => CloseInfo { status_code: 1005, reason: "Client-side close frame status not set".into() },
    }
}

fn lost() -> CloseInfo {
    CloseInfo { status_code: 1006, reason: String::new() }
}
