//! How long an invocation may take, even if the function's clock and Lambda's differ. Pure.
//!
//! Lambda names a time of day. Where the function's clock is ahead by more than the timeout, that time is over when
//! the event comes, and a function that believes it handles nothing. The answer that brings the event has a `Date` of
//! Lambda's own clock, exact to a second: the deadline less that date is right on any clock.

use std::time::{Duration, SystemTime};

/// A `Date` is cut to whole seconds.
const DATE_STEP: Duration = Duration::from_secs(1);

/// Maximum difference of the clocks, in addition to the date's resolution, up to which the function's clock is used.
const TOLERANCE: Duration = Duration::from_millis(500);

/// Lambda's longest timeout.
const TIMEOUT_MAX: Duration = Duration::from_secs(900);

/// Assumed if nothing is known: Lambda's default timeout.
const ASSUMED: Duration = Duration::from_secs(3);

/// The known times at the arrival of an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clocks {
    /// The deadline of the invocation, by Lambda's clock.
    pub deadline: SystemTime,
    /// The time of Lambda's clock when the event was sent, cut to seconds.
    pub server: Option<SystemTime>,
    /// The time of the function's clock.
    pub own: SystemTime,
}

/// The function's clock is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skew {
    /// It differs from Lambda's clock by this much.
    By { ms: i64 },
    /// It differs by an unknown amount; this much time is assumed to be left.
    Unknown { assumed: Duration },
}

impl Clocks {
    pub fn time_left(self) -> (Duration, Option<Skew>) {
        let own = self.deadline.duration_since(self.own).unwrap_or_default();
        let left = match self.server {
            None => (own, None),
            Some(server) => {
                let longest = self.deadline.duration_since(server).unwrap_or_default();
                let shortest = longest.saturating_sub(DATE_STEP);
                let is_plausible = shortest.saturating_sub(TOLERANCE) <= own && own <= longest + TOLERANCE;
                if is_plausible && !own.is_zero() {
                    (own, None)
                } else {
                    // Rather too short than too long; half of it where the timeout is as short as the step.
                    (shortest.max(longest / 2), Some(Skew::By { ms: ahead_ms(self.own, server) }))
                }
            }
        };
        if left.0.is_zero() || left.0 > TIMEOUT_MAX + DATE_STEP {
            return (ASSUMED, Some(Skew::Unknown { assumed: ASSUMED }));
        }
        left
    }
}

fn ahead_ms(own: SystemTime, server: SystemTime) -> i64 {
    let ms = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    own.duration_since(server).map_or_else(|behind| -ms(behind.duration()), ms)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    /// Milliseconds: the timeout, how far the function's clock is ahead, where in a second of Lambda's clock it is,
    /// whether the answer has a date; then what is left, and whether the function's clock is believed.
    const CASES: [(u64, i64, u64, bool, u64, bool); 12] = [
        (30_000, 0, 0, true, 30_000, true),
        (30_000, 0, 999, true, 30_000, true),
        (30_000, 400, 700, true, 29_600, true),
        (30_000, 60_000, 0, true, 29_000, false),
        (30_000, 60_000, 900, true, 29_900, false),
        (30_000, -60_000, 0, true, 29_000, false),
        (1_000, 60_000, 0, true, 500, false),
        (900_000, -3_600_000, 0, true, 899_000, false),
        (30_000, 0, 0, false, 30_000, true),
        (30_000, 20_000, 0, false, 10_000, true), // cannot be seen without a date
        (30_000, 60_000, 0, false, 3_000, false),
        (30_000, -3_600_000, 0, false, 3_000, false),
    ];

    #[test]
    fn a_clock_that_is_wrong_costs_no_time() {
        for case @ (timeout_ms, ahead_ms, into_second_ms, has_date, left_ms, is_believed) in CASES {
            let lambda = UNIX_EPOCH + Duration::from_millis(1_795_412_000_000 + into_second_ms);
            let server = has_date.then(|| lambda - Duration::from_millis(into_second_ms));
            let own = if ahead_ms < 0 {
                lambda - Duration::from_millis(ahead_ms.unsigned_abs())
            } else {
                lambda + Duration::from_millis(ahead_ms.unsigned_abs())
            };
            let deadline = lambda + Duration::from_millis(timeout_ms);
            let (left, skew) = Clocks { deadline, server, own }.time_left();
            assert_eq!((left, skew.is_none()), (Duration::from_millis(left_ms), is_believed), "{case:?}");
        }
    }

    #[test]
    fn the_difference_is_named() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let skew = |own| Clocks { deadline: at(1_030), server: Some(at(1_000)), own: at(own) }.time_left().1;
        assert_eq!(skew(1_060), Some(Skew::By { ms: 60_000 }));
        assert_eq!(skew(940), Some(Skew::By { ms: -60_000 }));
    }
}
