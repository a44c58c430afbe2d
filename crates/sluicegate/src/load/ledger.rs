//! The messages of one connection, and whether each came back once and in order.

use std::collections::VecDeque;

/// Marks a message that has been answered; no message is due at this time.
const ANSWERED: u64 = u64::MAX;

/// The messages of one connection, numbered from 0.
///
/// It keeps eight bytes for each message from the oldest unanswered one on, so that a connection that loses no message
/// keeps only those in flight.
#[derive(Default)]
pub struct Ledger {
    /// Number of the first message held; all before it are answered.
    base: u64,
    /// When each message from `base` on was due, in microseconds, or [`ANSWERED`].
    due_us: VecDeque<u64>,
    /// Messages of `due_us` that are answered.
    answered: usize,
    /// The number that follows the highest one answered.
    follows: u64,
}

/// The result of an echo.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// The first echo of a message, in order.
    InOrder,
    /// The first echo of a message, after the echo of one that was sent later.
    OutOfOrder,
    /// A further echo of a message: at-least-once delivery allows them.
    Duplicate,
    /// A message that this connection did not send.
    Unknown,
}

impl Ledger {
    /// Notes a message as sent; returns its number.
    pub fn send(&mut self, due_us: u64) -> u64 {
        self.due_us.push_back(due_us);
        self.next() - 1
    }

    /// The number that the next message gets.
    pub fn next(&self) -> u64 {
        self.base + self.due_us.len() as u64
    }

    /// Notes an echo of message `seq`, which says it was due at `due_us`.
    pub fn receive(&mut self, seq: u64, due_us: u64) -> Arrival {
        if seq >= self.next() {
            return Arrival::Unknown;
        }
        let Some(index) = seq.checked_sub(self.base) else { return Arrival::Duplicate };
        let slot = &mut self.due_us[index as usize];
        if *slot == ANSWERED {
            return Arrival::Duplicate;
        }
        if *slot != due_us {
            return Arrival::Unknown;
        }
        *slot = ANSWERED;
        self.answered += 1;
        while self.due_us.front() == Some(&ANSWERED) {
            self.due_us.pop_front();
            self.answered -= 1;
            self.base += 1;
        }
        if seq < self.follows {
            return Arrival::OutOfOrder;
        }
        self.follows = seq + 1;
        Arrival::InOrder
    }

    /// The number of messages without an answer.
    pub fn unanswered(&self) -> u64 {
        (self.due_us.len() - self.answered) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(messages: u64) -> Ledger {
        let mut ledger = Ledger::default();
        for n in 0..messages {
            assert_eq!(ledger.send(10 * n), n);
        }
        ledger
    }

    #[test]
    fn answers_in_turn_leave_nothing_behind() {
        let mut ledger = sent(1_000);
        for n in 0..1_000 {
            assert_eq!(ledger.receive(n, 10 * n), Arrival::InOrder);
        }
        assert_eq!((ledger.unanswered(), ledger.due_us.len()), (0, 0));
    }

    #[test]
    fn a_lost_message_stays_unanswered_and_puts_none_out_of_order() {
        let mut ledger = sent(3);
        assert_eq!(ledger.receive(0, 0), Arrival::InOrder);
        assert_eq!(ledger.receive(2, 20), Arrival::InOrder);
        assert_eq!(ledger.unanswered(), 1);
    }

    #[test]
    fn an_inversion_counts_once_per_late_message() {
        let mut ledger = sent(4);
        let arrivals = [2, 0, 1, 3].map(|n| ledger.receive(n, 10 * n));
        assert_eq!(arrivals, [Arrival::InOrder, Arrival::OutOfOrder, Arrival::OutOfOrder, Arrival::InOrder]);
        assert_eq!(ledger.unanswered(), 0);
    }

    #[test]
    fn a_batch_that_comes_again_is_duplicates_not_inversions() {
        let mut ledger = sent(5);
        let arrivals = [0, 1, 2, 0, 1, 2, 3, 1, 4].map(|n| ledger.receive(n, 10 * n));
        let duplicates = arrivals.iter().filter(|arrival| **arrival == Arrival::Duplicate).count();
        assert_eq!(duplicates, 4);
        assert!(!arrivals.contains(&Arrival::OutOfOrder), "{arrivals:?}");
    }

    #[test]
    fn what_was_never_sent_is_unknown() {
        let mut ledger = sent(2);
        assert_eq!(ledger.receive(2, 20), Arrival::Unknown);
        assert_eq!(
            ledger.receive(1, 999),
            Arrival::Unknown,
            "another connection's message of the same number"
        );
        assert_eq!(ledger.unanswered(), 2);
    }
}
