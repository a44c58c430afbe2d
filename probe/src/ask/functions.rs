//! What functions receive, by their logs.

use super::Observed;
use crate::seen::Seen;
use crate::stack::Stack;
use anyhow::Context as _;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// The partition key that the function fails for.
const POISON: &str = "poison";
/// Records beside it: that all of them belong to its partition queue has a probability of one in a hundred million.
const OTHERS: usize = 8;
/// How long one of them may take if it is not blocked: longer than a mapping's polling and its batches.
const OTHERS_MAX: Duration = Duration::from_secs(60);

/// `eventSourceARN` of a record that came through a consumer.
pub async fn event_source_arn(stack: &Stack) -> Observed {
    let arn = |events: &[Value]| {
        let mut records = events.iter().flat_map(|event| event["Records"].as_array().into_iter().flatten());
        records.find_map(|record| record["eventSourceARN"].as_str().map(str::to_owned))
    };
    let arn = stack.logged("reader", stack.times.answer, arn).await?;
    Ok(vec![arn.map_or(Seen::Nothing, Seen::Concluded)])
}

/// Whether records of other partition keys are delivered while one fails.
pub async fn partition_queues(stack: &Stack) -> Observed {
    stack.put(POISON).await?;
    let failed = |events: &[Value]| keys(events).iter().any(|key| key == POISON).then_some(());
    stack.logged("reader", stack.times.ready, failed).await?.context("the record was never tried")?;
    let others: BTreeSet<_> = (0..OTHERS).map(|number| format!("key {number}")).collect();
    for other in &others {
        stack.put(other).await?;
    }
    // The mapping retries a failing record for ten minutes.
    let came = |events: &[Value]| keys(events).iter().any(|key| others.contains(key)).then_some(());
    let came = stack.logged("reader", OTHERS_MAX, came).await?.is_some();
    let concluded = if came {
        "others are delivered while one record fails"
    } else {
        "a failing record stops all others"
    };
    Ok(vec![Seen::Concluded(concluded.into())])
}

/// The partition keys of all records, as often as they were delivered.
fn keys(events: &[Value]) -> Vec<String> {
    let records = events.iter().flat_map(|event| event["Records"].as_array().into_iter().flatten());
    records.filter_map(|record| record["kinesis"]["partitionKey"].as_str().map(str::to_owned)).collect()
}

/// The members of an authorizer's event.
pub async fn authorizer_event(stack: &Stack) -> Observed {
    let members = |events: &[Value]| {
        let event = events.iter().find(|event| event["methodArn"].is_string())?;
        let of = |value: &Value| {
            let names: BTreeSet<_> =
                value.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            names.into_iter().collect::<Vec<_>>().join(" ")
        };
        let context = &event["requestContext"];
        Some(vec![
            Seen::Concluded(format!("event: {}", of(event))),
            Seen::Concluded(format!("requestContext: {}", of(context))),
            Seen::Concluded(format!("identity: {}", of(&context["identity"]))),
        ])
    };
    let seen = stack.logged("authorizer", stack.times.answer, members).await?;
    Ok(seen.unwrap_or_else(|| vec![Seen::Nothing]))
}
