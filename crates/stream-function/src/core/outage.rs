//! An outage of the dead-letter queue: since when it refuses, and when it is worth asking again. Pure.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{OUTAGE_FORGOTTEN, REPORT_AGAIN_FIRST, REPORT_AGAIN_LONGEST};

/// Whether the queue takes messages, as far as is known.
#[derive(Debug, Default)]
pub(crate) struct Outage(Option<Refusing>);

#[derive(Clone, Copy, Debug)]
struct Refusing {
    since: Instant,
    last: Instant,
    wait: Duration,
}

impl Outage {
    pub fn accepted(&mut self) {
        self.0 = None;
    }

    /// A report that began at `begun` was refused, or not answered.
    pub fn refused(&mut self, begun: Instant, now: Instant) {
        let wait = |wait: Duration| (wait * 2).min(REPORT_AGAIN_LONGEST);
        self.0 = Some(match self.known(now) {
            Some(known) => Refusing { last: now, wait: wait(known.wait), ..known },
            None => Refusing { since: begun, last: now, wait: REPORT_AGAIN_FIRST },
        });
    }

    /// Until when records may wait for the queue, if that ends: the same moment for all, from the first refusal on.
    pub fn patience_ends(&self, patience: Duration, now: Instant) -> Option<Instant> {
        self.known(now).map_or(now, |known| known.since).checked_add(patience)
    }

    /// Whether what was set aside may be reported now.
    pub fn may_report(&self, now: Instant) -> bool {
        self.known(now).is_none_or(|known| now >= known.last + known.wait)
    }

    /// An outage of which nothing was seen for long is over, or another one.
    fn known(&self, now: Instant) -> Option<Refusing> {
        self.0.filter(|known| now < known.last + OUTAGE_FORGOTTEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(3);

    #[test]
    fn all_records_of_one_outage_share_its_patience() {
        let (mut outage, start) = (Outage::default(), Instant::now());
        assert_eq!(outage.patience_ends(PATIENCE, start), Some(start + PATIENCE));
        outage.refused(start, start);
        for seconds in [1, 2, 10] {
            let now = start + Duration::from_secs(seconds);
            outage.refused(now, now);
            assert_eq!(outage.patience_ends(PATIENCE, now), Some(start + PATIENCE));
        }
        assert_eq!(outage.patience_ends(Duration::MAX, start), None);
        outage.accepted();
        assert_eq!(outage.patience_ends(PATIENCE, start), Some(start + PATIENCE), "it begins anew");
        let later = start + OUTAGE_FORGOTTEN;
        outage.refused(start, start);
        assert_eq!(outage.patience_ends(PATIENCE, later), Some(later + PATIENCE), "another outage");
    }

    #[test]
    fn the_queue_is_asked_again_ever_more_seldom() {
        let (mut outage, mut now) = (Outage::default(), Instant::now());
        assert!(outage.may_report(now));
        let mut waits = Vec::new();
        for _ in 0..7 {
            outage.refused(now, now);
            let wait = (0..100).find(|seconds| outage.may_report(now + Duration::from_secs(*seconds)));
            waits.push(wait.unwrap_or_default());
            now += Duration::from_secs(1);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        outage.accepted();
        assert!(outage.may_report(now));
    }
}
