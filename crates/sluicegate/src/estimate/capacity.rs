//! The capacity that a workload needs: shards, invocations and concurrent executions.

use super::workload::{StreamMode, Workload};
use serde::Serialize;

/// Records per second of a shard.
pub const SHARD_RECORDS_PER_S: f64 = 1_000.0;
/// Bytes per second of a shard.
pub const SHARD_BYTES_PER_S: f64 = 1_048_576.0;
/// Shards of a new on-demand stream, which accepts 4 MB and 4,000 records per second.
const ON_DEMAND_SHARDS: u64 = 4;

/// What limits the number of shards.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Nothing: one shard has more capacity than needed.
    None,
    /// Records written per second.
    WriteRecords,
    /// Bytes written per second.
    WriteBytes,
    /// What the functions process per second.
    Processing,
}

/// Shards, and the load of shards and functions. All rates are per second.
#[derive(Clone, Debug, Serialize)]
pub struct Capacity {
    /// Shards needed for the peak and the requested headroom.
    pub shards: u64,
    /// What determined the number of shards.
    pub bound: Bound,
    /// Records per second that one shard takes at the peak, spread evenly.
    pub records_per_shard_per_s: f64,
    /// Bytes per second that one shard takes at the peak, spread evenly.
    pub bytes_per_shard_per_s: f64,
    /// Maximum concurrent executions that the mappings can cause, of all functions together.
    pub concurrency_max: u64,
    /// Mean concurrent executions, of all functions together.
    pub concurrency_mean: f64,
    /// Records in a mean batch.
    pub records_per_invocation: f64,
    /// Invocations per second of all functions together, on average.
    pub invocations_per_s: f64,
}

impl Capacity {
    /// The smallest capacity that is enough for `workload`.
    ///
    /// A mapping has one batch in flight for each shard and slot. A slot's next batch therefore contains the records that
    /// arrived while the last one was processed and the window was open: at least one record, at most a full batch.
    pub fn of(workload: &Workload) -> Self {
        let rate = workload.messages_per_s;
        let factor = workload.parallelization_factor as f64;
        let usable = 1.0 - workload.headroom;
        let invocation_s = workload.invocation_ms / 1_000.0;
        let batch_max = workload.batch_records_max() as f64;
        let needs = [
            (rate / (SHARD_RECORDS_PER_S * usable), Bound::WriteRecords),
            (rate * workload.record_bytes() as f64 / (SHARD_BYTES_PER_S * usable), Bound::WriteBytes),
            (rate * invocation_s / (batch_max * factor * usable), Bound::Processing),
        ];
        let (need, bound) = needs
            .into_iter()
            .fold((1.0, Bound::None), |most, this| if this.0 > most.0 { this } else { most });
        let least = match workload.mode {
            StreamMode::Provisioned => 1,
            StreamMode::OnDemand => ON_DEMAND_SHARDS,
        };
        let shards = (need.ceil() as u64).max(least);

        let mean = workload.mean_messages_per_s();
        let slots = shards as f64 * factor;
        let arrived = mean / slots * (invocation_s + workload.batching_window_s);
        let records_per_invocation = workload.mean_batch.unwrap_or(arrived).clamp(1.0, batch_max);
        let invocations_per_s = mean / records_per_invocation * workload.functions as f64;
        Self {
            shards,
            bound,
            records_per_shard_per_s: rate / shards as f64,
            bytes_per_shard_per_s: rate * workload.record_bytes() as f64 / shards as f64,
            concurrency_max: shards * workload.parallelization_factor * workload.functions,
            concurrency_mean: invocations_per_s * invocation_s,
            records_per_invocation,
            invocations_per_s,
        }
    }

    /// A stage rate limit, in messages per second, above the peak and below the capacity of the shards, beyond which
    /// messages are lost silently. For an on-demand stream it is the capacity of a new stream, even if the peak is higher,
    /// because `terraform/variables.tf` does not accept more.
    pub fn stage_rate_limit(&self, workload: &Workload) -> u64 {
        let room = (workload.messages_per_s / (1.0 - workload.headroom)).ceil() as u64;
        let shards = match workload.mode {
            StreamMode::Provisioned => self.shards,
            StreamMode::OnDemand => ON_DEMAND_SHARDS,
        };
        room.clamp(1, (shards as f64 * SHARD_RECORDS_PER_S) as u64 - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::workload;
    use super::*;

    #[test]
    fn one_shard_is_enough_for_little() {
        let capacity = Capacity::of(&workload());
        assert_eq!((capacity.shards, capacity.bound), (1, Bound::None));
        assert_eq!(capacity.records_per_invocation, 2.0, "100 messages/s × 20 ms");
        assert_eq!(capacity.invocations_per_s, 50.0);
        assert_eq!(capacity.concurrency_mean, 1.0);
    }

    #[test]
    fn records_bytes_or_processing_decide_the_shards() {
        let records = Workload { messages_per_s: 4_000.0, headroom: 0.2, invocation_ms: 10.0, ..workload() };
        assert_eq!((Capacity::of(&records).shards, Capacity::of(&records).bound), (5, Bound::WriteRecords));
        let bytes = Workload { messages_per_s: 100.0, message_bytes: 100_000, ..workload() };
        assert_eq!((Capacity::of(&bytes).shards, Capacity::of(&bytes).bound), (10, Bound::WriteBytes));
        let slow = Workload { messages_per_s: 780.0, invocation_ms: 100.0, ..workload() };
        assert_eq!((Capacity::of(&slow).shards, Capacity::of(&slow).bound), (5, Bound::Processing));
        let parallel = Workload { parallelization_factor: 5, ..slow };
        assert_eq!(Capacity::of(&parallel).shards, 1);
        assert_eq!(Capacity::of(&parallel).concurrency_max, 5);
    }

    #[test]
    fn a_batch_never_exceeds_what_an_invocation_carries() {
        let large = Workload { message_bytes: 128 * 1024, batch_size: 10_000, ..workload() };
        let data = (128 * 1024 + 260_u64).div_ceil(3) * 4 + 600;
        let most = large.batch_records_max();
        assert!(most * data <= 6 * 1024 * 1024 && (most + 1) * data > 6 * 1024 * 1024, "{most}");
    }

    #[test]
    fn a_window_fills_batches_and_a_known_mean_replaces_the_estimate() {
        let windowed = Workload { batching_window_s: 1.0, batch_size: 10_000, ..workload() };
        assert_eq!(Capacity::of(&windowed).records_per_invocation, 102.0);
        let known = Workload { mean_batch: Some(16.0), ..workload() };
        assert_eq!(Capacity::of(&known).records_per_invocation, 16.0);
    }

    #[test]
    fn the_stage_limit_lets_the_peak_through_and_stays_below_the_shards() {
        for messages_per_s in [1.0, 799.0, 800.0, 801.0, 12_345.0] {
            let load = Workload { messages_per_s, headroom: 0.2, ..workload() };
            let capacity = Capacity::of(&load);
            let limit = capacity.stage_rate_limit(&load) as f64;
            assert!(
                limit >= messages_per_s && limit < capacity.shards as f64 * 1_000.0,
                "{messages_per_s}: {limit}"
            );
        }
    }

    #[test]
    fn the_stage_limit_of_an_on_demand_stream_is_what_terraform_accepts() {
        let load = Workload { messages_per_s: 50_000.0, mode: StreamMode::OnDemand, ..workload() };
        assert_eq!(Capacity::of(&load).stage_rate_limit(&load), 3_999);
    }
}
