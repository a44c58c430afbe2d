//! What a run costs at most, at the list prices that `estimate` uses.

use crate::estimate::prices;

/// Hours that the probe's resources and the stack exist, at most: AWS bills hours that have begun.
const HOURS_MAX: f64 = 2.0;
/// Messages of probe, check and suite together, rounded up.
const MESSAGES: f64 = 20_000.0;
/// Gigabytes of logs, rounded up.
const LOGS_GB: f64 = 0.05;

/// Dollars for each hour that the stack is left, with so many functions.
pub fn hourly_usd(functions: usize) -> f64 {
    let prices = &prices::list().prices;
    prices.shard_hours.usd(1.0) + prices.consumer_shard_hours.usd(functions as f64)
}

/// Dollars for a whole run, at most.
pub fn most_usd(functions: usize) -> f64 {
    let prices = &prices::list().prices;
    let probe = hourly_usd(1);
    let used = [
        prices.messages.usd(2.0 * MESSAGES),
        prices.put_units.usd(MESSAGES),
        prices.invocations.usd(MESSAGES * functions as f64),
        prices.logs_in.usd(LOGS_GB),
        prices.kms_requests.usd(MESSAGES),
    ];
    HOURS_MAX * (probe + hourly_usd(functions)) + used.iter().sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_costs_cents() {
        assert!((hourly_usd(1) - 0.03).abs() < 1e-9);
        assert!((0.12..0.5).contains(&most_usd(1)), "{}", most_usd(1));
        assert!(most_usd(3) > most_usd(1));
    }
}
