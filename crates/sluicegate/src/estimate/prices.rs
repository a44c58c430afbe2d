//! AWS's list prices in us-east-1, in US dollars, as read on the day named here.

use serde::Serialize;

/// Region of the prices.
pub const REGION: &str = "us-east-1";
/// Day on which the prices were compiled. They change: check them live before quoting.
pub const AS_OF: &str = "2026-11-23";
/// Where to check them live.
pub const CHECK_AT: &str = "https://calculator.aws";
/// Hours in a month, as in AWS's calculator.
pub const HOURS_PER_MONTH: f64 = 730.0;
/// Bytes of the gigabyte that AWS bills.
pub const GB: f64 = 1_073_741_824.0;
/// Bytes of one PUT payload unit of a provisioned stream.
pub const PUT_UNIT_BYTES: u64 = 25 * 1024;
/// Bytes to which an on-demand stream rounds each record up.
pub const ON_DEMAND_RECORD_BYTES: u64 = 1024;

/// A price per unit that decreases with the volume of a month.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Price {
    pub unit: &'static str,
    /// The number of units that the dollars are for.
    pub per: f64,
    /// Steps: the units of the month up to which the dollars apply. The last step applies to all further units.
    pub steps: &'static [(f64, f64)],
    /// Where the price is published.
    pub source: &'static str,
}

impl Price {
    /// Dollars for `quantity` units in one month.
    pub fn usd(&self, quantity: f64) -> f64 {
        let mut usd = 0.0;
        let mut from = 0.0;
        for (index, &(to, dollars)) in self.steps.iter().enumerate() {
            let to = if index + 1 == self.steps.len() { f64::INFINITY } else { to };
            usd += (quantity.min(to) - from).max(0.0) / self.per * dollars;
            from = to;
        }
        usd
    }
}

const ALL: f64 = f64::MAX;
const MILLION: f64 = 1e6;
const API_GATEWAY: &str = "https://aws.amazon.com/api-gateway/pricing/";
const KINESIS: &str = "https://aws.amazon.com/kinesis/data-streams/pricing/";
const LAMBDA: &str = "https://aws.amazon.com/lambda/pricing/";
const CLOUDWATCH: &str = "https://aws.amazon.com/cloudwatch/pricing/";
const KMS: &str = "https://aws.amazon.com/kms/pricing/";
const EC2: &str = "https://aws.amazon.com/ec2/pricing/on-demand/";

const fn flat(unit: &'static str, per: f64, steps: &'static [(f64, f64)], source: &'static str) -> Price {
    Price { unit, per, steps, source }
}

/// Messages of a WebSocket API, in either direction, by 32 KB.
pub const MESSAGES: Price = flat("message units", MILLION, &[(1e9, 1.00), (ALL, 0.80)], API_GATEWAY);
/// Minutes that clients are connected.
pub const CONNECTION_MINUTES: Price = flat("minutes", MILLION, &[(ALL, 0.25)], API_GATEWAY);
/// Shards of a provisioned stream.
pub const SHARD_HOURS: Price = flat("shard-hours", 1.0, &[(ALL, 0.015)], KINESIS);
/// Records put into a provisioned stream, by 25 KB.
pub const PUT_UNITS: Price = flat("PUT units", MILLION, &[(ALL, 0.014)], KINESIS);
/// Shards of a provisioned stream that a consumer reads with enhanced fan-out.
pub const CONSUMER_SHARD_HOURS: Price = flat("consumer-shard-hours", 1.0, &[(ALL, 0.015)], KINESIS);
/// Data that consumers read from a provisioned stream with enhanced fan-out.
pub const FAN_OUT: Price = flat("GB", 1.0, &[(ALL, 0.013)], KINESIS);
/// Shards of a provisioned stream that keep records for more than a day, up to seven.
pub const EXTENDED_SHARD_HOURS: Price = flat("shard-hours", 1.0, &[(ALL, 0.020)], KINESIS);
/// Data that a stream keeps for more than seven days.
pub const LONG_TERM: Price = flat("GB-months", 1.0, &[(ALL, 0.023)], KINESIS);
/// An on-demand stream.
pub const STREAM_HOURS: Price = flat("stream-hours", 1.0, &[(ALL, 0.040)], KINESIS);
/// Data put into an on-demand stream.
pub const ON_DEMAND_IN: Price = flat("GB", 1.0, &[(ALL, 0.080)], KINESIS);
/// Data that consumers read from an on-demand stream with enhanced fan-out.
pub const ON_DEMAND_FAN_OUT: Price = flat("GB", 1.0, &[(ALL, 0.050)], KINESIS);
/// Data that an on-demand stream keeps for more than a day, up to seven.
pub const ON_DEMAND_EXTENDED: Price = flat("GB-months", 1.0, &[(ALL, 0.10)], KINESIS);
/// Invocations of functions.
pub const INVOCATIONS: Price = flat("invocations", MILLION, &[(ALL, 0.20)], LAMBDA);
/// Memory of functions over time, on Graviton. Prices after the second step are not included.
pub const GB_SECONDS_ARM64: Price =
    flat("GB-seconds", 1.0, &[(7.5e9, 0.000_013_333_4), (18.75e9, 0.000_012_000_1)], LAMBDA);
/// Memory of functions over time, on Intel and AMD. Volume discounts are not included.
pub const GB_SECONDS_X86: Price = flat("GB-seconds", 1.0, &[(ALL, 0.000_016_666_7)], LAMBDA);
/// Ingested logs of functions. Discounts start at 10 TB and are not included.
pub const LOGS_IN: Price = flat("GB", 1.0, &[(ALL, 0.50)], CLOUDWATCH);
/// Calls of KMS, including those for AWS's own keys.
pub const KMS_REQUESTS: Price = flat("requests", 10_000.0, &[(ALL, 0.03)], KMS);
/// Data transferred out of AWS. The lower prices after 10 TB are not included.
pub const DATA_OUT: Price = flat("GB", 1.0, &[(10_240.0, 0.09)], EC2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_paid_at_its_own_price() {
        assert_eq!(MESSAGES.usd(0.0), 0.0);
        assert_eq!(MESSAGES.usd(2e6), 2.0);
        assert_eq!(MESSAGES.usd(1e9), 1_000.0);
        assert_eq!(MESSAGES.usd(1.5e9), 1_400.0);
        assert!(
            (GB_SECONDS_ARM64.usd(30e9) - (7.5e9 * 0.000_013_333_4 + 22.5e9 * 0.000_012_000_1)).abs() < 1e-6
        );
    }
}
