//! Reports when messages are due, more precisely than the millisecond of an asynchronous timer.

use super::schedule::Schedule;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Maximum milliseconds of one sleep, so that a pacer soon notices that it must end.
const SLEEP_MS_MAX: u64 = 50;

/// Minimum microseconds between two wake-ups. Messages that become due in between are sent together, at most this late.
/// For more than some thousand messages per second, this halves the cost of wake-ups.
const WAKE_US_MIN: u64 = 200;

/// A thread that sleeps from message to message. Dropping it ends it.
pub struct Pacer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    due: AtomicU64,
    notify: Notify,
    is_over: AtomicBool,
}

impl Pacer {
    pub fn start(schedule: Schedule, start: Instant) -> Self {
        let shared = Arc::new(Shared::default());
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.run(&schedule, start)
        });
        Self { shared, thread: Some(thread) }
    }

    /// Waits until more than `known` messages are due; returns how many are.
    pub async fn more_than(&self, known: u64) -> u64 {
        loop {
            let due = self.shared.due.load(Ordering::Acquire);
            if due > known {
                return due;
            }
            self.shared.notify.notified().await;
        }
    }
}

impl Shared {
    fn run(&self, schedule: &Schedule, start: Instant) {
        let total = schedule.total();
        let mut due = 0;
        let mut rested = Duration::ZERO;
        while due < total && !self.is_over.load(Ordering::Relaxed) {
            let wake = Duration::from_secs_f64(schedule.due_s(due)).max(rested);
            let wait = wake.saturating_sub(start.elapsed());
            if !wait.is_zero() {
                std::thread::sleep(wait.min(Duration::from_millis(SLEEP_MS_MAX)));
                continue;
            }
            let now = start.elapsed();
            rested = now + Duration::from_micros(WAKE_US_MIN);
            while due < total && schedule.due_s(due) <= now.as_secs_f64() {
                due += 1;
            }
            self.due.store(due, Ordering::Release);
            self.notify.notify_one();
        }
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A pacer cannot panic.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_message_falls_due_and_none_before_its_time() {
        let schedule = Schedule::new(5_000.0, 0.05, 0.1);
        let start = Instant::now();
        let pacer = Pacer::start(schedule, start);
        let mut known = 0;
        while known < schedule.total() {
            let due = pacer.more_than(known).await;
            assert!(schedule.due_s(due - 1) <= start.elapsed().as_secs_f64());
            known = due;
        }
        assert_eq!(known, schedule.total());
    }
}
