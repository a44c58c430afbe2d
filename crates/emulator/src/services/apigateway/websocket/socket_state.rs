//! What a connection's reader does next. Pure: frames, times, and what other tasks report are passed in.
//!
//! Whoever drives it waits for the events that [`SocketState`] asks for, passes the first that happens to
//! [`SocketState::on`], and does as the answer says. So the same decisions run on a socket and in a test.

use super::connections::CloseInfo;
use super::limits::{CLOSE_MAX, CLOSE_MAX_STOPPING, Timers};
use super::queue::CloseReason;
use super::rate_limiter::RateLimiter;
use std::time::Duration;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// A text message was read.
    Text(Utf8Bytes),
    /// A binary message was read.
    Binary,
    /// A ping was read. The library has put a pong into its own buffer, whether or not the client takes any.
    Ping,
    /// A frame was read that asks for nothing.
    Pong,
    /// The client's close frame was read. The library has its answer ready and sends it as it is read on.
    Close(CloseInfo),
    /// No more can be read: the client's mistake earns a close frame, or the socket is gone.
    Unreadable(Option<CloseReason>),
    /// The pong that is owed has been sent, or never will be.
    PongSent,
    /// The writer sends a close frame that someone else has queued, such as `DELETE @connections`.
    CloseSent(CloseReason),
    /// The emulator stops.
    Stopped,
    /// [`SocketState::wakes_at`] has come.
    Woken {
        /// For how long there has been no data either way.
        idle_for: Duration,
    },
}

/// What to do about it.
#[derive(Debug)]
pub enum Action {
    /// Wait for the next event.
    Wait,
    /// Handle this message; if it is refused by the client's own fault, call [`SocketState::refused`].
    Handle(Utf8Bytes),
    /// Queue the pong that is owed.
    Pong,
    /// Queue this close frame.
    Close(CloseReason),
    /// Queue this close frame and end: a close frame right behind the client's mistake would be answered with its
    /// own code instead if it were read.
    Refuse(CloseReason),
    /// The connection is over.
    End(CloseInfo),
}

/// One connection's state, from its handshake to its end.
#[derive(Debug)]
pub struct SocketState {
    phase: Phase,
    /// While open: when to look at whether the connection is idle or too old. While closing: when to give up.
    deadline: Instant,
    lifetime_ends: Instant,
    idle_max: Duration,
    /// How long the other side has for its close frame: less while the emulator stops.
    close_max: Duration,
    owes_pong: bool,
    futile: RateLimiter,
}

#[derive(Debug)]
enum Phase {
    Open,
    /// One side has sent its close frame, and the other's is waited for. How it began is how the connection ended.
    Closing(CloseInfo),
}

impl SocketState {
    /// A connection that is established now.
    pub fn new(timers: Timers, now: Instant) -> Self {
        let lifetime_ends = now + timers.lifetime;
        Self {
            phase: Phase::Open,
            deadline: lifetime_ends.min(now + timers.idle),
            lifetime_ends,
            idle_max: timers.idle,
            close_max: CLOSE_MAX,
            owes_pong: false,
            futile: RateLimiter::new(now),
        }
    }

    /// Whether neither side has sent a close frame; only then [`Event::Stopped`] matters.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    /// Whether [`Event::PongSent`] is waited for.
    pub fn owes_pong(&self) -> bool {
        self.owes_pong
    }

    /// Whether the next frame may be read: not before the last ping's pong is out, so that a client that takes none
    /// is read no more, and not faster than [`RateLimiter`] allows.
    pub fn reads(&self, now: Instant) -> bool {
        !self.owes_pong && self.futile.waits_until(now).is_none()
    }

    /// When [`Event::Woken`] is due.
    pub fn wakes_at(&self, now: Instant) -> Instant {
        self.futile.waits_until(now).map_or(self.deadline, |until| until.min(self.deadline))
    }

    /// The message was refused, by the client's own fault.
    pub fn refused(&mut self, now: Instant) {
        self.futile.count(now);
    }

    /// What to do about an event. After [`Action::Refuse`] and [`Action::End`] there are none.
    pub fn on(&mut self, event: Event, now: Instant) -> Action {
        match event {
            Event::Text(text) if self.is_open() => Action::Handle(text),
            Event::Binary if self.is_open() => Action::Refuse(CloseReason::UNSUPPORTED),
            Event::Text(_) | Event::Binary | Event::Pong => Action::Wait,
            Event::Ping => {
                self.owes_pong = true;
                self.futile.count(now);
                Action::Pong
            }
            Event::PongSent => {
                self.owes_pong = false;
                Action::Wait
            }
            Event::Close(info) => self.closing(info, now),
            Event::CloseSent(reason) if self.is_open() => self.closing(reason.into(), now),
            Event::Stopped if self.is_open() => {
                self.close_max = CLOSE_MAX_STOPPING;
                self.go_away(now)
            }
            Event::CloseSent(_) | Event::Stopped => Action::Wait,
            Event::Unreadable(reason) => match (&self.phase, reason) {
                (Phase::Closing(info), _) => Action::End(info.clone()),
                (Phase::Open, Some(reason)) => Action::Refuse(reason),
                (Phase::Open, None) => Action::End(CloseInfo::lost()),
            },
            Event::Woken { idle_for } => self.woken(idle_for, now),
        }
    }

    fn woken(&mut self, idle_for: Duration, now: Instant) -> Action {
        match &self.phase {
            // Nothing is due but to read on.
            _ if now < self.deadline => Action::Wait,
            Phase::Closing(info) => Action::End(info.clone()),
            Phase::Open if now < self.lifetime_ends && idle_for < self.idle_max => {
                self.deadline = self.lifetime_ends.min(now + (self.idle_max - idle_for));
                Action::Wait
            }
            Phase::Open => self.go_away(now),
        }
    }

    fn go_away(&mut self, now: Instant) -> Action {
        self.closing(CloseReason::GOING_AWAY.into(), now);
        Action::Close(CloseReason::GOING_AWAY)
    }

    /// The first close frame decides how the connection ended; each gives the other side its time.
    fn closing(&mut self, info: CloseInfo, now: Instant) -> Action {
        if self.is_open() {
            self.phase = Phase::Closing(info);
        }
        self.deadline = now + self.close_max;
        Action::Wait
    }
}
