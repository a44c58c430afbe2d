//! How much of each AWS quota a workload uses, and which it exceeds.

use super::capacity::{Capacity, SHARD_BYTES_PER_S, SHARD_RECORDS_PER_S};
use super::workload::{MESSAGE_BYTES_MAX, StreamMode, Workload};
use serde::Serialize;

const API_GATEWAY: &str = "https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html";
const KINESIS: &str = "https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html";
const LAMBDA: &str = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html";

/// New connections per second of an account in a region.
pub const CONNECTS_PER_S: f64 = 500.0;
/// Requests per second of an account in a region, for all its APIs, including messages and callbacks.
const REQUESTS_PER_S: f64 = 10_000.0;
/// Bytes per second that one enhanced fan-out consumer reads from a shard.
const SHARD_READ_BYTES_PER_S: f64 = 2.0 * 1_048_576.0;
/// Enhanced fan-out consumers of a stream; 50 with on-demand advantage.
const CONSUMERS: f64 = 20.0;
/// Bytes of a record, unless its stream raises them to 10 MiB.
const RECORD_BYTES: f64 = 1_048_576.0;
/// Shards of an account in us-east-1, us-west-2 and eu-west-1; fewer elsewhere.
const SHARDS: f64 = 20_000.0;
/// Bytes and records per second of a new on-demand stream.
const NEW_ON_DEMAND_BYTES_PER_S: f64 = 4.0 * 1_048_576.0;
const NEW_ON_DEMAND_RECORDS_PER_S: f64 = 4_000.0;
/// Concurrent executions of an account in a region; a new account has fewer.
const CONCURRENCY: f64 = 1_000.0;
/// Part of a quota from which it counts as near.
const NEAR: f64 = 0.8;

/// How close a workload is to a quota.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Below four fifths of it.
    Within,
    /// From four fifths of it on.
    Near,
    /// Above it.
    Exceeded,
}

#[derive(Clone, Debug, Serialize)]
pub struct Quota {
    /// The limited quantity.
    pub name: &'static str,
    /// The amount that the workload needs.
    pub used: f64,
    /// The default quota.
    pub limit: f64,
    /// The unit of both.
    pub unit: &'static str,
    /// Whether AWS raises it on request.
    pub raisable: bool,
    pub service: &'static str,
    /// Where it is published.
    pub source: &'static str,
    /// What to do when it is near or exceeded.
    pub advice: &'static str,
}

impl Quota {
    /// Part of the quota that is used; above 1 where it is exceeded.
    pub fn share(&self) -> f64 {
        self.used / self.limit
    }

    pub fn state(&self) -> State {
        match self.share() {
            share if share > 1.0 => State::Exceeded,
            share if share >= NEAR => State::Near,
            _ => State::Within,
        }
    }
}

/// Every quota that the flow can hit, fullest first.
// long: a table of quotas, one entry each; splitting it hides what is missing
pub fn quotas(load: &Workload, capacity: &Capacity) -> Vec<Quota> {
    let rate = load.messages_per_s;
    let requests = rate * (1.0 + load.answers_per_message) + load.connects_per_s();
    let mut quotas = Vec::new();
    let mut add = |service, name, used, limit, unit, raisable, advice| {
        let source = match service {
            "API Gateway" => API_GATEWAY,
            "Kinesis" => KINESIS,
            _ => LAMBDA,
        };
        quotas.push(Quota { name, used, limit, unit, raisable, service, source, advice });
    };
    add(
        "API Gateway",
        "new connections",
        load.connects_per_s(),
        CONNECTS_PER_S,
        "/s",
        true,
        "request an increase, or keep clients connected longer",
    );
    add(
        "API Gateway",
        "requests and callbacks of the account",
        requests,
        REQUESTS_PER_S,
        "/s",
        true,
        "request an increase, put several events into one message, or split the stack over accounts",
    );
    let largest = load.message_bytes.max(load.answer_bytes) as f64;
    add("API Gateway", "message", largest, MESSAGE_BYTES_MAX as f64, "bytes", false, "send smaller messages");
    add(
        "Kinesis",
        "record",
        load.record_bytes() as f64,
        RECORD_BYTES,
        "bytes",
        true,
        "send smaller messages",
    );
    add(
        "Kinesis",
        "consumers of the stream",
        load.functions as f64,
        CONSUMERS,
        "",
        false,
        "split the functions over several stacks",
    );
    let read = capacity.bytes_per_shard_per_s;
    match load.mode {
        StreamMode::Provisioned => {
            add(
                "Kinesis",
                "records written to a shard",
                capacity.records_per_shard_per_s,
                SHARD_RECORDS_PER_S,
                "/s",
                false,
                "raise --headroom or the shard count",
            );
            add(
                "Kinesis",
                "written to a shard",
                read,
                SHARD_BYTES_PER_S,
                "bytes/s",
                false,
                "raise --headroom or the shard count",
            );
            add(
                "Kinesis",
                "shards of the account",
                capacity.shards as f64,
                SHARDS,
                "",
                true,
                "request an increase; the quota is 1,000 to 6,000 outside the three largest regions",
            );
        }
        StreamMode::OnDemand => {
            add(
                "Kinesis",
                "records written to a new stream",
                rate,
                NEW_ON_DEMAND_RECORDS_PER_S,
                "/s",
                false,
                "capacity grows to twice the peak of the last 30 days: raise the load slowly, or provision shards",
            );
            add(
                "Kinesis",
                "written to a new stream",
                rate * load.record_bytes() as f64,
                NEW_ON_DEMAND_BYTES_PER_S,
                "bytes/s",
                false,
                "capacity grows to twice the peak of the last 30 days: raise the load slowly, or provision shards",
            );
        }
    }
    add(
        "Kinesis",
        "read from a shard by one consumer",
        read,
        SHARD_READ_BYTES_PER_S,
        "bytes/s",
        false,
        "raise the shard count",
    );
    add(
        "Lambda",
        "concurrent executions of the account",
        capacity.concurrency_max as f64,
        CONCURRENCY,
        "",
        true,
        "request an increase, or lower the parallelization factor",
    );
    quotas.sort_by(|a, b| b.share().total_cmp(&a.share()));
    quotas
}

#[cfg(test)]
mod tests {
    use super::super::tests::workload;
    use super::*;

    fn state(load: &Workload, name: &str) -> State {
        let quotas = quotas(load, &Capacity::of(load));
        quotas.iter().find(|quota| quota.name == name).unwrap_or_else(|| panic!("no quota {name}")).state()
    }

    #[test]
    fn a_small_stack_hits_nothing() {
        let load = workload();
        assert!(quotas(&load, &Capacity::of(&load)).iter().all(|quota| quota.state() == State::Within));
    }

    #[test]
    fn callbacks_share_the_accounts_requests() {
        let name = "requests and callbacks of the account";
        let at = |messages_per_s| state(&Workload { messages_per_s, connections: 0, ..workload() }, name);
        assert_eq!(
            [at(3_999.0), at(4_000.0), at(5_000.0), at(5_001.0)],
            [State::Within, State::Near, State::Near, State::Exceeded]
        );
    }

    #[test]
    fn connections_come_back_every_two_hours() {
        let at = |connections| state(&Workload { connections, ..workload() }, "new connections");
        assert_eq!([at(3_600_000), at(3_600_001)], [State::Near, State::Exceeded]);
    }

    #[test]
    fn more_than_twenty_functions_need_another_stream() {
        let at = |functions| state(&Workload { functions, ..workload() }, "consumers of the stream");
        assert_eq!([at(20), at(21)], [State::Near, State::Exceeded]);
    }

    #[test]
    fn a_provisioned_stream_of_the_planned_size_is_never_full() {
        for messages_per_s in [1.0, 950.0, 20_000.0] {
            let load = Workload { messages_per_s, ..workload() };
            let capacity = Capacity::of(&load);
            for quota in quotas(&load, &capacity).iter().filter(|quota| quota.name.contains("a shard")) {
                assert!(quota.share() < 1.0, "{quota:?}");
            }
        }
    }
}
