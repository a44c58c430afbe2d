//! The monthly cost of a planned stack while it is idle.

use crate::estimate::prices::{self, HOURS_PER_MONTH, Price};
use crate::table::{Align, Table, number};
use serde_json::Value;

/// Memory of a function that the plan does not have, in MB: the least.
const LAMBDA_MEMORY_MB_MIN: f64 = 128.0;
/// Hours of retention included in the price.
const RETENTION_FREE_HOURS: u64 = 24;

/// One line of the idle stack's bill.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub item: &'static str,
    /// Per month.
    pub quantity: f64,
    pub unit: &'static str,
    pub usd: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct IdleCost {
    /// Costs without any load.
    pub lines: Vec<Line>,
}

/// The bill of the planned stack, from the output of `terraform show -json`.
pub fn of(plan: &Value) -> IdleCost {
    let mut resources = Vec::new();
    collect(&plan["planned_values"]["root_module"], &mut resources);
    let of_type = |r#type: &'static str| {
        resources
            .iter()
            .filter(move |resource| resource["type"] == r#type)
            .map(|resource| &resource["values"])
    };
    let consumers = of_type("aws_kinesis_stream_consumer").count() as f64;
    let mut lines = Vec::new();
    let prices = &prices::list().prices;
    let mut add = |item, quantity: f64, price: &'static Price| {
        if quantity > 0.0 {
            lines.push(Line { item, quantity, unit: &price.unit, usd: price.usd(quantity) });
        }
    };
    for stream in of_type("aws_kinesis_stream") {
        if stream["stream_mode_details"][0]["stream_mode"] == "ON_DEMAND" {
            add("stream, on demand", HOURS_PER_MONTH, &prices.stream_hours);
            continue;
        }
        let shard_hours = stream["shard_count"].as_f64().unwrap_or(1.0) * HOURS_PER_MONTH;
        add("stream", shard_hours, &prices.shard_hours);
        if stream["retention_period"].as_u64().is_some_and(|hours| hours > RETENTION_FREE_HOURS) {
            add("stream, retention over 24 hours", shard_hours, &prices.extended_shard_hours);
        }
        add("functions' consumers", consumers * shard_hours, &prices.consumer_shard_hours);
    }
    let memory_of = |function: &Value| {
        of_type("aws_lambda_function")
            .find(|known| known["function_name"] == *function)
            .cloned()
            .unwrap_or_default()
    };
    for ready in of_type("aws_lambda_provisioned_concurrency_config") {
        let function = memory_of(&ready["function_name"]);
        let gb = function["memory_size"].as_f64().unwrap_or(LAMBDA_MEMORY_MB_MIN) / 1_024.0;
        let environments = ready["provisioned_concurrent_executions"].as_f64().unwrap_or(1.0);
        let price = if function["architectures"][0] == "arm64" {
            &prices.provisioned_gb_seconds_arm64
        } else {
            &prices.provisioned_gb_seconds_x86
        };
        add("provisioned concurrency", environments * gb * 3_600.0 * HOURS_PER_MONTH, price);
    }
    add("alarms", of_type("aws_cloudwatch_metric_alarm").count() as f64, &prices.alarms);
    add("dashboard", of_type("aws_cloudwatch_dashboard").count() as f64, &prices.dashboards);
    IdleCost { lines }
}

fn collect<'a>(module: &'a Value, resources: &mut Vec<&'a Value>) {
    let managed =
        module["resources"].as_array().into_iter().flatten().filter(|resource| resource["mode"] == "managed");
    resources.extend(managed);
    for child in module["child_modules"].as_array().into_iter().flatten() {
        collect(child, resources);
    }
}

impl IdleCost {
    pub fn total_usd(&self) -> f64 {
        self.lines.iter().map(|line| line.usd).sum()
    }

    /// The bill as text.
    pub fn render(&self) -> String {
        let mut table = Table::new([
            ("While idle", Align::Left),
            ("per month", Align::Right),
            ("", Align::Left),
            ("USD", Align::Right),
        ]);
        for line in &self.lines {
            table.row([
                line.item.to_owned(),
                number(line.quantity, 0),
                line.unit.to_owned(),
                number(line.usd, 2),
            ]);
        }
        table.row(["total".to_owned(), String::new(), String::new(), number(self.total_usd(), 2)]);
        let list = prices::list();
        format!(
            "{}\nAPI, functions, queues, logs and KMS cost nothing until they are used. Each function that is used has up to 10 metrics\n\
             of its own (${} a month each); on-demand streams cost nothing by the hour with On-demand Advantage. List prices in {},\n\
             {}, without free tiers; check live: {}. Run `sluicegate estimate` for the cost of a workload.\n",
            table.render(),
            number(list.prices.custom_metrics.usd(1.0), 2),
            list.region,
            list.as_of,
            list.check_at
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn stream(mode: &str, shards: Option<u64>, retention: u64) -> Value {
        json!({ "mode": "managed", "type": "aws_kinesis_stream", "values": {
            "shard_count": shards, "retention_period": retention, "stream_mode_details": [{ "stream_mode": mode }],
        } })
    }

    fn plan(stream: &Value, consumers: usize, alarms: usize) -> Value {
        let consumer = json!({ "mode": "managed", "type": "aws_kinesis_stream_consumer", "values": {} });
        let alarm = json!({ "mode": "managed", "type": "aws_cloudwatch_metric_alarm", "values": {} });
        let data = json!({ "mode": "data", "type": "aws_cloudwatch_metric_alarm", "values": {} });
        json!({ "planned_values": { "root_module": {
            "resources": [data],
            "child_modules": [
                { "resources": [stream] },
                { "child_modules": [{ "resources": vec![consumer; consumers] }] },
                { "resources": vec![alarm; alarms] },
            ],
        } } })
    }

    fn usd(cost: &IdleCost) -> Vec<(&'static str, f64)> {
        cost.lines.iter().map(|line| (line.item, (line.usd * 100.0).round() / 100.0)).collect()
    }

    #[test]
    fn a_shard_and_each_consumer_of_it_are_paid_by_the_hour() {
        let cost = of(&plan(&stream("PROVISIONED", Some(2), 24), 3, 7));
        assert_eq!(usd(&cost), [("stream", 21.9), ("functions' consumers", 65.7), ("alarms", 0.7)]);
        assert!((cost.total_usd() - 88.3).abs() < 1e-9);
    }

    #[test]
    fn retention_over_a_day_is_paid_too() {
        let cost = of(&plan(&stream("PROVISIONED", Some(1), 168), 0, 0));
        assert_eq!(usd(&cost), [("stream", 10.95), ("stream, retention over 24 hours", 14.6)]);
    }

    #[test]
    fn on_demand_is_paid_by_the_stream() {
        let cost = of(&plan(&stream("ON_DEMAND", None, 24), 3, 0));
        assert_eq!(usd(&cost), [("stream, on demand", 29.2)]);
    }

    #[test]
    fn an_empty_plan_costs_nothing() {
        assert_eq!(of(&json!({})).total_usd(), 0.0);
    }

    #[test]
    fn the_bill_names_its_prices_day() {
        let text = of(&plan(&stream("PROVISIONED", Some(1), 24), 1, 1)).render();
        let list = prices::list();
        assert!(
            text.contains("22.00") && text.contains(&list.as_of) && text.contains(&list.check_at),
            "{text}"
        );
        assert!(text.contains("10 metrics\nof its own ($0.30 a month each)"), "{text}");
    }

    #[test]
    fn what_is_kept_ready_is_paid_by_its_memory() {
        let ready = json!({ "mode": "managed", "type": "aws_lambda_provisioned_concurrency_config", "values": {
            "function_name": "s-echo", "provisioned_concurrent_executions": 2,
        } });
        let function = json!({ "mode": "managed", "type": "aws_lambda_function", "values": {
            "function_name": "s-echo", "memory_size": 512, "architectures": ["arm64"],
        } });
        let plan = json!({ "planned_values": { "root_module": { "resources": [ready, function] } } });
        assert_eq!(usd(&of(&plan)), [("provisioned concurrency", 8.76)]);
    }
}
