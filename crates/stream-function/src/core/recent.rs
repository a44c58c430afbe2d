//! The latest outcomes of all connections' attempts, and what they say of the others of one. Pure; bounded.

use std::collections::{HashSet, VecDeque};

use tokio::time::Instant;

use super::evidence::Others;
use crate::limits::{OTHERS_ATTEMPTS_MAX, OUTCOMES_MAX};

/// How one attempt ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    /// Its connection, hashed: taking one for another now and then does no harm.
    pub connection: u64,
    pub at: Instant,
    pub succeeded: bool,
    /// The first attempt at its record. Retries are not counted as evidence: a connection that fails is tried more
    /// often than one that does not, and would make all of them look worse than they are.
    pub first: bool,
}

/// Connections by their last outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Neighbours {
    pub succeeding: usize,
    pub failing: usize,
}

#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<Outcome>);

impl Recent {
    pub fn push(&mut self, outcome: Outcome) {
        if self.0.len() == OUTCOMES_MAX {
            self.0.pop_front();
        }
        self.0.push_back(outcome);
    }

    /// The newest first attempts of other connections that `is_recent` says are new enough.
    pub fn others(&self, connection: u64, is_recent: impl Fn(Instant) -> bool) -> Others {
        let others = self.of_others(connection, is_recent).filter(|outcome| outcome.first);
        others.take(OTHERS_ATTEMPTS_MAX).fold(Others::default(), |others, outcome| Others {
            attempts: others.attempts + 1,
            failures: others.failures + u32::from(!outcome.succeeded),
        })
    }

    /// The other connections, each by the newest of its attempts that `is_recent` says is new enough.
    pub fn neighbours(&self, connection: u64, is_recent: impl Fn(Instant) -> bool) -> Neighbours {
        let mut seen = HashSet::new();
        let latest = self.of_others(connection, is_recent).filter(|outcome| seen.insert(outcome.connection));
        latest.fold(Neighbours::default(), |sum, outcome| Neighbours {
            succeeding: sum.succeeding + usize::from(outcome.succeeded),
            failing: sum.failing + usize::from(!outcome.succeeded),
        })
    }

    /// Whether the newest attempt of another connection failed.
    pub fn last_of_others_failed(&self, connection: u64, is_recent: impl Fn(Instant) -> bool) -> bool {
        self.of_others(connection, is_recent).next().is_some_and(|outcome| !outcome.succeeded)
    }

    fn of_others(
        &self,
        connection: u64,
        is_recent: impl Fn(Instant) -> bool,
    ) -> impl Iterator<Item = &Outcome> {
        let newest_first = self.0.iter().rev().take_while(move |outcome| is_recent(outcome.at));
        newest_first.filter(move |outcome| outcome.connection != connection)
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}
