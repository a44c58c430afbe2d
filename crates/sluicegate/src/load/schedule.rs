//! The due time of each message in an open loop, which does not depend on other messages.

/// Part of a message that counts as none: larger than rounding errors.
const ROUNDING: f64 = 1e-6;

/// A rate that rises linearly from zero during the ramp, and then stays constant.
///
/// Times are seconds since the start. Message `k`, counted from 0, is due after the time of `k` messages. Late answers or a
/// late sender do not change due times, so that latency measured from them is free of coordinated omission.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    rate_per_s: f64,
    ramp_s: f64,
    end_s: f64,
}

impl Schedule {
    /// `rate_per_s` above 0; the ramp comes before the `duration_s`.
    pub fn new(rate_per_s: f64, ramp_s: f64, duration_s: f64) -> Self {
        Self { rate_per_s, ramp_s, end_s: ramp_s + duration_s }
    }

    /// The due time of message `k`.
    pub fn due_s(&self, k: u64) -> f64 {
        let (k, ramped) = (k as f64, self.rate_per_s * self.ramp_s / 2.0);
        if k < ramped {
            (2.0 * k * self.ramp_s / self.rate_per_s).sqrt()
        } else {
            self.ramp_s + (k - ramped) / self.rate_per_s
        }
    }

    /// The number of messages in the schedule.
    pub fn total(&self) -> u64 {
        // The result can be a rounding error above a whole number.
        (self.rate_per_s * (self.end_s - self.ramp_s / 2.0) - ROUNDING).ceil() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_ramp_messages_are_evenly_spaced() {
        let schedule = Schedule::new(200.0, 0.0, 10.0);
        assert_eq!(schedule.total(), 2_000);
        assert_eq!(schedule.due_s(0), 0.0);
        assert_eq!(schedule.due_s(1), 0.005);
        assert_eq!(schedule.due_s(1_999), 9.995);
        assert_eq!(
            Schedule::new(2_000.0, 0.2, 0.2).total(),
            600,
            "2,000 × 0.3 is 600.0000000000001 in binary"
        );
        assert_eq!(Schedule::new(0.5, 0.0, 1.0).total(), 1);
    }

    #[test]
    fn a_ramp_sends_half_as_many_ever_faster_then_the_rate_holds() {
        let schedule = Schedule::new(100.0, 4.0, 6.0);
        assert_eq!(schedule.total(), 200 + 600);
        assert_eq!(schedule.due_s(50), 2.0, "a quarter of the ramp's messages in its first half");
        assert_eq!(schedule.due_s(200), 4.0);
        assert_eq!(schedule.due_s(300), 5.0);
        let due: Vec<_> = (0..schedule.total()).map(|k| schedule.due_s(k)).collect();
        assert!(due.is_sorted() && *due.last().unwrap() < 10.0);
    }
}
