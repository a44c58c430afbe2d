//! Limits how fast pings and refused messages of a client are read. AWS limits neither; here they would take a core
//! from everybody else. What is not read stays in the client's socket. Pure; time is passed in.

use std::time::Duration;
use tokio::time::Instant;

/// Futile frames of one client in one [`WINDOW`], at most: 1,000 a second, far more than any use needs, and a few at
/// once.
pub const FRAMES_MAX: u32 = 10;
/// Begins with the first futile frame after the previous window.
pub const WINDOW: Duration = Duration::from_millis(10);

/// The limiter of one client.
#[derive(Debug)]
pub struct RateLimiter {
    window: Instant,
    frames: u32,
}

impl RateLimiter {
    pub fn new(now: Instant) -> Self {
        Self { window: now, frames: 0 }
    }

    /// Counts a futile frame.
    pub fn count(&mut self, now: Instant) {
        if now - self.window >= WINDOW {
            *self = Self::new(now);
        }
        self.frames += 1;
    }

    /// When the next frame may be read; `None`: now.
    pub fn waits_until(&self, now: Instant) -> Option<Instant> {
        let until = self.window + WINDOW;
        (self.frames >= FRAMES_MAX && now < until).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn futile_frames_are_read_at_so_many_a_window() {
        let begun = Instant::now();
        let (mut now, mut limiter) = (begun, RateLimiter::new(begun));
        let mut count = |now: &mut Instant| {
            limiter.count(*now);
            *now = limiter.waits_until(*now).unwrap_or(*now);
        };
        for _ in 1..FRAMES_MAX {
            count(&mut now);
        }
        assert_eq!(now, begun, "a few are read at once");
        for _ in 0..1_000 * FRAMES_MAX {
            count(&mut now);
        }
        assert!(now - begun >= 1_000 * WINDOW);
        now += WINDOW;
        let begun = now;
        count(&mut now);
        assert_eq!(now, begun, "who has been quiet is not made to wait");
    }
}
