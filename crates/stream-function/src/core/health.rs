//! Which connection fails while the others get through. Pure; time is passed in.
//!
//! Records that fail are tried again, and a batch is answered only when that is over: everybody behind it waits.
//! Where all connections fail alike, nobody loses by it. Where one fails and the others do not, it must not cost
//! them more than moments: it is tried for a short while, and from then on *poisoned*: tried once, until it succeeds.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use tokio::time::Instant;

use crate::limits::{OTHERS_WITHIN, POISONED_FOR, POISONED_MAX};

/// The latest successes and failures, and who is poisoned.
#[derive(Debug, Default)]
pub(crate) struct Health {
    successes: Latest,
    failures: Latest,
    poisoned: HashMap<Arc<str>, Instant>,
    poisoned_order: VecDeque<Arc<str>>,
}

/// How patient a failing connection may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Others fail too, or nothing is known of others: as patient as the limits allow.
    Shared,
    /// Others get through, and no other fails: for a short while.
    Alone,
    /// It has failed alone before and has not succeeded since: not at all.
    Poisoned,
}

/// When something last happened to two different connections: enough to know it of any connection but a given one.
#[derive(Debug, Default)]
struct Latest([Option<(Arc<str>, Instant)>; 2]);

impl Latest {
    fn note(&mut self, connection: &str, now: Instant) {
        let [first, second] = &mut self.0;
        if first.as_ref().is_none_or(|(id, _)| **id != *connection) {
            *second = first.replace((connection.into(), now));
        } else if let Some((_, at)) = first {
            *at = now;
        }
    }

    fn of_another(&self, connection: &str) -> Option<Instant> {
        self.0.iter().flatten().find(|(id, _)| **id != *connection).map(|(_, at)| *at)
    }
}

impl Health {
    /// A record of this connection was handled.
    pub fn succeed(&mut self, connection: &str, now: Instant) {
        self.successes.note(connection, now);
        self.poisoned.remove(connection);
    }

    /// An attempt of this connection has failed; its record has been failing `since`.
    pub fn fail(&mut self, connection: &str, since: Instant, now: Instant) -> Standing {
        if let Some(at) = self.poisoned.get_mut(connection).filter(|at| now < **at + POISONED_FOR) {
            *at = now;
            return Standing::Poisoned;
        }
        self.failures.note(connection, now);
        let others_fail = self.failures.of_another(connection).is_some_and(|at| now < at + OTHERS_WITHIN);
        if !others_fail && self.others_succeed(connection, since) {
            Standing::Alone
        } else {
            Standing::Shared
        }
    }

    /// A record of this connection, which has been failing `since`, will not be tried again now: whether its
    /// failure is its own, and the connection poisoned from here on.
    pub fn is_poison(&mut self, connection: &str, since: Instant, now: Instant) -> bool {
        let is_poison = self.fail(connection, since, now) != Standing::Shared
            || self.successes.of_another(connection).is_some_and(|at| at > since);
        if is_poison {
            self.poison(connection, now);
        }
        is_poison
    }

    /// Shortly before the record began to fail, or since.
    fn others_succeed(&self, connection: &str, since: Instant) -> bool {
        self.successes.of_another(connection).is_some_and(|at| since < at + OTHERS_WITHIN)
    }

    fn poison(&mut self, connection: &str, now: Instant) {
        let connection: Arc<str> = connection.into();
        if self.poisoned.insert(Arc::clone(&connection), now).is_none() {
            self.poisoned_order.push_back(connection);
        }
        while self.poisoned_order.len() > POISONED_MAX {
            if let Some(oldest) = self.poisoned_order.pop_front() {
                self.poisoned.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn one_that_fails_beside_others_is_alone_then_poisoned_until_it_succeeds() {
        let (mut health, start) = (Health::default(), Instant::now());
        health.succeed("b", start);
        assert_eq!(health.fail("a", start, start), Standing::Alone);
        assert!(health.is_poison("a", start, start + ms(100)));
        assert_eq!(health.fail("a", start, start + ms(200)), Standing::Poisoned);
        health.succeed("a", start + ms(300));
        assert_eq!(health.fail("a", start + ms(300), start + ms(300)), Standing::Alone);
    }

    #[test]
    fn where_others_fail_too_or_nobody_is_known_patience_is_whole() {
        let (mut health, start) = (Health::default(), Instant::now());
        assert_eq!(health.fail("a", start, start), Standing::Shared, "there is no other");
        health.succeed("a", start);
        assert_eq!(health.fail("a", start, start), Standing::Shared, "its own success tells nothing");
        health.succeed("c", start);
        health.fail("b", start, start);
        assert_eq!(health.fail("a", start, start + ms(1)), Standing::Shared, "another fails too");
        assert!(!health.is_poison("b", start, start + ms(2)), "nobody has got through since");
    }

    #[test]
    fn an_old_success_of_others_is_no_sign() {
        let (mut health, start) = (Health::default(), Instant::now());
        health.succeed("b", start);
        let later = start + OTHERS_WITHIN;
        assert_eq!(health.fail("a", later, later), Standing::Shared);
        health.succeed("b", later + ms(1));
        assert_eq!(health.fail("a", later, later + ms(2)), Standing::Alone, "it got through since");
    }

    #[test]
    fn two_that_fail_among_many_are_poisoned_once_their_time_is_up() {
        let (mut health, start) = (Health::default(), Instant::now());
        for id in ["a", "b"] {
            health.fail(id, start, start);
        }
        health.succeed("c", start + ms(1));
        assert_eq!(health.fail("a", start, start + ms(2)), Standing::Shared);
        assert!(health.is_poison("a", start, start + ms(3)));
        assert!(health.is_poison("b", start, start + ms(3)));
    }

    proptest! {
        /// Whatever comes: without a success of another nobody is poisoned, and memory is bounded.
        #[test]
        fn nobody_is_poisoned_where_nobody_else_succeeds(
            events in prop::collection::vec((0u16..2_000, 0u64..5_000), 0..3_000),
        ) {
            let (mut health, start) = (Health::default(), Instant::now());
            let mut now = start;
            for (id, ms_later) in &events {
                now += ms(*ms_later);
                prop_assert!(!health.is_poison(&id.to_string(), start, now));
            }
            health.succeed("another", now);
            for id in 0..2 * POISONED_MAX {
                let _ = health.is_poison(&id.to_string(), now - ms(1), now);
            }
            prop_assert!(health.poisoned.len() <= POISONED_MAX);
            prop_assert!(health.poisoned_order.len() <= POISONED_MAX);
        }
    }
}
