//! The window of a closed loop: the number of messages that a connection can have in flight.

use super::ledger::Ledger;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::Sleep;

/// Added to a timer, which can fire early by this much at most.
const TICK: Duration = Duration::from_millis(1);

/// Allows a message whenever fewer messages than the window's size are unanswered.
///
/// A lost message would occupy its place forever, so unanswered messages are written off after a long silence. Later
/// answers to them still count.
pub struct Window {
    in_flight: u64,
    answer_within: Duration,
    timer: Pin<Box<Sleep>>,
    is_open: bool,
    /// The number of written-off messages, all numbered below `written_off_before`.
    written_off: u64,
    written_off_before: u64,
    heard: Instant,
}

impl Window {
    /// A window of `in_flight` messages that opens at `begin` and writes messages off after a silence of
    /// `answer_within`.
    pub fn new(in_flight: u64, begin: Instant, answer_within: Duration) -> Self {
        Self {
            in_flight,
            answer_within,
            timer: Box::pin(tokio::time::sleep_until(begin.into())),
            is_open: false,
            written_off: 0,
            written_off_before: 0,
            heard: begin,
        }
    }

    /// Ready when another message can be sent.
    pub fn poll_free(&mut self, context: &mut Context<'_>, ledger: &Ledger) -> Poll<()> {
        while self.timer.as_mut().poll(context).is_ready() {
            if self.is_open && self.heard.elapsed() >= self.answer_within {
                self.written_off = ledger.unanswered();
                self.written_off_before = ledger.next();
                self.heard = Instant::now();
            }
            self.is_open = true;
            self.timer.as_mut().reset((self.heard + self.answer_within + TICK).into());
        }
        if self.is_open && ledger.unanswered() - self.written_off < self.in_flight {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Message `seq` was answered for the first time.
    pub fn answered(&mut self, seq: u64) {
        self.heard = Instant::now();
        self.written_off -= u64::from(seq < self.written_off_before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    #[tokio::test]
    async fn what_is_lost_frees_its_place_and_may_still_come() {
        let within = Duration::from_millis(20);
        let mut ledger = Ledger::default();
        let mut window = Window::new(2, Instant::now(), within);
        for _ in 0..2 {
            poll_fn(|context| window.poll_free(context, &ledger)).await;
            ledger.send(0);
        }
        let is_free = poll_fn(|context| Poll::Ready(window.poll_free(context, &ledger).is_ready())).await;
        assert!(!is_free, "two are out");

        poll_fn(|context| window.poll_free(context, &ledger)).await;
        assert_eq!(ledger.unanswered(), 2, "written off, not answered");
        ledger.send(0);
        ledger.receive(0, 0);
        window.answered(0);
        assert_eq!((window.written_off, ledger.unanswered()), (1, 2));
        poll_fn(|context| window.poll_free(context, &ledger)).await;
        ledger.send(0);
        let is_free = poll_fn(|context| Poll::Ready(window.poll_free(context, &ledger).is_ready())).await;
        assert!(!is_free, "two are out again");
    }
}
