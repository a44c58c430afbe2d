//! One connection: it sends messages when they are due, checks the answers, and ends when all have arrived.

use super::dial::Socket;
use super::frames::frames;
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
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

/// The trigger for sending a message.
pub enum Pace {
    /// The times at which its messages are due, in microseconds since the start, until the sender is gone.
    Open(mpsc::Receiver<u64>),
    /// The next message is sent as soon as the window allows it.
    Closed(Window),
}

/// Drives the connection until every message is answered after sending ended, or the run gives up.
pub fn drive(socket: Socket, pace: Pace, run: Rc<Run>) -> impl Future<Output = ()> {
    let ledger = Ledger::default();
    // Created here, it is in the future only once, which saves 1.4 KB per connection.
    let connection = Connection { socket, pace, ledger, state: State::Sending, is_dirty: false, run };
    drive_to_end(connection)
}

async fn drive_to_end(mut connection: Connection) {
    let run = Rc::clone(&connection.run);
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
    /// Sending has ended; answers are still missing.
    Draining,
    /// A Close frame has been sent; the server's Close frame has not arrived yet.
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
    /// Reads while it writes. If one waited for the other, two full buffers would block both sides.
    fn poll(&mut self, context: &mut Context<'_>, is_stopped: bool) -> Poll<Result<(), Error>> {
        loop {
            let has_read = self.read(context)?;
            if has_read == Poll::Ready(Read::End) {
                return match self.state {
                    State::Closing => Poll::Ready(Ok(())),
                    _ => Poll::Ready(Err(Error::ConnectionClosed)),
                };
            }
            let is_blocked = self.state == State::Sending && self.send(context, is_stopped)?.is_pending();
            let is_drained = self.state == State::Draining && self.ledger.unanswered() == 0 && !self.is_dirty;
            if is_drained && Pin::new(&mut self.socket).poll_ready(context)?.is_ready() {
                Pin::new(&mut self.socket).start_send(Message::Close(None))?;
                self.is_dirty = true;
                self.state = State::Closing;
            }
            if self.is_dirty && self.socket.poll_flush_unpin(context)?.is_ready() {
                self.is_dirty = false;
                // Messages or the Close frame that waited for this can be sent now.
                if is_blocked || self.state == State::Draining {
                    continue;
                }
            }
            if has_read.is_pending() {
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

    /// Sends all messages that are allowed now. Pending while the server accepts no more.
    fn send(&mut self, context: &mut Context<'_>, is_stopped: bool) -> Result<Poll<()>, Error> {
        while Pin::new(&mut self.socket).poll_ready(context)?.is_ready() {
            let Poll::Ready(due_us) = self.next_due(context, is_stopped) else { return Ok(Poll::Ready(())) };
            let Some(due_us) = due_us else {
                self.state = State::Draining;
                return Ok(Poll::Ready(()));
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
        }
        Ok(Poll::Pending)
    }

    /// The due time of the next message that is allowed now; `None` if there will be none.
    fn next_due(&mut self, context: &mut Context<'_>, is_stopped: bool) -> Poll<Option<u64>> {
        match &mut self.pace {
            Pace::Open(queue) => queue.poll_recv(context),
            Pace::Closed(_) if is_stopped => Poll::Ready(None),
            Pace::Closed(window) => window.poll_free(context, &self.ledger).map(|()| Some(self.run.now_us())),
        }
    }

    /// Counts the messages that become due on a lost connection.
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
