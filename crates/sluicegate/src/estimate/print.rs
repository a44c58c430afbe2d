//! The estimate as text.

use super::capacity::Bound;
use super::quotas::State;
use super::workload::StreamMode;
use super::{Estimate, LONGER_RETENTION_HOURS, prices};
use crate::table::{Align, Table, number};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The whole estimate, for a terminal.
pub fn text(estimate: &Estimate) -> String {
    let mut text = String::new();
    // Formatting into a String cannot fail.
    let _ = write!(text, "Capacity at the peak\n{}\n", indent(&capacity(estimate)));
    let _ = write!(text, "Settings for terraform/stack.auto.tfvars\n{}\n", indent(&settings(estimate)));
    let _ = write!(text, "Quotas, fullest first\n{}\n", indent(&quotas(estimate)));
    let _ = write!(
        text,
        "Cost of a month ({} h) in {}, list prices of {}: check live at {}\n{}\n",
        prices::HOURS_PER_MONTH,
        estimate.prices.region,
        estimate.prices.as_of,
        estimate.prices.check_at,
        indent(&bill(estimate))
    );
    let guesses = format!(
        "Assumed: {} ms and {} bytes of logs for each invocation; without {}.",
        estimate.workload.invocation_ms, estimate.workload.log_bytes, estimate.prices.without
    );
    text + &guesses + "\n" + &unsure(estimate)
}

/// Which prices are no better than a guess.
fn unsure(estimate: &Estimate) -> String {
    let lines = estimate.bill.lines.iter().filter(|line| line.price.certainty == prices::Certainty::Unsure);
    let items: Vec<_> = lines.map(|line| format!("\"{}\"", line.item)).collect();
    if items.is_empty() { String::new() } else { format!("not sure of: the price of {}\n", items.join(", ")) }
}

fn indent(lines: &str) -> String {
    lines.lines().map(|line| format!("  {line}\n")).collect()
}

fn capacity(estimate: &Estimate) -> String {
    let (load, capacity) = (&estimate.workload, &estimate.capacity);
    let mut table = Table::new([("", Align::Left), ("", Align::Right), ("", Align::Left)]);
    let bound = match capacity.bound {
        Bound::None => "one shard has capacity to spare",
        Bound::WriteRecords => "limited by records, 1,000/s per shard",
        Bound::WriteBytes => "limited by bytes, 1 MB/s per shard",
        Bound::Processing => {
            "limited by the functions; a larger batch size or parallelization factor needs fewer"
        }
    };
    let shards = match load.mode {
        StreamMode::Provisioned => "shards",
        StreamMode::OnDemand => "shards (chosen by AWS, about)",
    };
    let mut row = |name: &str, value: String, note: String| table.row([name.to_owned(), value, note]);
    row(shards, number(capacity.shards as f64, 0), bound.to_owned());
    row(
        "per shard",
        format!("{}/s", number(capacity.records_per_shard_per_s, 1)),
        format!(
            "{} bytes/s, records of {} bytes",
            number(capacity.bytes_per_shard_per_s, 0),
            load.record_bytes()
        ),
    );
    row("concurrent Lambda executions", number(capacity.concurrency_max as f64, 0), "at most".to_owned());
    row(
        "busy on average",
        number(capacity.concurrency_mean, 1),
        format!(
            "{} invocations/s with {} records",
            number(capacity.invocations_per_s, 1),
            number(capacity.records_per_invocation, 1)
        ),
    );
    row(
        "all clients reconnect within",
        format!("{} s", number(estimate.reconnect_all_s.ceil(), 0)),
        "at the quota of new connections".to_owned(),
    );
    table.render()
}

fn settings(estimate: &Estimate) -> String {
    let load = &estimate.workload;
    let stream = match load.mode {
        StreamMode::Provisioned => format!(
            "{{ mode = \"PROVISIONED\", shard_count = {}, retention_hours = {} }}",
            estimate.capacity.shards, load.retention_hours
        ),
        StreamMode::OnDemand => {
            format!("{{ mode = \"ON_DEMAND\", retention_hours = {} }}", load.retention_hours)
        }
    };
    let limit = estimate.stage_rate_limit;
    format!(
        "stream           = {stream}\n\
         throttling       = {{ rate_limit = {limit}, burst_limit = {limit} }}\n\
         acknowledgements = {}\n\
         # each function: batch_size = {}, batching_window_seconds = {}, parallelization_factor = {}, memory_mb = {}\n",
        load.acknowledgements,
        load.batch_size,
        load.batching_window_s,
        load.parallelization_factor,
        load.memory_mb
    )
}

fn quotas(estimate: &Estimate) -> String {
    let mut table = Table::new([
        ("", Align::Left),
        ("quota", Align::Left),
        ("used", Align::Right),
        ("of", Align::Right),
        ("", Align::Left),
        ("share", Align::Right),
        ("raisable", Align::Left),
        ("", Align::Left),
    ]);
    let mut sources = BTreeSet::new();
    for entry in &estimate.quotas {
        let quota = &entry.quota;
        sources.insert((quota.service, quota.source));
        let (mark, advice) = match entry.state {
            State::Within => ("", ""),
            State::Near => ("near", quota.advice),
            State::Exceeded => ("HIT", quota.advice),
        };
        table.row([
            mark.to_owned(),
            format!("{}: {}", quota.service, quota.name),
            number(quota.used, if quota.used < 10.0 && quota.used.fract() != 0.0 { 2 } else { 0 }),
            number(quota.limit, 0),
            quota.unit.to_owned(),
            format!("{} %", number(entry.share * 100.0, 1)),
            if quota.raisable { "yes" } else { "no" }.to_owned(),
            advice.to_owned(),
        ]);
    }
    let mut text = table.render();
    for (service, source) in sources {
        let _ = writeln!(text, "{service}: {source}");
    }
    text
}

fn bill(estimate: &Estimate) -> String {
    let mut table = Table::new([
        ("service", Align::Left),
        ("item", Align::Left),
        ("a month", Align::Right),
        ("", Align::Left),
        ("USD", Align::Right),
    ]);
    for line in &estimate.bill.lines {
        table.row([
            line.service.to_owned(),
            line.item.to_owned(),
            number(line.quantity, if line.quantity < 1_000.0 { 2 } else { 0 }),
            line.price.unit.clone(),
            number(line.usd, 2),
        ]);
    }
    let empty = String::new;
    table.row(["total".to_owned(), empty(), empty(), empty(), number(estimate.bill.total_usd, 2)]);
    let other = match estimate.workload.mode {
        StreamMode::Provisioned => "with an on-demand stream",
        StreamMode::OnDemand => "with provisioned shards",
    };
    table.row([other.to_owned(), empty(), empty(), empty(), number(estimate.other_mode_usd, 2)]);
    if estimate.longer_retention_usd > 0.0 {
        let longer = format!("more with a retention of {LONGER_RETENTION_HOURS} hours");
        table.row([longer, empty(), empty(), empty(), number(estimate.longer_retention_usd, 2)]);
    }
    table.render()
}
