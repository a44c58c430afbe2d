//! Times and their percentiles.

use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest time measured, in microseconds; longer ones count as this.
const TIME_US_MAX: u64 = 600_000_000;
/// Significant digits of a time.
const DIGITS: u8 = 3;

/// Percentiles in milliseconds.
#[derive(Clone, Copy, Default, PartialEq, Debug, Serialize)]
pub struct Percentiles {
    /// The number of values.
    pub count: u64,
    pub p50: f64,
    /// 90 % of the values are at most this.
    pub p90: f64,
    /// 99 % of the values are at most this.
    pub p99: f64,
    /// 99.9 % of the values are at most this.
    pub p999: f64,
    pub max: f64,
}

/// Any number of times in 200 KB, with a relative error of a thousandth.
pub struct Times(Histogram<u64>);

impl Times {
    pub fn new() -> Self {
        Self(Histogram::new_with_bounds(1, TIME_US_MAX, DIGITS).expect("the bounds are constants and valid"))
    }

    pub fn record(&mut self, us: u64) {
        self.0.saturating_record(us);
    }

    /// The number of times.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    pub fn reset(&mut self) {
        self.0.reset();
    }

    /// The percentiles; zeros if there are no times.
    pub fn percentiles(&self) -> Percentiles {
        let ms = |quantile| self.0.value_at_quantile(quantile) as f64 / 1_000.0;
        Percentiles {
            count: self.0.len(),
            p50: ms(0.5),
            p90: ms(0.9),
            p99: ms(0.99),
            p999: ms(0.999),
            max: if self.0.is_empty() { 0.0 } else { self.0.max() as f64 / 1_000.0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_all_times_in_milliseconds() {
        let mut times = Times::new();
        assert_eq!(times.percentiles(), Percentiles::default());
        for us in 1..=1_000 {
            times.record(1_000 * us);
        }
        let of = times.percentiles();
        let is_near = |is: f64, ms: f64| (is - ms).abs() <= ms / 1_000.0;
        assert!(is_near(of.p50, 500.0) && is_near(of.p90, 900.0) && is_near(of.p99, 990.0), "{of:?}");
        assert!(is_near(of.p999, 999.0) && is_near(of.max, 1_000.0) && of.count == 1_000, "{of:?}");
        times.record(u64::MAX);
        assert!(is_near(times.percentiles().max, 600_000.0), "longer ones count as the longest");
    }
}
