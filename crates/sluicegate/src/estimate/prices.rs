//! AWS's list prices in us-east-1, in US dollars. `prices.json` has them, each with its source and how sure it is:
//! `published` is AWS's own page, `observed` several others that agree, `unsure` one source or a guess.

use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// Hours in a month, as in AWS's calculator.
pub const HOURS_PER_MONTH: f64 = 730.0;
/// Bytes of the gigabyte that AWS bills.
pub const GB: f64 = 1_073_741_824.0;
/// Bytes of one PUT payload unit of a provisioned stream.
pub const PUT_UNIT_BYTES: u64 = 25 * 1024;
/// Bytes to which an on-demand stream rounds each record up.
pub const ON_DEMAND_RECORD_BYTES: u64 = 1024;
/// Bytes per second that On-demand Advantage bills at least, for all streams of an account and region together.
pub const ADVANTAGE_BYTES_PER_S_MIN: f64 = 10.0 * 1_048_576.0;

static LIST: LazyLock<PriceList> = LazyLock::new(|| {
    // The test below reads it too: it cannot fail where that has passed.
    #[expect(clippy::expect_used, reason = "compiled in, and tested")]
    serde_json::from_str(include_str!("prices.json")).expect("prices.json is a list of prices")
});

/// The list, read once.
pub fn list() -> &'static PriceList {
    &LIST
}

/// All prices, as read on one day. They change: check them live before quoting.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceList {
    /// Region of the prices.
    pub region: String,
    /// Day on which they were compiled.
    pub as_of: String,
    /// Where to check them live.
    pub check_at: String,
    pub prices: Prices,
}

/// A price per unit that decreases with the volume of a month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    pub unit: String,
    /// The number of units that the dollars are for.
    pub per: f64,
    /// Steps: the units of the month up to which the dollars apply, null for all further units.
    pub steps: Vec<(Option<f64>, f64)>,
    pub certainty: Certainty,
    /// Where the price is published.
    pub source: String,
    /// What is paid for.
    pub about: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// On AWS's own page.
    Published,
    /// In several other places, which agree.
    Observed,
    /// In one place only, or guessed.
    Unsure,
}

impl Price {
    /// Dollars for `quantity` units in one month.
    pub fn usd(&self, quantity: f64) -> f64 {
        let mut usd = 0.0;
        let mut from = 0.0;
        for &(to, dollars) in &self.steps {
            let to = to.unwrap_or(f64::INFINITY);
            usd += (quantity.min(to) - from).max(0.0) / self.per * dollars;
            from = to;
        }
        usd
    }
}

/// The prices; `prices.json` says what each is for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    pub messages: Price,
    pub connection_minutes: Price,
    pub shard_hours: Price,
    pub put_units: Price,
    pub consumer_shard_hours: Price,
    pub fan_out: Price,
    pub extended_shard_hours: Price,
    pub long_term: Price,
    pub stream_hours: Price,
    pub on_demand_in: Price,
    pub on_demand_fan_out: Price,
    pub on_demand_extended: Price,
    pub advantage_in: Price,
    pub advantage_fan_out: Price,
    pub invocations: Price,
    pub gb_seconds_arm64: Price,
    pub gb_seconds_x86: Price,
    pub provisioned_gb_seconds_arm64: Price,
    pub provisioned_gb_seconds_x86: Price,
    pub provisioned_run_gb_seconds_arm64: Price,
    pub provisioned_run_gb_seconds_x86: Price,
    pub logs_in: Price,
    pub custom_metrics: Price,
    pub alarms: Price,
    pub dashboards: Price,
    pub kms_requests: Price,
    pub data_out: Price,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_paid_at_its_own_price() {
        let prices = &list().prices;
        assert_eq!(prices.messages.usd(0.0), 0.0);
        assert_eq!(prices.messages.usd(2e6), 2.0);
        assert_eq!(prices.messages.usd(1e9), 1_000.0);
        assert_eq!(prices.messages.usd(1.5e9), 1_400.0);
        assert_eq!(prices.custom_metrics.usd(11_000.0), 3_100.0);
    }

    #[test]
    fn each_price_has_a_source_a_day_and_an_end() {
        let list: serde_json::Value = serde_json::from_str(include_str!("prices.json")).unwrap();
        assert!(list["as_of"].as_str().unwrap().len() == "2026-11-30".len());
        for (name, price) in list["prices"].as_object().unwrap() {
            let price: Price = serde_json::from_value(price.clone()).unwrap();
            assert!(price.source.starts_with("https://aws.amazon.com/"), "{name}");
            assert!(price.steps.last().is_some_and(|(to, _)| to.is_none()), "{name} has no last step");
            let upto: Vec<_> = price.steps.iter().map(|(to, _)| to.unwrap_or(f64::INFINITY)).collect();
            assert!(upto.is_sorted() && price.per >= 1.0, "{name}");
        }
    }
}
