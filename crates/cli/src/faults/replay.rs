//! Puts records back: with their partition keys, so that their order from now on is the order they are put in.

use super::aws::{Aws, Refused, Service::Kinesis};
use super::count;
use super::message::{Found, Record};
use super::queue::{self, Received};
use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::time::Duration;

/// Tries of one put that the shard's write limit refuses.
const PUT_TRIES_MAX: u32 = 8;
/// The wait before the second try; doubled with each further one.
const PUT_WAIT_FIRST: Duration = Duration::from_millis(200);

/// Replays messages in the order given. Answers how many stay in the queue for want of something.
pub async fn run(
    aws: &Aws,
    url: &str,
    found: Vec<(Received, anyhow::Result<Found>)>,
    dry_run: bool,
    whole_ranges: bool,
    as_json: bool,
) -> anyhow::Result<usize> {
    let bar = ProgressBar::new(found.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} messages") {
        bar.set_style(style);
    }
    let (mut messages, mut records, mut kept) = (0, 0, Vec::new());
    for (received, found) in found {
        let outcome = match found {
            Ok(Found::All(records)) => Ok(records),
            Ok(Found::More(records)) if whole_ranges => Ok(records),
            Ok(Found::More(records)) => Err(anyhow::anyhow!(
                "{} lie in its range, more than failed: --whole-ranges puts all of them back",
                count(records.len())
            )),
            Err(error) => Err(error),
        };
        let outcome = match outcome {
            Ok(found) if dry_run => Ok(found.len()),
            Ok(found) => put_all(aws, url, &received, &found).await.map(|()| found.len()),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(put) => {
                messages += 1;
                records += put;
                if dry_run {
                    queue::release(aws, url, std::slice::from_ref(&received)).await;
                }
            }
            Err(error) => {
                bar.suspend(|| eprintln!("stays in the queue: {}: {error:#}", received.fault.line()));
                kept.push(received);
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    queue::release(aws, url, &kept).await;
    if as_json {
        let told = json!({"queueUrl": url, "dryRun": dry_run, "messages": messages, "records": records, "kept": kept.len()});
        println!("{told}");
    } else {
        let name = url.rsplit('/').next().unwrap_or(url);
        let verb = if dry_run { "would go" } else { "went" };
        println!("{name}: {} of {messages} messages {verb} back into the stream", count(records));
    }
    Ok(kept.len())
}

/// The message goes once all its records are in the stream: a failure in between puts some twice, and loses none.
async fn put_all(aws: &Aws, url: &str, received: &Received, records: &[Record]) -> anyhow::Result<()> {
    for record in records {
        put(aws, record).await?;
    }
    queue::delete(aws, url, received).await
}

async fn put(aws: &Aws, record: &Record) -> anyhow::Result<()> {
    let body =
        json!({"StreamARN": record.stream_arn, "PartitionKey": record.partition_key, "Data": record.data});
    let mut wait = PUT_WAIT_FIRST;
    for tries in 1.. {
        let error = match aws.call(Kinesis, "PutRecord", &body).await {
            Ok(_) => break,
            Err(error) => error,
        };
        match error.downcast_ref::<Refused>().map(|refused| refused.code.as_str()) {
            Some("ProvisionedThroughputExceededException") if tries < PUT_TRIES_MAX => {}
            Some("ResourceNotFoundException") => bail!("there is no stream {} any more", record.stream_arn),
            _ => return Err(error),
        }
        tokio::time::sleep(wait).await;
        wait *= 2;
    }
    Ok(())
}
