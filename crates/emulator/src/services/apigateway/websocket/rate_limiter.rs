//! How fast a client is read that asks for nothing but work: pings, and messages that are refused. Neither is limited on
//! AWS; here they would take a core from everybody else. What is not read waits in the client's own socket.

use std::time::Duration;
use tokio::time::Instant;

/// Futile frames of one client in one [`WINDOW`], at most: 1,000 a second, far over any use, and a few at once.
const FRAMES_MAX: u32 = 10;
const WINDOW: Duration = Duration::from_millis(10);

/// One client's.
#[derive(Debug)]
pub struct RateLimiter {
    window: Instant,
    frames: u32,
}

impl RateLimiter {
    /// Nothing has been read yet.
    pub fn new() -> Self {
        Self { window: Instant::now(), frames: 0 }
    }

    /// Counts a futile frame, and waits before the next may be read.
    pub async fn keep(&mut self) {
        let now = Instant::now();
        if now - self.window >= WINDOW {
            *self = Self { window: now, frames: 0 };
        }
        self.frames += 1;
        if self.frames >= FRAMES_MAX {
            tokio::time::sleep_until(self.window + WINDOW).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn futile_frames_are_read_at_so_many_a_window() {
        let (begun, mut pace) = (Instant::now(), RateLimiter::new());
        for _ in 1..FRAMES_MAX {
            pace.keep().await;
        }
        assert_eq!(begun.elapsed(), Duration::ZERO, "a few are read at once");
        for _ in 0..1_000 * FRAMES_MAX {
            pace.keep().await;
        }
        assert!(begun.elapsed() >= 1_000 * WINDOW);
        tokio::time::advance(WINDOW).await;
        let begun = Instant::now();
        pace.keep().await;
        assert_eq!(begun.elapsed(), Duration::ZERO, "who has been quiet is not made to wait");
    }
}
