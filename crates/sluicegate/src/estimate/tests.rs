//! The estimate compared with an example calculated by hand.

use super::*;

/// 1,000 clients, 100 small messages a second, one echo on an x86 function, provisioned.
pub fn workload() -> Workload {
    Workload {
        connections: 1_000,
        messages_per_s: 100.0,
        message_bytes: 100,
        load_factor: 1.0,
        answers_per_message: 1.0,
        answer_bytes: 100,
        acknowledgements: false,
        connection_minutes: CONNECTION_MINUTES_MAX,
        mode: StreamMode::Provisioned,
        retention_hours: 24,
        headroom: 0.01,
        functions: 1,
        memory_mb: 128,
        architecture: Architecture::X86,
        batch_size: 16,
        batching_window_s: 0.0,
        parallelization_factor: 1,
        invocation_ms: 20.0,
        mean_batch: None,
        log_bytes: 0,
        api_log_bytes: 0,
        advantage: false,
        provisioned_concurrency: 0,
    }
}

/// Dollars of the one line named `item`.
pub fn usd(bill: &Bill, item: &str) -> f64 {
    let lines: Vec<_> = bill.lines.iter().filter(|line| line.item == item).collect();
    assert_eq!(lines.len(), 1, "lines named {item}");
    lines[0].usd
}

/// `aws-semantics.md`, end of section G: a million messages of up to 1 KB a month, each answered once,
/// through an on-demand stream: $2.00 of messages, $0.076 in, $0.048 out, $29.20 for the stream,
/// messages / batch invocations.
#[test]
fn a_million_messages_cost_what_the_worked_example_says() {
    let million = 1e6;
    let load = Workload {
        connections: 0,
        messages_per_s: million / (730.0 * 3_600.0),
        mode: StreamMode::OnDemand,
        mean_batch: Some(16.0),
        ..workload()
    };
    assert!(load.record_bytes() <= 1_024, "the example is of records up to 1 KB");
    let bill = Bill::of(&load, &Capacity::of(&load));
    let near = |item: &str, dollars: f64, within: f64| {
        let is = usd(&bill, item);
        assert!((is - dollars).abs() < within, "{item}: {is} instead of {dollars}");
    };
    near("messages in and out", 2.00, 1e-9);
    near("written", 0.076, 0.0005);
    near("read by consumers", 0.048, 0.0005);
    near("stream", 29.20, 1e-9);
    near("invocations", million / 16.0 / 1e6 * 0.20, 1e-9);
    assert!(bill.lines.iter().all(|line| line.item != "connections"));
    let sum: f64 = bill.lines.iter().map(|line| line.usd).sum();
    assert_eq!(bill.total_usd, sum);
}

#[test]
fn the_bill_follows_the_mean_and_capacity_the_peak() {
    let peak = Workload { messages_per_s: 5_000.0, headroom: 0.2, ..workload() };
    let uneven = Workload { load_factor: 0.1, ..peak };
    assert_eq!(Capacity::of(&peak).shards, Capacity::of(&uneven).shards);
    let (peak_bill, uneven_bill) = (Estimate::of(peak).bill, Estimate::of(uneven).bill);
    assert!((usd(&peak_bill, "records put") / usd(&uneven_bill, "records put") - 10.0).abs() < 1e-9);
    assert_eq!(usd(&peak_bill, "shards"), usd(&uneven_bill, "shards"));
}

#[test]
fn the_text_names_every_line_of_the_bill_and_every_quota() {
    let estimate = Estimate::of(Workload { log_bytes: 700, retention_hours: 8_760, ..workload() });
    let text = print::text(&estimate);
    for line in &estimate.bill.lines {
        assert!(text.contains(line.item) && text.contains(line.service), "{} is missing:\n{text}", line.item);
    }
    for quota in &estimate.quotas {
        assert!(text.contains(quota.quota.name) && text.contains(quota.quota.source), "{}", quota.quota.name);
    }
    let list = prices::list();
    assert!(text.contains(&list.as_of) && text.contains(&list.check_at));
}

#[test]
fn a_price_that_is_unsure_is_named() {
    let advantage = Workload { mode: StreamMode::OnDemand, advantage: true, ..workload() };
    let text = print::text(&Estimate::of(advantage));
    assert!(text.contains("not sure of: the price of \"read by consumers\""), "{text}");
    assert!(!print::text(&Estimate::of(workload())).contains("not sure of"));
}

#[test]
fn json_is_complete_and_finite() {
    let json = serde_json::to_value(Estimate::of(workload())).unwrap();
    assert_eq!(json["capacity"]["shards"], 1);
    assert_eq!(json["workload"]["mode"], "PROVISIONED");
    assert_eq!(json["prices"]["as_of"], prices::list().as_of);
    for quota in json["quotas"].as_array().unwrap() {
        assert!(quota["source"].as_str().unwrap().starts_with("https://"), "{quota}");
        assert!(quota["share"].is_f64() && quota["state"].is_string(), "{quota}");
    }
    for line in json["bill"]["lines"].as_array().unwrap() {
        assert!(line["usd"].is_f64() && line["price"]["source"].is_string(), "{line}");
    }
}

/// One shard: $0.02 an hour beyond the first day's retention.
#[test]
fn a_week_of_retention_is_priced_where_it_is_not_had() {
    let day = Estimate::of(workload());
    assert!((day.longer_retention_usd - 730.0 * 0.02).abs() < 1e-9, "{}", day.longer_retention_usd);
    assert!(print::text(&day).contains("more with a retention of 168 hours"));
    let week = Estimate::of(Workload { retention_hours: 168, ..workload() });
    assert!(!print::text(&week).contains("more with a retention"));
}
