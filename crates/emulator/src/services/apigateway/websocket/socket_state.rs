//! What a connection's reader does next. Pure: frames, times and other tasks' events are passed in.
//!
//! The driver waits for the events that [`SocketState`] expects, passes the first one to [`SocketState::on`], and does
//! what it returns. So the same decisions run on a socket and in a test.

use super::connections::CloseInfo;
use super::limits::{CLOSE_MAX, CLOSE_MAX_STOPPING, Timers};
use super::queue::CloseReason;
use super::rate_limiter::RateLimiter;
use std::time::Duration;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

#[derive(Debug)]
pub enum Event {
    Text(Utf8Bytes),
    Binary,
    /// A ping was read. The library has put a pong into its own buffer, whether the client reads it or not.
    Ping,
    /// A frame without effect was read.
    Pong,
    /// The client's close frame was read. The library has its answer ready and sends it during later reads.
    Close(CloseInfo),
    /// No more can be read: the client made a mistake that a close frame reports, or the socket is gone.
    Unreadable(Option<CloseReason>),
    /// The owed pong was sent, or never will be.
    PongSent,
    /// The writer sends a close frame that another task queued, such as `DELETE @connections`.
    CloseSent(CloseReason),
    Stopped,
    /// [`SocketState::wakes_at`] was reached.
    Woken {
        /// How long there has been no data in either direction.
        idle_for: Duration,
    },
}

/// What the driver does next.
#[derive(Debug)]
pub enum Action {
    Wait,
    /// Handle this message; if it is refused and the client is at fault, call [`SocketState::refused`].
    Handle(Utf8Bytes),
    /// Queue the owed pong.
    Pong,
    Close(CloseReason),
    /// Queue this close frame and end. Reading on could answer a close frame right after the client's mistake, with
    /// that frame's code instead.
    Refuse(CloseReason),
    /// The connection is over.
    End(CloseInfo),
}

/// One connection's state, from its handshake to its end.
#[derive(Debug)]
pub struct SocketState {
    phase: Phase,
    /// While open: when to check whether the connection is idle or too old. While closing: when to give up.
    deadline: Instant,
    lifetime_ends: Instant,
    idle_max: Duration,
    /// How long the other side may take for its close frame: less while the emulator stops.
    close_max: Duration,
    owes_pong: bool,
    futile: RateLimiter,
}

#[derive(Debug)]
enum Phase {
    Open,
    /// One side has sent its close frame and waits for the other's. The first one decides how the connection ended.
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

    /// Whether [`Event::PongSent`] is expected.
    pub fn owes_pong(&self) -> bool {
        self.owes_pong
    }

    /// Whether the next frame may be read: not before the last ping's pong was sent, so that a client that does not
    /// read pongs is not read either, and not faster than [`RateLimiter`] allows.
    pub fn reads(&self, now: Instant) -> bool {
        !self.owes_pong && self.futile.waits_until(now).is_none()
    }

    /// When [`Event::Woken`] is due.
    pub fn wakes_at(&self, now: Instant) -> Instant {
        self.futile.waits_until(now).map_or(self.deadline, |until| until.min(self.deadline))
    }

    /// The message was refused, and the client is at fault.
    pub fn refused(&mut self, now: Instant) {
        self.futile.count(now);
    }

    /// Handles an event. None may follow [`Action::Refuse`] and [`Action::End`].
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
            // Nothing to do but read on.
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

    /// The first close frame decides how the connection ended; each restarts the other side's time.
    fn closing(&mut self, info: CloseInfo, now: Instant) -> Action {
        if self.is_open() {
            self.phase = Phase::Closing(info);
        }
        self.deadline = now + self.close_max;
        Action::Wait
    }
}
