//! The monthly cost of a workload, line by line, without free tiers, taxes and support.

use super::capacity::Capacity;
use super::prices::{self, ADVANTAGE_BYTES_PER_S_MIN, GB, HOURS_PER_MONTH, Price, Prices};
use super::workload::{Architecture, StreamMode, Workload, message_units};
use serde::Serialize;

/// Hours of retention included in the price.
const RETENTION_FREE_HOURS: u64 = 24;
/// Hours up to which retention is billed as extended, and after which it is billed as long-term.
const RETENTION_EXTENDED_HOURS: u64 = 168;

/// Metrics that each function writes in the embedded metric format (`stream-function`, telemetry/emf.rs), at most.
const METRICS_PER_FUNCTION: u64 = 10;

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
    pub price: &'static Price,
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
    // long: one line of the bill after another
    pub fn of(load: &Workload, capacity: &Capacity) -> Self {
        let mut lines = Vec::new();
        let prices = &prices::list().prices;
        let mut add = |service, item, quantity: f64, price: &'static Price| {
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
        add("API Gateway", "messages in and out", units, &prices.messages);
        add("API Gateway", "connections", minutes, &prices.connection_minutes);
        for (item, quantity, price) in stream_items(prices, load, capacity, messages) {
            add("Kinesis", item, quantity, price);
        }
        let credentials = (1 + load.functions) as f64;
        let key_calls = credentials * KEY_CALLS_PER_HOUR * HOURS_PER_MONTH * capacity.shards as f64;
        add("KMS", "calls for the stream's key", key_calls, &prices.kms_requests);
        let invocations = capacity.invocations_per_s * 3_600.0 * HOURS_PER_MONTH;
        let gb_seconds =
            invocations * (load.invocation_ms.ceil() / 1_000.0) * (load.memory_mb as f64 / 1_024.0);
        let (on_demand, provisioned, provisioned_run) = match load.architecture {
            Architecture::Arm64 => (
                &prices.gb_seconds_arm64,
                &prices.provisioned_gb_seconds_arm64,
                &prices.provisioned_run_gb_seconds_arm64,
            ),
            Architecture::X86 => (
                &prices.gb_seconds_x86,
                &prices.provisioned_gb_seconds_x86,
                &prices.provisioned_run_gb_seconds_x86,
            ),
        };
        let ready = load.provisioned_concurrency * load.functions;
        let ready_gb_seconds = ready as f64 * (load.memory_mb as f64 / 1_024.0) * 3_600.0 * HOURS_PER_MONTH;
        // What is provisioned takes the invocations as far as it goes round; on the mean, nothing is left over.
        let is_covered = ready as f64 >= capacity.concurrency_mean && ready > 0;
        add("Lambda", "invocations", invocations, &prices.invocations);
        add("Lambda", "provisioned concurrency", ready_gb_seconds, provisioned);
        add("Lambda", "memory over time", gb_seconds, if is_covered { provisioned_run } else { on_demand });
        add(
            "CloudWatch",
            "functions' logs taken in",
            invocations * load.log_bytes as f64 / GB,
            &prices.logs_in,
        );
        add(
            "CloudWatch",
            "the API's logs taken in",
            messages * load.api_log_bytes as f64 / GB,
            &prices.logs_in,
        );
        let metrics = if messages > 0.0 { load.functions * METRICS_PER_FUNCTION } else { 0 };
        add("CloudWatch", "functions' own metrics", metrics as f64, &prices.custom_metrics);
        add(
            "Data transfer",
            "answers to the internet",
            answers * load.answer_bytes as f64 / GB,
            &prices.data_out,
        );
        let total_usd = lines.iter().map(|line| line.usd).sum();
        Self { lines, total_usd }
    }
}

fn stream_items(
    prices: &'static Prices,
    load: &Workload,
    capacity: &Capacity,
    messages: f64,
) -> Vec<(&'static str, f64, &'static Price)> {
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
                ("shards", shard_hours, &prices.shard_hours),
                ("records put", put_units, &prices.put_units),
                ("consumers", shard_hours * consumers, &prices.consumer_shard_hours),
                ("read by consumers", gb * consumers, &prices.fan_out),
                ("extended retention", extended, &prices.extended_shard_hours),
                ("long-term retention", long_term, &prices.long_term),
            ]
        }
        StreamMode::OnDemand => {
            let rounded = load.record_bytes().next_multiple_of(prices::ON_DEMAND_RECORD_BYTES);
            let gb = messages * rounded as f64 / GB;
            let extended = kept_gb_months(gb, RETENTION_FREE_HOURS, RETENTION_EXTENDED_HOURS);
            let (stream, written) = if load.advantage {
                let least_gb = ADVANTAGE_BYTES_PER_S_MIN * 3_600.0 * HOURS_PER_MONTH / GB;
                (0.0, gb.max(least_gb))
            } else {
                (HOURS_PER_MONTH, gb)
            };
            let (price_in, price_out) = if load.advantage {
                (&prices.advantage_in, &prices.advantage_fan_out)
            } else {
                (&prices.on_demand_in, &prices.on_demand_fan_out)
            };
            vec![
                ("stream", stream, &prices.stream_hours),
                ("written", written, price_in),
                ("read by consumers", gb * consumers, price_out),
                ("extended retention", extended, &prices.on_demand_extended),
                ("long-term retention", long_term, &prices.long_term),
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
    fn advantage_has_a_least_amount_and_no_stream_hours() {
        let standard = Workload { mode: StreamMode::OnDemand, messages_per_s: 1e5, ..workload() };
        let advantage = Workload { advantage: true, ..standard };
        let [standard, advantage] = [standard, advantage].map(|load| Bill::of(&load, &Capacity::of(&load)));
        assert!((usd(&advantage, "written") / usd(&standard, "written") - 0.4).abs() < 1e-9);
        assert!(advantage.lines.iter().all(|line| line.item != "stream"));
        let little = Workload { mode: StreamMode::OnDemand, advantage: true, ..workload() };
        let least = 10.0 * 1_048_576.0 * 2_628_000.0 / GB * 0.032;
        assert!((usd(&Bill::of(&little, &Capacity::of(&little)), "written") - least).abs() < 1e-6);
    }

    #[test]
    fn provisioned_concurrency_costs_while_idle_and_makes_runs_cheaper() {
        let load = Workload { provisioned_concurrency: 2, memory_mb: 1_024, ..workload() };
        let bill = Bill::of(&load, &Capacity::of(&load));
        assert!((usd(&bill, "provisioned concurrency") - 2.0 * 2_628_000.0 * 0.000_004_166_7).abs() < 1e-6);
        let on_demand = Workload { provisioned_concurrency: 0, ..load };
        let on_demand = usd(&Bill::of(&on_demand, &Capacity::of(&on_demand)), "memory over time");
        assert!(usd(&bill, "memory over time") < on_demand);
    }

    #[test]
    fn metrics_and_the_apis_logs_are_paid() {
        let load = Workload { functions: 3, api_log_bytes: 2_000, ..workload() };
        let bill = Bill::of(&load, &Capacity::of(&load));
        assert!((usd(&bill, "functions' own metrics") - 30.0 * 0.30).abs() < 1e-9);
        let gb = 100.0 * 2_628_000.0 * 2_000.0 / GB;
        assert!((usd(&bill, "the API's logs taken in") - gb * 0.50).abs() < 1e-6);
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
