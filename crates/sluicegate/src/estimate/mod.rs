//! `sluicegate estimate`: capacity, quota use and monthly cost of a workload on AWS.

mod bill;
mod capacity;
pub(crate) mod prices;
mod print;
mod quotas;
mod workload;

use crate::table;
use anyhow::ensure;
use bill::Bill;
use capacity::Capacity;
use quotas::Quota;
use serde::Serialize;
use workload::{Architecture, CONNECTION_MINUTES_MAX, MESSAGE_BYTES_MAX, StreamMode, Workload};

/// A week: the time in which dead letters that a mapping reported can be redriven.
const LONGER_RETENTION_HOURS: u64 = 168;

#[derive(clap::Args)]
pub struct Args {
    /// Number of clients connected at the same time
    #[arg(long, value_name = "N")]
    connections: u64,
    /// Peak messages per second from all clients together
    #[arg(long, value_name = "PER_SECOND")]
    rate: f64,
    /// Message size in bytes
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(..=MESSAGE_BYTES_MAX))]
    size: u64,
    /// Mean rate divided by peak rate: cost depends on the mean, capacity on the peak
    #[arg(long, default_value_t = 1.0, value_name = "PART")]
    load_factor: f64,
    /// Number of functions, each with its own consumer on the stream
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    functions: u64,
    /// Messages to clients per message from a client, from all functions together
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    answers: f64,
    /// Size of a message to a client in bytes [default: --size]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(..=MESSAGE_BYTES_MAX))]
    answer_size: Option<u64>,
    /// Count an acknowledgement for each message (acknowledgements = true)
    #[arg(long)]
    acknowledgements: bool,
    /// Mean duration of a connection in minutes (API Gateway ends it after 120)
    #[arg(long, default_value_t = CONNECTION_MINUTES_MAX, value_name = "MINUTES")]
    connection_minutes: f64,
    /// Capacity mode of the stream
    #[arg(long, value_enum, default_value_t = StreamMode::Provisioned)]
    mode: StreamMode,
    /// Retention of the stream in hours
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u64).range(24..=8_760))]
    retention_hours: u64,
    /// Percent of each shard to leave free at the peak, since connections do not spread evenly
    #[arg(long, default_value_t = 20, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=90))]
    headroom: u8,
    /// Maximum number of records in a batch
    #[arg(long, default_value_t = 16, value_name = "RECORDS", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    batch: u64,
    /// Batching window in seconds
    #[arg(long, default_value_t = 0, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=300))]
    batch_window: u64,
    /// Mean number of records in a batch, if known [default: estimated]
    #[arg(long, value_name = "RECORDS")]
    mean_batch: Option<f64>,
    /// Batches of one shard processed at the same time
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10))]
    parallelization_factor: u64,
    /// Duration of an invocation in milliseconds; measure it, the default is a guess
    #[arg(long, default_value_t = 20.0, value_name = "MS")]
    invocation_ms: f64,
    /// Memory of a function in MB
    #[arg(long, default_value_t = 128, value_name = "MB", value_parser = clap::value_parser!(u64).range(128..=10_240))]
    memory: u64,
    /// CPU architecture of the functions
    #[arg(long, value_enum, default_value_t = Architecture::X86)]
    architecture: Architecture,
    /// Log bytes per invocation; measure them, the default is a guess
    #[arg(long, default_value_t = 700, value_name = "BYTES")]
    log_bytes: u64,
    /// Log bytes of the API per message, if the stack has `logging` (about 2,500 without message bodies) [default: none]
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "BYTES")]
    api_log_bytes: u64,
    /// Use the prices of On-demand Advantage, which an account chooses for all its on-demand streams in a region
    #[arg(long)]
    advantage: bool,
    /// Execution environments that each function keeps ready (provisioned concurrency)
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u64).range(..=1_000))]
    provisioned_concurrency: u64,
    /// Print the complete estimate as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
pub struct Estimate {
    /// The workload.
    workload: Workload,
    /// The required capacity.
    capacity: Capacity,
    /// The stage's limits to set, in messages per second: rate and burst.
    stage_rate_limit: u64,
    /// Seconds until all clients have reconnected, at the quota of new connections.
    reconnect_all_s: f64,
    /// Use of each quota, fullest first.
    quotas: Vec<QuotaUse>,
    /// Monthly cost.
    bill: Bill,
    /// Monthly cost with the other capacity mode.
    other_mode_usd: f64,
    /// What a retention of [`LONGER_RETENTION_HOURS`] would cost beyond the bill, in a month.
    longer_retention_usd: f64,
    /// Region and date of the prices.
    prices: PriceList,
}

#[derive(Serialize)]
struct QuotaUse {
    #[serde(flatten)]
    quota: Quota,
    share: f64,
    state: quotas::State,
}

#[derive(Serialize)]
struct PriceList {
    region: &'static str,
    as_of: &'static str,
    check_at: &'static str,
    hours_per_month: f64,
    without: &'static str,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let estimate = Estimate::of(workload_of(args)?);
    let text =
        if args.json { serde_json::to_string_pretty(&estimate)? + "\n" } else { print::text(&estimate) };
    Ok(table::print(&text)?)
}

impl Estimate {
    fn of(workload: Workload) -> Self {
        let capacity = Capacity::of(&workload);
        let bill = Bill::of(&workload, &capacity);
        let quotas = quotas::quotas(&workload, &capacity);
        let other = Workload {
            mode: match workload.mode {
                StreamMode::Provisioned => StreamMode::OnDemand,
                StreamMode::OnDemand => StreamMode::Provisioned,
            },
            advantage: false,
            ..workload
        };
        let longer =
            Workload { retention_hours: workload.retention_hours.max(LONGER_RETENTION_HOURS), ..workload };
        Self {
            stage_rate_limit: capacity.stage_rate_limit(&workload),
            reconnect_all_s: workload.connections as f64 / quotas::CONNECTS_PER_S,
            quotas: quotas
                .into_iter()
                .map(|quota| QuotaUse { share: quota.share(), state: quota.state(), quota })
                .collect(),
            longer_retention_usd: Bill::of(&longer, &capacity).total_usd - bill.total_usd,
            other_mode_usd: Bill::of(&other, &Capacity::of(&other)).total_usd,
            bill,
            capacity,
            prices: PriceList {
                region: &prices::list().region,
                as_of: &prices::list().as_of,
                check_at: &prices::list().check_at,
                hours_per_month: prices::HOURS_PER_MONTH,
                without: "free tiers, taxes, support, alarms, dashboards, custom domains",
            },
            workload,
        }
    }
}

fn workload_of(args: &Args) -> anyhow::Result<Workload> {
    ensure!(args.rate.is_finite() && args.rate >= 0.0, "--rate must be 0 or more messages per second");
    ensure!(args.load_factor > 0.0 && args.load_factor <= 1.0, "--load-factor must be above 0 and at most 1");
    ensure!(args.answers.is_finite() && args.answers >= 0.0, "--answers must be 0 or more");
    ensure!(
        args.connection_minutes > 0.0 && args.connection_minutes <= CONNECTION_MINUTES_MAX,
        "--connection-minutes must be above 0 and at most {CONNECTION_MINUTES_MAX}: API Gateway ends a connection then"
    );
    ensure!(args.invocation_ms.is_finite() && args.invocation_ms > 0.0, "--invocation-ms must be above 0");
    ensure!(
        !args.advantage || args.mode == StreamMode::OnDemand,
        "--advantage is for on-demand streams: pass --mode on-demand"
    );
    ensure!(args.mean_batch.is_none_or(|mean| mean >= 1.0), "--mean-batch must be at least 1 record");
    Ok(Workload {
        connections: args.connections,
        messages_per_s: args.rate,
        message_bytes: args.size,
        load_factor: args.load_factor,
        answers_per_message: args.answers,
        answer_bytes: args.answer_size.unwrap_or(args.size),
        acknowledgements: args.acknowledgements,
        connection_minutes: args.connection_minutes,
        mode: args.mode,
        retention_hours: args.retention_hours,
        headroom: f64::from(args.headroom) / 100.0,
        functions: args.functions,
        memory_mb: args.memory,
        architecture: args.architecture,
        batch_size: args.batch,
        batching_window_s: args.batch_window as f64,
        parallelization_factor: args.parallelization_factor,
        invocation_ms: args.invocation_ms,
        mean_batch: args.mean_batch,
        log_bytes: args.log_bytes,
        api_log_bytes: args.api_log_bytes,
        advantage: args.advantage,
        provisioned_concurrency: args.provisioned_concurrency,
    })
}

#[cfg(test)]
mod tests;
