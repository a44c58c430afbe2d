//! Finds connections that fail for a reason of their own. Pure; time is passed in.
//!
//! Failed records are retried, and a batch ends only after that, so retries delay every later record. If all connections
//! fail alike, that costs nobody anything and no retry is cut short. If one fails and the others do not, it must not
//! delay them by more than moments: once the evidence is clear it is *quarantined*, and tried only once per record until
//! it succeeds. [`evidence`](super::evidence) defines what counts as evidence.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::Instant;

use super::bounded::Bounded;
use super::evidence::{Finding, judge};
use super::recent::{Neighbours, Outcome, Recent};
use crate::limits::{
    NEIGHBOURS_WITHIN, OTHERS_WITHIN, QUARANTINE_TIME, QUARANTINED_MAX, SAME_MOMENT, STREAKS_MAX,
};

/// The latest outcomes, who fails, and who is quarantined.
#[derive(Debug)]
pub(crate) struct Health {
    hasher: RandomState,
    recent: Recent,
    streaks: Bounded<Streak>,
    /// When each was last seen failing.
    quarantined: Bounded<Instant>,
}

/// How patient a failing connection may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Others fail too, or too little is known: as patient as the limits allow.
    Shared,
    /// It may fail for a reason of its own: quick attempts find out.
    Suspect,
    /// It fails for a reason of its own: no further attempt now.
    Quarantined,
}

/// Failures of a connection in a row, across its records.
#[derive(Clone, Copy, Debug)]
struct Streak {
    since: Instant,
    last: Instant,
    failures: u32,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            recent: Recent::default(),
            streaks: Bounded::new(STREAKS_MAX),
            quarantined: Bounded::new(QUARANTINED_MAX),
        }
    }
}

impl Health {
    /// A record of this connection was handled, at its `first` attempt or a later one.
    pub fn succeed(&mut self, connection: &str, first: bool, now: Instant) {
        self.streaks.remove(connection);
        self.quarantined.remove(connection);
        self.note(connection, true, first, now);
    }

    /// An attempt at a record of this connection has failed, its `first` one or a later one.
    pub fn fail(&mut self, connection: &str, first: bool, now: Instant) -> Standing {
        if self.is_quarantined(connection, now) {
            // What it meets says nothing of the endpoint, so it is not noted as an outcome.
            self.quarantined.insert(connection, now);
            return Standing::Quarantined;
        }
        self.note(connection, false, first, now);
        let mut streak = match self.streaks.get_mut(connection) {
            Some(streak) if within(streak.last, now, QUARANTINE_TIME) => *streak,
            _ => Streak { since: now, last: now, failures: 0 },
        };
        streak.last = now;
        let finding = self.finding(connection, &mut streak, now);
        self.streaks.insert(connection, streak);
        match finding {
            Finding::Nothing => Standing::Shared,
            Finding::Suspect => Standing::Suspect,
            Finding::Own => {
                self.streaks.remove(connection);
                self.quarantined.insert(connection, now);
                Standing::Quarantined
            }
        }
    }

    /// Whether this connection's failures are its own.
    pub fn is_quarantined(&mut self, connection: &str, now: Instant) -> bool {
        self.quarantined.get_mut(connection).is_some_and(|last| within(*last, now, QUARANTINE_TIME))
    }

    fn finding(&self, connection: &str, streak: &mut Streak, now: Instant) -> Finding {
        let own = self.hasher.hash_one(connection);
        let since = streak.since;
        let neighbours = self
            .recent
            .neighbours(own, |at| within(at, now, NEIGHBOURS_WITHIN) && within(at, since, SAME_MOMENT));
        let alone = neighbours == Neighbours::default();
        let follows_a_failure =
            alone && self.recent.last_of_others_failed(own, |at| within(at, since, OTHERS_WITHIN));
        if neighbours.failing > neighbours.succeeding || follows_a_failure {
            // While most others fail, or the one before did, failing proves nothing: the count begins again.
            *streak = Streak { since: now, last: now, failures: 0 };
            return Finding::Nothing;
        }
        streak.failures += 1;
        judge(streak.failures, self.recent.others(own, |at| within(at, since, OTHERS_WITHIN)))
    }

    fn note(&mut self, connection: &str, succeeded: bool, first: bool, now: Instant) {
        let connection = self.hasher.hash_one(connection);
        self.recent.push(Outcome { connection, at: now, succeeded, first });
    }
}

/// Whether `at` was later than `time` before `moment`.
fn within(at: Instant, moment: Instant, time: Duration) -> bool {
    moment < at + time
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
