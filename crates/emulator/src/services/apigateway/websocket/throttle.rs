//! A token bucket for stages and routes. Pure; time is passed in.

use super::stage::Throttle;

/// A bucket that fills at a rate and holds a burst.
#[derive(Debug)]
pub struct TokenBucket {
    throttle: Throttle,
    tokens: f64,
    filled_at_ms: u64,
}

impl TokenBucket {
    pub fn new(throttle: Throttle, now_ms: u64) -> Self {
        Self { throttle, tokens: f64::from(throttle.burst), filled_at_ms: now_ms }
    }

    /// Takes a token if there is one.
    pub fn take(&mut self, now_ms: u64) -> bool {
        let elapsed_s = now_ms.saturating_sub(self.filled_at_ms) as f64 / 1_000.0;
        self.filled_at_ms = self.filled_at_ms.max(now_ms);
        let filled = self.tokens + elapsed_s * self.throttle.rate_per_second;
        self.tokens = filled.min(f64::from(self.throttle.burst));
        let is_allowed = self.tokens >= 1.0;
        if is_allowed {
            self.tokens -= 1.0;
        }
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the arrivals, no more than the burst and the rate since the beginning pass.
        #[test]
        fn never_more_than_burst_and_rate(
            rate in 0.0..5_000.0_f64,
            burst in 0..5_000_u32,
            gaps in proptest::collection::vec(0..50_u64, 1..500),
        ) {
            let throttle = Throttle { rate_per_second: rate, burst };
            let mut bucket = TokenBucket::new(throttle, 0);
            let mut now_ms = 0;
            let mut passed = 0_u64;
            for gap in gaps {
                now_ms += gap;
                passed += u64::from(bucket.take(now_ms));
                let allowed = f64::from(burst) + rate * now_ms as f64 / 1_000.0;
                prop_assert!(passed as f64 <= allowed + 1e-6);
            }
        }
    }

    #[test]
    fn an_idle_bucket_fills_to_its_burst_and_no_further() {
        let mut bucket = TokenBucket::new(Throttle { rate_per_second: 10.0, burst: 2 }, 0);
        assert!(bucket.take(0) && bucket.take(0) && !bucket.take(0));
        assert!(bucket.take(60_000) && bucket.take(60_000) && !bucket.take(60_000));
    }
}
