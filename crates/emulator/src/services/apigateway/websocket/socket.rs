//! One client's socket: reads its frames, writes its queue, and ends it at its limits.

use super::connections::{CloseInfo, Connection};
use super::dispatch;
use super::gateway::Gateway;
use super::limits::{CLOSE_MAX, CLOSE_MAX_STOPPING, FRAME_BYTES_MAX, MESSAGE_BYTES_MAX};
use super::queue::{CloseReason, Outbox, Outgoing};
use super::socket_state::{Action, Event, SocketState};
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
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

/// Bytes of a connection's read buffer, which grows for larger frames. With the library's default, an idle connection
/// would take 128 KB.
const READ_BUFFER_BYTES: usize = 512;
/// Bytes that are read and dropped after a close, at most.
const DRAINED_BYTES_MAX: usize = 16 * 1_024 * 1_024;

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
    // Boxed, as below, so that idle connections do not hold what is needed once.
    let socket = Box::pin(WebSocketStream::from_raw_socket(socket, Role::Server, Some(config))).await;
    let (mut sink, mut stream) = socket.split();
    let (closing, closed_by_us) = oneshot::channel();
    let is_over = Notify::new();
    // A permit for each pong that was sent; closed with the writer, which then sends none.
    let pongs = Semaphore::new(0);
    let (ended, ()) = tokio::join!(
        async {
            let ended = read(gateway, connection, &mut stream, &pongs, closed_by_us, &stop).await;
            is_over.notify_one();
            // Ends the writer after the last queued frame: the answer to a bad frame is still sent.
            connection.close(CloseReason::NORMAL);
            ended
        },
        async {
            // The writer does not wait for a client that does not read.
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

/// Reads on until the client has closed. Closing a socket with unread data resets it, and a reset destroys the close
/// frame with the error for the client.
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
    let mut now = Instant::now();
    let mut state = SocketState::new(gateway.shared.timers, now);
    // Polled no more when the writer has failed and sends nothing.
    let mut closed_by_us = closed_by_us.fuse();
    // Registered once, not for each message.
    let mut timer = pin!(tokio::time::sleep_until(state.wakes_at(now)));
    let mut stopped = pin!(stop.cancelled());
    loop {
        let wakes_at = state.wakes_at(now);
        if timer.deadline() != wakes_at {
            timer.as_mut().reset(wakes_at);
        }
        let event = tokio::select! {
            permit = pongs.acquire(), if state.owes_pong() => {
                if let Ok(permit) = permit {
                    permit.forget();
                }
                Event::PongSent
            }
            message = stream.next(), if state.reads(now) => event_of(message),
            Ok(reason) = &mut closed_by_us => Event::CloseSent(reason),
            () = &mut timer => {
                let idle_ms = clock::now_ms().saturating_sub(connection.last_active_ms());
                Event::Woken { idle_for: Duration::from_millis(idle_ms) }
            }
            () = &mut stopped, if state.is_open() => Event::Stopped,
        };
        now = Instant::now();
        match state.on(event, now) {
            Action::Wait => {}
            // Boxed, so that idle connections do not hold what a message needs.
            Action::Handle(text) => {
                if Box::pin(handle(gateway, connection, text)).await {
                    now = Instant::now();
                    state.refused(now);
                }
            }
            Action::Pong => connection.pong(),
            Action::Close(reason) => connection.close(reason),
            Action::Refuse(reason) => {
                connection.close(reason);
                return reason.into();
            }
            Action::End(info) => return info,
        }
    }
}

/// Converts what the library read for the state machine.
fn event_of(message: Option<Result<Message, Error>>) -> Event {
    match message {
        Some(Ok(Message::Text(text))) => Event::Text(text),
        Some(Ok(Message::Binary(_))) => Event::Binary,
        Some(Ok(Message::Ping(_))) => Event::Ping,
        Some(Ok(Message::Pong(_) | Message::Frame(_))) => Event::Pong,
        Some(Ok(Message::Close(frame))) => Event::Close(ended_by_client(frame)),
        Some(Err(error)) => Event::Unreadable(refusal(&error)),
        None => Event::Unreadable(None),
    }
}

/// Handles a message, delayed if a fault holds it. Returns whether it was refused and the client is at fault.
async fn handle(gateway: &Gateway, connection: &Arc<Connection>, text: Utf8Bytes) -> bool {
    connection.touch();
    let faults = &gateway.shared.faults;
    if let Some(held) = faults.hold(&connection.id) {
        let (gateway, connection) = (gateway.clone(), Arc::clone(connection));
        gateway.shared.tasks.clone().spawn(async move {
            held.wait().await;
            answer(&gateway, &connection, text.as_str()).await;
        });
        return false;
    }
    let is_refused = answer(gateway, connection, text.as_str()).await;
    faults.release(&connection.id);
    is_refused
}

/// Dispatches a message and queues the reply. Returns whether it was refused and the client is at fault.
async fn answer(gateway: &Gateway, connection: &Arc<Connection>, text: &str) -> bool {
    let handled = dispatch::message(gateway, connection, text).await;
    if let Some(reply) = handled.reply {
        connection.reply(reply);
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
        // Everything in the queue is sent with one flush.
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

/// The close frame for a client's mistake; `None` if the socket is gone.
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
