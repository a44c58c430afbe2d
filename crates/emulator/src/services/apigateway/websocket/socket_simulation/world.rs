//! A simulated client, library and writer around the state machine.

use crate::services::apigateway::websocket::connections::CloseInfo;
use crate::services::apigateway::websocket::limits::{CLOSE_MAX, CLOSE_MAX_STOPPING, Timers};
use crate::services::apigateway::websocket::queue::{CloseReason, Outbox, Outgoing, Queue, queue};
use crate::services::apigateway::websocket::rate_limiter::WINDOW;
use crate::services::apigateway::websocket::socket_state::{Action, Event, SocketState};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

const MISTAKE: CloseReason = CloseReason { code: 1009, text: "Message too big" };
const CLIENT_CLOSE: u16 = 4_000;

#[derive(Debug, Clone, Copy)]
pub enum Frame {
    Text { is_refused: bool },
    Binary,
    Ping,
    Pong,
    Close,
    Mistake,
    Gone,
}

/// What may happen next; it has no effect if it is impossible at that time.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    Send(Frame),
    Read,
    /// The client pings, and its pong is taken, if nothing else is on its way.
    PingPong,
    /// The client reads the next queued frame.
    Take,
    /// The reader learns that the pong was sent.
    PongSent,
    /// `POST @connections`
    Post,
    /// `DELETE @connections`
    Delete,
    Stop,
    /// So many milliseconds, or until the timer is due.
    Pass(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    Message,
    Pong,
    Close(u16),
}

/// What the library does on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Library {
    Active,
    ClosedByUs,
    ClosedByClient,
    Done,
}

/// Everything around a [`SocketState`].
pub struct World {
    pub state: SocketState,
    pub begun: Instant,
    pub now: Instant,
    last_active: Instant,
    sent: VecDeque<Frame>,
    library: Library,
    /// The library's only place for a pong, or for its answer to a close frame.
    buffered: Option<Heard>,
    queue: Queue,
    /// `None` after the writer has reached the close frame.
    outbox: Option<Outbox>,
    pong_is_out: bool,
    is_stopped: bool,
    pub heard: Vec<Heard>,
    pub pings: usize,
    pub futile: u32,
    /// How the connection must end: by the first close frame.
    first_close: Option<CloseInfo>,
    /// When the connection was last open.
    closed_at: Instant,
    pub ended: Option<CloseInfo>,
}

impl World {
    pub fn new() -> Self {
        let now = Instant::now();
        let (queue, outbox) = queue();
        Self {
            state: SocketState::new(Timers::default(), now),
            begun: now,
            now,
            last_active: now,
            sent: VecDeque::new(),
            library: Library::Active,
            buffered: None,
            queue,
            outbox: Some(outbox),
            pong_is_out: false,
            is_stopped: false,
            heard: Vec::new(),
            pings: 0,
            futile: 0,
            first_close: None,
            closed_at: now,
            ended: None,
        }
    }

    pub fn step(&mut self, step: Step) {
        match step {
            Step::Send(frame) => self.sent.push_back(frame),
            Step::Read => self.read(),
            Step::PingPong => {
                for step in [Step::Send(Frame::Ping), Step::Read, Step::Take, Step::PongSent] {
                    if self.ended.is_none() {
                        self.step(step);
                    }
                }
            }
            Step::Take => self.take(),
            Step::PongSent => self.pong_sent(),
            Step::Post => drop(self.queue.push("{}".into())),
            Step::Delete => self.queue.close(CloseReason::NORMAL),
            Step::Stop => {
                self.is_stopped = true;
                self.on(Event::Stopped);
            }
            Step::Pass(ms) => self.pass(Duration::from_millis(ms)),
        }
    }

    fn read(&mut self) {
        if !self.state.reads(self.now) {
            return;
        }
        if matches!(self.library, Library::ClosedByClient | Library::Done) {
            self.flush();
            return self.on(Event::Unreadable(None));
        }
        let Some(frame) = self.sent.pop_front() else { return };
        assert_eq!(self.buffered, None, "a frame is read while a pong waits, which the next would replace");
        let is_active = self.library == Library::Active;
        let event = match frame {
            Frame::Text { is_refused } => Event::Text(if is_refused { "no" } else { "yes" }.into()),
            Frame::Binary => Event::Binary,
            Frame::Ping => {
                self.buffered = is_active.then_some(Heard::Pong);
                self.pings += usize::from(is_active);
                self.futile += 1;
                Event::Ping
            }
            Frame::Pong => Event::Pong,
            Frame::Close => {
                self.buffered = is_active.then_some(Heard::Close(CLIENT_CLOSE));
                self.library = if is_active { Library::ClosedByClient } else { Library::Done };
                let info = CloseInfo { status_code: CLIENT_CLOSE, reason: String::new() };
                self.first_close.get_or_insert(info.clone());
                Event::Close(info)
            }
            Frame::Mistake => Event::Unreadable(Some(MISTAKE)),
            Frame::Gone => Event::Unreadable(None),
        };
        self.on(event);
    }

    fn flush(&mut self) {
        self.heard.extend(self.buffered.take());
    }

    fn take(&mut self) {
        let Some(outgoing) = self.outbox.as_mut().and_then(Outbox::try_next) else { return };
        self.flush();
        match outgoing {
            // The library sends nothing after a close frame, so the writer ends.
            Outgoing::Message(_) if self.library != Library::Active => self.outbox = None,
            Outgoing::Message(_) => {
                self.heard.push(Heard::Message);
                self.last_active = self.now;
            }
            Outgoing::Pong => self.pong_is_out = true,
            Outgoing::Close(reason) => {
                if self.library == Library::Active {
                    self.library = Library::ClosedByUs;
                    self.heard.push(Heard::Close(reason.code));
                }
                self.outbox = None;
                self.first_close.get_or_insert(reason.into());
                if self.ended.is_none() {
                    self.on(Event::CloseSent(reason));
                }
            }
        }
    }

    fn pong_sent(&mut self) {
        if self.state.owes_pong() && (self.pong_is_out || self.outbox.is_none()) {
            self.pong_is_out = false;
            self.on(Event::PongSent);
            assert!(!self.state.owes_pong());
        }
    }

    /// The timer is never late.
    pub fn pass(&mut self, time: Duration) {
        let due = self.state.wakes_at(self.now);
        assert!(self.now < due, "the timer would fire again at once");
        let reads = self.state.reads(self.now) || self.state.owes_pong() || due <= self.now + WINDOW;
        assert!(reads, "reading is not resumed in time");
        self.now = due.min(self.now + time);
        if self.now == due {
            self.on(Event::Woken { idle_for: self.now - self.last_active });
            let close_max = if self.is_stopped { CLOSE_MAX_STOPPING } else { CLOSE_MAX };
            assert!(self.ended.is_none() || self.now - self.closed_at >= close_max, "given up too early");
        }
        if self.ended.is_none() && self.state.is_open() {
            assert!(self.is_young(), "open, and idle or too old");
        }
    }

    fn is_young(&self) -> bool {
        let timers = Timers::default();
        self.now - self.begun < timers.lifetime && self.now - self.last_active < timers.idle
    }

    fn on(&mut self, event: Event) {
        let (was_open, is_ping) = (self.state.is_open(), matches!(event, Event::Ping));
        let action = self.state.on(event, self.now);
        if was_open != self.state.is_open() {
            self.closed_at = self.now;
        }
        assert_eq!(is_ping, matches!(action, Action::Pong), "a pong for each ping, and for nothing else");
        match action {
            Action::Wait => {}
            Action::Handle(text) => {
                assert!(was_open, "a message is handled behind a close frame");
                self.last_active = self.now;
                if text == "no" {
                    self.futile += 1;
                    self.state.refused(self.now);
                }
            }
            Action::Pong => self.queue.pong(),
            Action::Close(reason) => {
                assert!(was_open && reason == CloseReason::GOING_AWAY);
                assert!(self.is_stopped || !self.is_young(), "neither stopped, nor idle, nor too old");
                self.close(reason);
            }
            Action::Refuse(reason) => {
                assert!(was_open && [CloseReason::UNSUPPORTED, MISTAKE].contains(&reason));
                self.close(reason);
                self.ended = Some(reason.into());
            }
            Action::End(info) => self.ended = Some(info),
        }
    }

    fn close(&mut self, reason: CloseReason) {
        assert_eq!(self.first_close, None, "a close frame after another");
        self.first_close = Some(reason.into());
        self.queue.close(reason);
    }

    /// Nothing happens any more, so the connection ends; then the client reads what it can.
    pub fn end(&mut self) {
        let (idle_since, timers) = (self.now, Timers::default());
        while self.ended.is_none() {
            self.pass(timers.lifetime);
        }
        assert!(self.now - idle_since <= timers.idle + CLOSE_MAX + WINDOW);
        assert_eq!(self.ended, Some(self.first_close.clone().unwrap_or_else(CloseInfo::lost)));
        self.queue.close(CloseReason::NORMAL);
        while self.outbox.is_some() {
            self.take();
        }
        self.flush();
    }
}
