//! When a record may be tried again: back-off with jitter, within a record's, a batch's and Lambda's time.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{
    ANSWER_MARGIN, ATTEMPTS_MAX, BACKOFF_FIRST, BACKOFF_LONGEST, DEADLINE_MARGIN, Limits,
    SUSPECT_BACKOFF_FIRST, SUSPECT_BACKOFF_LONGEST, SUSPECT_RETRY,
};

/// The time one batch has, or, by [`Window::for_record`], one of its records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// No retry begins after this.
    retry_until: Instant,
    /// Handlers end here at the latest, so that there is time to publish dead letters.
    pub handle_until: Instant,
    /// Publishing ends here at the latest, so that there is time to answer.
    pub publish_until: Instant,
}

impl Window {
    /// The time of a batch that came at `now` and must be answered within `left`.
    pub fn for_batch(now: Instant, left: Duration, limits: &Limits) -> Self {
        let margin = DEADLINE_MARGIN.min(left / 4);
        let handle_until = now + (left - margin);
        Self {
            retry_until: handle_until.min(now + limits.batch_retry),
            handle_until,
            publish_until: now + (left - ANSWER_MARGIN.min(margin / 2)),
        }
    }

    /// The time of one record of the batch, whose handling begins at `now`.
    pub fn for_record(self, now: Instant, limits: &Limits) -> Self {
        Self { retry_until: self.retry_until.min(now + limits.record_retry), ..self }
    }

    /// Whether a record may still be begun at `now`.
    pub fn is_open(&self, now: Instant) -> bool {
        now < self.handle_until
    }

    /// How long to wait before the next attempt, after `attempts` (at least one) have failed; nothing if there is
    /// to be no further one. `jitter` is a random number in `0.0..1.0`: waits lie between half and all of a step
    /// that doubles, so that functions throttled together do not come back together.
    pub fn wait(&self, now: Instant, attempts: u32, jitter: f64) -> Option<Duration> {
        if attempts >= ATTEMPTS_MAX {
            return None;
        }
        let wait = self.step(attempts, jitter);
        (now + wait < self.retry_until).then_some(wait)
    }

    /// The wait alone, whatever time there is.
    pub fn step(&self, attempts: u32, jitter: f64) -> Duration {
        step(BACKOFF_FIRST, BACKOFF_LONGEST, attempts, jitter)
    }

    /// The same for a record that began to fail at `since` and whose connection is suspect: quick, and soon over.
    pub fn wait_quick(&self, since: Instant, now: Instant, attempts: u32, jitter: f64) -> Option<Duration> {
        let wait = step(SUSPECT_BACKOFF_FIRST, SUSPECT_BACKOFF_LONGEST, attempts, jitter);
        (now + wait < self.retry_until.min(since + SUSPECT_RETRY)).then_some(wait)
    }
}

fn step(first: Duration, longest: Duration, attempts: u32, jitter: f64) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    let step = first.saturating_mul(1 << doublings).min(longest);
    step.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However many attempts fail, retries end within each limit, and their number is limited too.
        #[test]
        fn retries_end_in_time(
            left_ms in 0u64..60_000,
            record_ms in 0u64..5_000,
            batch_ms in 0u64..20_000,
            begun_ms in 0u64..30_000,
            jitters in prop::collection::vec(0.0f64..1.0, 32),
        ) {
            let limits = Limits {
                record_retry: Duration::from_millis(record_ms),
                batch_retry: Duration::from_millis(batch_ms),
                ..Limits::default()
            };
            let start = Instant::now();
            let left = Duration::from_millis(left_ms);
            let begun = start + Duration::from_millis(begun_ms);
            let window = Window::for_batch(start, left, &limits).for_record(begun, &limits);
            let mut now = begun;
            let mut attempts = 1;
            while let Some(wait) = window.wait(now, attempts, jitters[attempts as usize]) {
                prop_assert!(wait <= BACKOFF_LONGEST);
                now += wait;
                attempts += 1;
                prop_assert!(now < begun + limits.record_retry);
                prop_assert!(now < start + limits.batch_retry);
                prop_assert!(now < start + left);
            }
            prop_assert!(attempts <= ATTEMPTS_MAX);
            prop_assert!(window.handle_until <= window.publish_until);
            prop_assert!(window.publish_until <= start + left);
        }
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let now = Instant::now();
        let limits = Limits {
            record_retry: Duration::from_secs(60),
            batch_retry: Duration::from_secs(60),
            ..Limits::default()
        };
        let window = Window::for_batch(now, Duration::from_secs(90), &limits).for_record(now, &limits);
        let waits: Vec<u128> =
            (1..=ATTEMPTS_MAX).filter_map(|n| window.wait(now, n, 1.0)).map(|w| w.as_millis()).collect();
        assert_eq!(waits, [50, 100, 200, 400, 800, 1000, 1000, 1000, 1000]);
    }
}
