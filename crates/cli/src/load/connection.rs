//! One connection: sends what is due, checks what comes back, and ends when all of it has.

use super::dial::Socket;
use super::ledger::{Arrival, Ledger};
use super::message::Received;
use super::run::Run;
use super::window::Window;
use futures_util::{Sink as _, SinkExt as _, Stream as _};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, Utf8Bytes};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

/// Bytes of the largest frame that API Gateway takes; a longer message goes out in several.
const FRAME_BYTES_MAX: usize = 32 * 1024;

/// What makes a connection send.
pub enum Pace {
    /// The times at which its messages are due, in microseconds since the start, until the sender is gone.
    Open(mpsc::Receiver<u64>),
    /// The next message as soon as the window lets it out.
    Closed(Window),
}

/// Drives the connection until every message is answered after sending ended, or the run gives up.
pub async fn drive(socket: Socket, pace: Pace, run: Rc<Run>) {
    let mut connection = Connection {
        socket,
        pace,
        ledger: Ledger::default(),
        state: State::Sending,
        is_dirty: false,
        run: Rc::clone(&run),
    };
    let mut stop = pin!(run.stop.cancelled());
    let mut give_up = pin!(run.give_up.cancelled());
    let mut is_stopped = false;
    let end = poll_fn(|context| {
        if !is_stopped && stop.as_mut().poll(context).is_ready() {
            is_stopped = true;
        }
        if give_up.as_mut().poll(context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        connection.poll(context, is_stopped)
    })
    .await;
    if let Err(error) = end {
        {
            let mut recorder = run.recorder.borrow_mut();
            recorder.counts.connections_lost += 1;
            recorder.explain(&error.to_string());
        }
        connection.leave_unsent().await;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Sending,
    /// Nothing more is sent; answers are still out.
    Draining,
    /// A Close frame is out; the other side's answer, and whatever comes before it, is not in yet.
    Closing,
}

struct Connection {
    socket: Socket,
    pace: Pace,
    ledger: Ledger,
    state: State,
    /// Whether something written has not been flushed yet.
    is_dirty: bool,
    run: Rc<Run>,
}

impl Connection {
    /// Reads while it writes: were one to wait for the other, two full buffers would stop both sides.
    fn poll(&mut self, context: &mut Context<'_>, is_stopped: bool) -> Poll<Result<(), Error>> {
        loop {
            let has_read = self.read(context)?;
            if has_read == Poll::Ready(Read::End) {
                return match self.state {
                    State::Closing => Poll::Ready(Ok(())),
                    _ => Poll::Ready(Err(Error::ConnectionClosed)),
                };
            }
            let has_sent = self.state == State::Sending && self.send(context, is_stopped)?;
            let is_drained = self.state == State::Draining && self.ledger.unanswered() == 0 && !self.is_dirty;
            if is_drained && Pin::new(&mut self.socket).poll_ready(context)?.is_ready() {
                Pin::new(&mut self.socket).start_send(Message::Close(None))?;
                self.is_dirty = true;
                self.state = State::Closing;
            }
            if self.is_dirty && self.socket.poll_flush_unpin(context)?.is_ready() {
                self.is_dirty = false;
                // Flushed at last: there may be room for what was held back.
                if self.state != State::Closing {
                    continue;
                }
            }
            if has_read.is_pending() && !has_sent {
                return Poll::Pending;
            }
        }
    }

    fn read(&mut self, context: &mut Context<'_>) -> Result<Poll<Read>, Error> {
        let Poll::Ready(frame) = Pin::new(&mut self.socket).poll_next(context) else {
            return Ok(Poll::Pending);
        };
        match frame {
            Some(Ok(Message::Text(text))) => self.receive(&text),
            Some(Ok(Message::Binary(bytes))) => {
                self.run.recorder.borrow_mut().other(&format!("({} binary bytes)", bytes.len()));
            }
            Some(Ok(Message::Close(Some(frame)))) if self.state != State::Closing => {
                let how = format!("closed with code {}: {}", u16::from(frame.code), frame.reason);
                self.run.recorder.borrow_mut().explain(&how);
            }
            // The library answers pings when it is flushed.
            Some(Ok(Message::Ping(_))) => self.is_dirty = true,
            Some(Ok(_)) => {}
            Some(Err(_)) | None if self.state == State::Closing => return Ok(Poll::Ready(Read::End)),
            Some(Err(error)) => return Err(error),
            None => return Ok(Poll::Ready(Read::End)),
        }
        Ok(Poll::Ready(Read::Frame))
    }

    fn receive(&mut self, text: &Utf8Bytes) {
        let mut recorder = self.run.recorder.borrow_mut();
        let (seq, due_us) = match self.run.shape.recognise(text.as_str()) {
            Received::Echo { seq, due_us } => (seq, due_us),
            Received::Reformatted { seq, due_us } => {
                recorder.counts.reformatted += 1;
                (seq, due_us)
            }
            Received::Altered => {
                recorder.counts.altered += 1;
                return;
            }
            Received::Other => {
                recorder.other(text.as_str());
                return;
            }
        };
        let arrival = self.ledger.receive(seq, due_us);
        match arrival {
            Arrival::Duplicate => recorder.counts.duplicates += 1,
            Arrival::Unknown => recorder.counts.altered += 1,
            Arrival::InOrder | Arrival::OutOfOrder => {
                recorder.counts.out_of_order += u64::from(arrival == Arrival::OutOfOrder);
                recorder.answered(self.run.now_us(), due_us);
                self.run.progress.answered(recorder.counts.answered);
                if let Pace::Closed(window) = &mut self.pace {
                    window.answered(seq);
                }
            }
        }
    }

    /// Sends what may be sent now; whether it was anything.
    fn send(&mut self, context: &mut Context<'_>, is_stopped: bool) -> Result<bool, Error> {
        let mut has_sent = false;
        while Pin::new(&mut self.socket).poll_ready(context)?.is_ready() {
            let Poll::Ready(due_us) = self.next_due(context, is_stopped) else { break };
            let Some(due_us) = due_us else {
                self.state = State::Draining;
                break;
            };
            let seq = self.ledger.send(due_us);
            let mut recorder = self.run.recorder.borrow_mut();
            recorder.sent(self.run.now_us(), due_us);
            self.run.progress.sent(recorder.counts.sent);
            drop(recorder);
            for message in frames(self.run.shape.render(seq, due_us)) {
                Pin::new(&mut self.socket).start_send(message)?;
            }
            self.is_dirty = true;
            has_sent = true;
        }
        Ok(has_sent)
    }

    /// When the next message that may be sent now was due; `None` when there will be none.
    fn next_due(&mut self, context: &mut Context<'_>, is_stopped: bool) -> Poll<Option<u64>> {
        match &mut self.pace {
            Pace::Open(queue) => queue.poll_recv(context),
            Pace::Closed(_) if is_stopped => Poll::Ready(None),
            Pace::Closed(window) => window.poll_free(context, &self.ledger).map(|()| Some(self.run.now_us())),
        }
    }

    /// Counts what falls due on a connection that is gone.
    async fn leave_unsent(&mut self) {
        if let Pace::Open(queue) = &mut self.pace {
            while queue.recv().await.is_some() {
                self.run.recorder.borrow_mut().counts.unsent += 1;
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    Frame,
    End,
}

/// `text` as one message, in frames that API Gateway takes.
fn frames(text: String) -> impl Iterator<Item = Message> {
    let is_whole = text.len() <= FRAME_BYTES_MAX;
    let mut rest = Bytes::from(text);
    let mut opcode = Data::Text;
    let mut is_over = false;
    std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        if is_whole {
            is_over = true;
            let text = Utf8Bytes::try_from(std::mem::take(&mut rest)).ok()?;
            return Some(Message::Text(text));
        }
        let frame = rest.split_to(rest.len().min(FRAME_BYTES_MAX));
        is_over = rest.is_empty();
        let message = Message::Frame(Frame::message(frame, OpCode::Data(opcode), is_over));
        opcode = Data::Continue;
        Some(message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload_bytes(message: Message) -> usize {
        match message {
            Message::Frame(frame) => frame.payload().len(),
            message => message.len(),
        }
    }

    #[test]
    fn long_messages_go_out_in_frames_of_32_kb() {
        let lengths = |bytes: usize| frames("x".repeat(bytes)).map(payload_bytes).collect::<Vec<_>>();
        assert_eq!(lengths(FRAME_BYTES_MAX), [FRAME_BYTES_MAX]);
        assert_eq!(lengths(FRAME_BYTES_MAX + 1), [FRAME_BYTES_MAX, 1]);
        assert_eq!(lengths(4 * FRAME_BYTES_MAX), [FRAME_BYTES_MAX; 4]);
    }
}
