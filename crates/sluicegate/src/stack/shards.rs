//! A change of the stream's shards that AWS takes in steps only.

use serde_json::Value;

/// A planned change of the number of shards.
#[derive(Debug, PartialEq, Eq)]
pub struct Resize {
    from: u64,
    /// The counts between the first and the last.
    pub between: Vec<u64>,
    to: u64,
}

/// The change that needs more than one call, if the plan has one.
pub fn resize(plan: &Value) -> Option<Resize> {
    let (before, after) = change(plan)?;
    let (from, to) = (before["shard_count"].as_u64()?, after["shard_count"].as_u64()?);
    let between = between(from, to);
    (is_provisioned(before) && is_provisioned(after) && !between.is_empty()).then_some(Resize {
        from,
        between,
        to,
    })
}

/// Whether a stream leaves ON_DEMAND: a plan does not know how many shards it then has.
pub fn leaves_on_demand(plan: &Value) -> bool {
    change(plan).is_some_and(|(before, after)| !is_provisioned(before) && is_provisioned(after))
}

/// The message about a stream that leaves ON_DEMAND.
pub const LEAVES_ON_DEMAND: &str = "the stream leaves ON_DEMAND and keeps the shards that it has now, 4 or more: stream.shard_count may be at most double \
     and at least half of that, and AWS allows two changes of the mode in 24 hours";

impl Resize {
    /// The message about the change.
    pub fn describe(&self) -> String {
        let steps =
            std::iter::once(&self.from).chain(&self.between).chain([&self.to]).map(ToString::to_string);
        format!(
            "AWS at most doubles or halves the shards of a stream in one call, and takes 10 calls in 24 hours: {}",
            steps.collect::<Vec<_>>().join(" → ")
        )
    }

    /// The variable `stream` for each step, as JSON.
    pub fn steps(&self, plan: &Value) -> Vec<String> {
        let stream = &plan["variables"]["stream"]["value"];
        let step = |shards: &u64| {
            let mut stream = stream.clone();
            stream["shard_count"] = (*shards).into();
            stream.to_string()
        };
        self.between.iter().map(step).collect()
    }
}

/// The counts between `from` and `to`, each at most double and at least half of the one before.
fn between(from: u64, to: u64) -> Vec<u64> {
    let mut steps = Vec::new();
    let mut current = from.max(1);
    loop {
        current = if to > current { to.min(current * 2) } else { to.max(current.div_ceil(2)) };
        if current == to {
            return steps;
        }
        steps.push(current);
    }
}

/// A stream that is updated in place: its values before and after.
fn change(plan: &Value) -> Option<(&Value, &Value)> {
    let changes = plan["resource_changes"].as_array()?;
    let stream = changes.iter().find(|change| {
        change["type"] == "aws_kinesis_stream" && change["change"]["actions"] == serde_json::json!(["update"])
    })?;
    Some((&stream["change"]["before"], &stream["change"]["after"]))
}

fn is_provisioned(stream: &Value) -> bool {
    stream["stream_mode_details"][0]["stream_mode"] == "PROVISIONED"
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plan(before: (&str, Option<u64>), after: (&str, Option<u64>)) -> Value {
        let stream = |(mode, shards): (&str, Option<u64>)| json!({ "shard_count": shards, "stream_mode_details": [{ "stream_mode": mode }] });
        json!({
            "variables": { "stream": { "value": { "mode": "PROVISIONED", "shard_count": after.1 } } },
            "resource_changes": [{
                "type": "aws_kinesis_stream",
                "change": { "actions": ["update"], "before": stream(before), "after": stream(after) },
            }],
        })
    }

    #[test]
    fn a_change_that_aws_takes_at_once_has_no_steps() {
        for (from, to) in [(1, 1), (1, 2), (2, 1), (4, 2), (3, 2), (5, 10)] {
            assert_eq!(
                resize(&plan(("PROVISIONED", Some(from)), ("PROVISIONED", Some(to)))),
                None,
                "{from} {to}"
            );
        }
        assert_eq!(resize(&json!({})), None);
    }

    #[test]
    fn a_larger_change_has_its_steps() {
        for (from, to, expected) in
            [(1, 4, "1 → 2 → 4"), (1, 5, "1 → 2 → 4 → 5"), (8, 1, "8 → 4 → 2 → 1"), (7, 3, "7 → 4 → 3")]
        {
            let plan = plan(("PROVISIONED", Some(from)), ("PROVISIONED", Some(to)));
            let resize = resize(&plan).unwrap();
            assert!(resize.describe().ends_with(expected), "{}", resize.describe());
            let first: Value = serde_json::from_str(&resize.steps(&plan)[0]).unwrap();
            assert_eq!(first, json!({ "mode": "PROVISIONED", "shard_count": resize.between[0] }));
        }
    }

    #[test]
    fn leaving_on_demand_is_noticed() {
        let back = plan(("ON_DEMAND", None), ("PROVISIONED", Some(1)));
        assert!(leaves_on_demand(&back) && resize(&back).is_none());
        assert!(!leaves_on_demand(&plan(("PROVISIONED", Some(1)), ("ON_DEMAND", None))));
    }

    #[test]
    fn aws_takes_each_step() {
        for (from, to) in (1..150).flat_map(|from| (1..150).map(move |to| (from, to))) {
            let mut current = from;
            for next in between(from, to).into_iter().chain([to]) {
                assert!(next <= 2 * current && 2 * next >= current, "{from} to {to}: {current} to {next}");
                current = next;
            }
        }
    }
}
