//! The monthly cost of a workload, line by line, without free tiers, taxes and support.

use super::capacity::Capacity;
use super::prices::{self, GB, HOURS_PER_MONTH, Price};
use super::workload::{Architecture, StreamMode, Workload, message_units};
use serde::Serialize;

/// Hours of retention included in the price.
const RETENTION_FREE_HOURS: u64 = 24;
/// Hours up to which retention is billed as extended, and after which it is billed as long-term.
const RETENTION_EXTENDED_HOURS: u64 = 168;

/// Kinesis asks KMS for the stream's key about every five minutes, for each set of credentials: those of the gateway's
/// role and of each function's. AWS does not say whether it does so for each shard; this counts as if it did.
const KEY_CALLS_PER_HOUR: f64 = 12.0;

#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// The service that bills it.
    pub service: &'static str,
    pub item: &'static str,
    /// Per month.
    pub quantity: f64,
    pub price: Price,
    pub usd: f64,
}

/// The lines, in the order of the flow.
#[derive(Clone, Debug, Serialize)]
pub struct Bill {
    /// All lines with a cost.
    pub lines: Vec<Line>,
    pub total_usd: f64,
}

impl Bill {
    /// The bill of one month at the workload's mean rate.
    pub fn of(load: &Workload, capacity: &Capacity) -> Self {
        let mut lines = Vec::new();
        let mut add = |service, item, quantity: f64, price: Price| {
            if quantity > 0.0 {
                lines.push(Line { service, item, quantity, price, usd: price.usd(quantity) });
            }
        };
        let messages = load.mean_messages_per_s() * 3_600.0 * HOURS_PER_MONTH;
        let answers = messages * load.answers_per_message;
        let acks = if load.acknowledgements { messages } else { 0.0 };
        let units = messages * message_units(load.message_bytes) as f64
            + answers * message_units(load.answer_bytes) as f64
            + acks;
        let minutes = load.connections as f64 * 60.0 * HOURS_PER_MONTH;
        add("API Gateway", "messages in and out", units, prices::MESSAGES);
        add("API Gateway", "connections", minutes, prices::CONNECTION_MINUTES);
        for (item, quantity, price) in stream_items(load, capacity, messages) {
            add("Kinesis", item, quantity, price);
        }
        let credentials = (1 + load.functions) as f64;
        let key_calls = credentials * KEY_CALLS_PER_HOUR * HOURS_PER_MONTH * capacity.shards as f64;
        add("KMS", "calls for the stream's key", key_calls, prices::KMS_REQUESTS);
        let invocations = capacity.invocations_per_s * 3_600.0 * HOURS_PER_MONTH;
        let gb_seconds =
            invocations * (load.invocation_ms.ceil() / 1_000.0) * (load.memory_mb as f64 / 1_024.0);
        let compute = match load.architecture {
            Architecture::Arm64 => prices::GB_SECONDS_ARM64,
            Architecture::X86 => prices::GB_SECONDS_X86,
        };
        add("Lambda", "invocations", invocations, prices::INVOCATIONS);
        add("Lambda", "memory over time", gb_seconds, compute);
        add("CloudWatch", "logs taken in", invocations * load.log_bytes as f64 / GB, prices::LOGS_IN);
        add(
            "Data transfer",
            "answers to the internet",
            answers * load.answer_bytes as f64 / GB,
            prices::DATA_OUT,
        );
        let total_usd = lines.iter().map(|line| line.usd).sum();
        Self { lines, total_usd }
    }
}

fn stream_items(load: &Workload, capacity: &Capacity, messages: f64) -> Vec<(&'static str, f64, Price)> {
    let shard_hours = capacity.shards as f64 * HOURS_PER_MONTH;
    let consumers = load.functions as f64;
    let gb = messages * load.record_bytes() as f64 / GB;
    // GB-months kept beyond a number of hours, up to another.
    let kept_gb_months = |gb: f64, from: u64, to: u64| {
        gb / HOURS_PER_MONTH * load.retention_hours.min(to).saturating_sub(from) as f64
    };
    let long_term = kept_gb_months(gb, RETENTION_EXTENDED_HOURS, u64::MAX);
    match load.mode {
        StreamMode::Provisioned => {
            let put_units = messages * load.record_bytes().div_ceil(prices::PUT_UNIT_BYTES) as f64;
            let extended = if load.retention_hours > RETENTION_FREE_HOURS { shard_hours } else { 0.0 };
            vec![
                ("shards", shard_hours, prices::SHARD_HOURS),
                ("records put", put_units, prices::PUT_UNITS),
                ("consumers", shard_hours * consumers, prices::CONSUMER_SHARD_HOURS),
                ("read by consumers", gb * consumers, prices::FAN_OUT),
                ("extended retention", extended, prices::EXTENDED_SHARD_HOURS),
                ("long-term retention", long_term, prices::LONG_TERM),
            ]
        }
        StreamMode::OnDemand => {
            let rounded = load.record_bytes().next_multiple_of(prices::ON_DEMAND_RECORD_BYTES);
            let gb = messages * rounded as f64 / GB;
            let extended = kept_gb_months(gb, RETENTION_FREE_HOURS, RETENTION_EXTENDED_HOURS);
            vec![
                ("stream", HOURS_PER_MONTH, prices::STREAM_HOURS),
                ("written", gb, prices::ON_DEMAND_IN),
                ("read by consumers", gb * consumers, prices::ON_DEMAND_FAN_OUT),
                ("extended retention", extended, prices::ON_DEMAND_EXTENDED),
                ("long-term retention", long_term, prices::LONG_TERM),
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{usd, workload};
    use super::*;

    #[test]
    fn provisioned_shards_and_consumers_are_paid_by_the_hour() {
        let load = Workload { functions: 3, ..workload() };
        let capacity = Capacity { shards: 4, ..Capacity::of(&load) };
        let bill = Bill::of(&load, &capacity);
        assert!((usd(&bill, "shards") - 4.0 * 730.0 * 0.015).abs() < 1e-9);
        assert!((usd(&bill, "consumers") - 12.0 * 730.0 * 0.015).abs() < 1e-9);
        assert!((usd(&bill, "records put") - 100.0 * 2_628_000.0 / 1e6 * 0.014).abs() < 1e-9);
    }

    #[test]
    fn the_streams_key_is_asked_for_every_five_minutes_for_each_role() {
        let load = Workload { functions: 3, ..workload() };
        let bill = Bill::of(&load, &Capacity { shards: 2, ..Capacity::of(&load) });
        let calls = 4.0 * 12.0 * 730.0 * 2.0;
        assert!((usd(&bill, "calls for the stream's key") - calls / 10_000.0 * 0.03).abs() < 1e-9);
    }

    #[test]
    fn connections_acknowledgements_and_large_messages_count() {
        let load =
            Workload { connections: 10_000, message_bytes: 33 * 1024, acknowledgements: true, ..workload() };
        let bill = Bill::of(&load, &Capacity::of(&load));
        assert!((usd(&bill, "connections") - 109.5).abs() < 1e-9);
        let messages = 100.0 * 2_628_000.0;
        let units = messages * (2.0 + 1.0 + 1.0);
        let expected = 1_000.0 + (units - 1e9) / 1e6 * 0.8;
        assert!((usd(&bill, "messages in and out") - expected).abs() < 1e-6);
    }

    #[test]
    fn retention_is_free_for_a_day_then_extended_then_long_term() {
        let lines = |hours, mode| {
            let load = Workload { retention_hours: hours, mode, ..workload() };
            let bill = Bill::of(&load, &Capacity::of(&load));
            bill.lines
                .iter()
                .map(|line| line.item)
                .filter(|item| item.ends_with("retention"))
                .collect::<Vec<_>>()
        };
        for mode in [StreamMode::Provisioned, StreamMode::OnDemand] {
            assert!(lines(24, mode).is_empty());
            assert_eq!(lines(48, mode), ["extended retention"]);
            assert_eq!(lines(8_760, mode), ["extended retention", "long-term retention"]);
        }
    }
}
