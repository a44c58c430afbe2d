//! `sluicegate load`: a load generator that checks every reply and reports latencies.

mod connection;
mod dial;
mod frames;
mod ledger;
mod message;
mod pacer;
mod percentiles;
mod plot;
mod progress;
mod recorder;
mod report;
mod run;
mod schedule;
mod settings;
mod thresholds;
mod window;

use crate::entry::EntryArgs;
use crate::table;
use anyhow::{Context as _, bail, ensure};
use message::{SIZE_BYTES_MAX, SIZE_BYTES_MIN};
use progress::Progress;
use report::Report;
use run::{Outcome, Signals};
use settings::{Load, Settings};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use thresholds::Thresholds;

/// Maximum seconds of ramp and measurement together: API Gateway ends a connection after two hours.
const RUN_S_MAX: f64 = 7_200.0;

#[derive(clap::Args)]
pub struct Args {
    /// WebSocket URI; a function must echo each message (functions/echo)
    #[arg(default_value = "ws://127.0.0.1:4566/v1", env = "SLUICEGATE_URI")]
    uri: String,
    /// Number of connections
    #[arg(long, short, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// Open loop: send this many messages per second over all connections, regardless of replies. Latency is measured
    /// from the time a message was due
    #[arg(long, short, default_value_t = 200.0, value_name = "PER_SECOND", conflicts_with = "in_flight")]
    rate: f64,
    /// Closed loop: keep N messages in flight on each connection
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    in_flight: Option<u64>,
    /// Message size in bytes; messages over 32 KB are sent in several frames
    #[arg(long, short, default_value_t = 100, value_name = "BYTES")]
    size: usize,
    /// Duration of the measurement in seconds
    #[arg(long, short, default_value_t = 10.0, value_name = "SECONDS")]
    duration: f64,
    /// Seconds of rising load before the measurement; replies are checked but not measured
    #[arg(long, default_value_t = 0.0, value_name = "SECONDS")]
    ramp: f64,
    /// Connections to open per second (API Gateway's quota is 500)
    #[arg(long, default_value_t = 500.0, value_name = "PER_SECOND")]
    connect_rate: f64,
    /// Local addresses to connect from in turn, for more than about 28,000 connections (on Linux, 127.0.0.1 to
    /// 127.255.255.254)
    #[arg(long, value_name = "ADDRESS,…", value_delimiter = ',')]
    source_addresses: Vec<IpAddr>,
    /// Seconds to wait for replies after sending ends; later ones count as lost
    #[arg(long, default_value_t = 5.0, value_name = "SECONDS")]
    timeout: f64,
    /// Fail if the 99th percentile of latency is above this
    #[arg(long, value_name = "MS")]
    max_p99_ms: Option<f64>,
    /// Fail if fewer replies per second arrive
    #[arg(long, value_name = "PER_SECOND")]
    min_rate: Option<f64>,
    /// Do not fail on out-of-order replies; API Gateway does not guarantee the order of frames sent at nearly the same time
    #[arg(long)]
    allow_out_of_order: bool,
    /// Write the results as JSON to a file, or to standard output with -
    #[arg(long, value_name = "FILE|-")]
    json: Option<PathBuf>,
    /// Write a chart of latency percentiles over time to an .svg or .html file
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    #[command(flatten)]
    entry: EntryArgs,
}

/// Runs the load and prints the results. Ctrl-C stops sending; a second Ctrl-C also stops waiting for replies.
pub async fn run(args: Args) -> anyhow::Result<()> {
    emulator::core::open_files::raise();
    let settings = settings(&args)?;
    let thresholds = Thresholds {
        p99_ms_max: args.max_p99_ms,
        rate_min: args.min_rate,
        may_be_out_of_order: args.allow_out_of_order,
    };
    let mut report = Report::of(&settings, watched(settings.clone()).await?);
    report.failures = thresholds::failures(&report, &thresholds);

    let is_json_printed = args.json.as_deref() == Some(Path::new("-"));
    if is_json_printed {
        eprint!("{}", report.text());
    } else {
        table::print(&report.text())?;
    }
    if let Some(path) = &args.json {
        let json = serde_json::to_string_pretty(&report)? + "\n";
        if is_json_printed {
            table::print(&json)?;
        } else {
            write(path, &json)?;
        }
    }
    if let Some(path) = &args.plot {
        write(path, &if is_html(path) { plot::html(&report) } else { plot::svg(&report) })?;
    }
    ensure!(report.failures.is_empty(), "failed: {}", report.failures.join("; "));
    Ok(())
}

/// Runs with a progress bar until the end or Ctrl-C.
async fn watched(settings: Settings) -> anyhow::Result<Outcome> {
    let progress = Arc::new(Progress::default());
    let signals = Signals::default();
    let whole = Duration::from_secs_f64(settings.ramp_s + settings.duration_s);
    let connections = settings.connections;
    let mut outcome = std::pin::pin!(run::run(settings, Arc::clone(&progress), signals.clone()));
    let mut shown = std::pin::pin!(progress.show(connections, whole));
    loop {
        tokio::select! {
            outcome = &mut outcome => return outcome,
            () = &mut shown => {}
            pressed = tokio::signal::ctrl_c() => {
                pressed.context("cannot listen for Ctrl-C")?;
                if signals.stop.is_cancelled() {
                    signals.give_up.cancel();
                }
                signals.stop.cancel();
            }
        }
    }
}

fn settings(args: &Args) -> anyhow::Result<Settings> {
    let load = match args.in_flight {
        Some(in_flight) => Load::Closed { in_flight },
        None => Load::Open { rate_per_s: args.rate },
    };
    let is_positive = |value: f64| value.is_finite() && value > 0.0;
    ensure!(is_positive(args.rate), "--rate must be above 0 messages per second");
    ensure!(is_positive(args.connect_rate), "--connect-rate must be above 0 connections per second");
    ensure!(is_positive(args.duration), "--duration must be above 0 seconds");
    ensure!(args.ramp.is_finite() && args.ramp >= 0.0, "--ramp must be 0 seconds or more");
    ensure!(
        args.ramp + args.duration <= RUN_S_MAX,
        "--ramp and --duration must be {RUN_S_MAX} seconds or less together"
    );
    ensure!((0.0..=RUN_S_MAX).contains(&args.timeout), "--timeout must be 0 to {RUN_S_MAX} seconds");
    ensure!(
        (SIZE_BYTES_MIN..=SIZE_BYTES_MAX).contains(&args.size),
        "--size must be {SIZE_BYTES_MIN} to {SIZE_BYTES_MAX} bytes: API Gateway accepts no more"
    );
    if let Some(plot) = &args.plot
        && !is_html(plot)
        && plot.extension().is_none_or(|extension| extension != "svg")
    {
        bail!("--plot {} must end in .svg or .html", plot.display());
    }
    Ok(Settings {
        entry: args.entry.entry(&args.uri)?,
        connections: args.connections as usize,
        connects_per_s: args.connect_rate,
        sources: args.source_addresses.clone(),
        load,
        size: args.size,
        ramp_s: args.ramp,
        duration_s: args.duration,
        answer_within: Duration::from_secs_f64(args.timeout),
    })
}

fn is_html(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "html")
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests;
