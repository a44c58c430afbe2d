//! The clock that signatures are made by: the machine's own, until AWS refuses it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A signature that is off by more may have been refused for it. AWS accepts 5 minutes; the rest is for dates that are
/// cut to seconds, and for the way that they come.
const SKEW_MAX_S: u64 = 4 * 60;

/// Clones share what was found out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    /// Seconds that AWS's clock is ahead of the machine's, or behind it.
    aws_ahead_s: Arc<AtomicI64>,
}

impl Clock {
    pub fn now(&self) -> SystemTime {
        let ahead_s = self.aws_ahead_s.load(Ordering::Relaxed);
        let shift = Duration::from_secs(ahead_s.unsigned_abs());
        let own = SystemTime::now();
        if ahead_s < 0 { own - shift } else { own + shift }
    }

    /// Takes over the `Date` of a refusal. False where the time that was signed is near enough to it, and so not the
    /// reason.
    pub fn corrects(&self, signed: SystemTime, date: &str) -> bool {
        let Ok(date) = httpdate::parse_http_date(date) else { return false };
        let is_off = epoch_s(date).abs_diff(epoch_s(signed)) > SKEW_MAX_S;
        if is_off {
            self.aws_ahead_s.store(epoch_s(date) - epoch_s(SystemTime::now()), Ordering::Relaxed);
        }
        is_off
    }
}

fn epoch_s(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_clock_is_corrected_and_a_right_one_is_not() {
        for (ahead_s, corrects) in
            [(0, false), (-200, false), (200, false), (301, true), (-301, true), (86_400, true)]
        {
            let clock = Clock::default();
            let own = SystemTime::now();
            let aws = UNIX_EPOCH + Duration::from_secs((epoch_s(own) + ahead_s) as u64);
            assert_eq!(clock.corrects(own, &httpdate::fmt_http_date(aws)), corrects, "{ahead_s}");
            let left_s = epoch_s(clock.now()).abs_diff(epoch_s(aws));
            assert!(if corrects { left_s <= 10 } else { epoch_s(clock.now()).abs_diff(epoch_s(own)) <= 10 });
            // What is signed by the corrected clock is not corrected once more.
            assert!(!clock.corrects(clock.now(), &httpdate::fmt_http_date(aws)));
        }
        assert!(!Clock::default().corrects(SystemTime::now(), "yesterday"));
    }
}
