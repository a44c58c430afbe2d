//! Redrives records with their partition keys, one after another, so that they keep their order.

use super::message::{Found, Record};
use super::order::Held;
use super::queue::{self, Received};
use super::records::Gone;
use super::{Candidate, count};
use crate::aws::{Aws, Refused, refused};
use anyhow::{Context as _, anyhow, bail};
use aws_sdk_kinesis::config::retry::RetryConfig;
use aws_sdk_kinesis::primitives::Blob;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::collections::BTreeMap;

/// Attempts at one put that is throttled, at least: those behind it wait for it.
const PUT_ATTEMPTS_MIN: u32 = 8;

#[derive(Clone, Copy)]
pub struct Settings {
    /// Change nothing.
    pub dry_run: bool,
    /// Redrive whole ranges where a message does not say which of its records failed.
    pub whole_ranges: bool,
    /// Print JSON.
    pub as_json: bool,
}

/// The result for one queue.
#[derive(Default)]
struct Tally {
    messages: usize,
    records: usize,
    kept: usize,
}

/// Redrives messages in the given order. One that stays in its queue blocks those after it with the same partition key,
/// which would overtake it. Returns how many stay.
pub async fn run(
    aws: &Aws,
    urls: &[String],
    found: Vec<Candidate<'_>>,
    settings: Settings,
) -> anyhow::Result<usize> {
    let bar = ProgressBar::new(found.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} messages") {
        bar.set_style(style);
    }
    let mut tallies: BTreeMap<&str, Tally> =
        urls.iter().map(|url| (url.as_str(), Tally::default())).collect();
    let mut held = Held::default();
    for Candidate { url, received, found } in found {
        let tally = tallies.entry(url).or_default();
        match put_back(aws, url, &received, &found, &held, settings).await {
            Ok(put) => {
                tally.messages += 1;
                tally.records += put;
                if settings.dry_run {
                    queue::release(aws, url, std::slice::from_ref(&received)).await;
                }
            }
            Err(error) => {
                bar.suspend(|| eprintln!("not redriven: {}: {error:#}", received.letter.line()));
                let is_gone = found.as_ref().is_err_and(|error| error.is::<Gone>());
                // A record that is gone for good cannot be overtaken.
                if !is_gone {
                    held.hold(&received.letter, found.as_ref().ok().map(Found::records));
                }
                tally.kept += 1;
                queue::release(aws, url, &[received]).await;
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    for (url, tally) in &tallies {
        report(url, tally, settings);
    }
    Ok(tallies.values().map(|tally| tally.kept).sum())
}

fn report(url: &str, tally: &Tally, settings: Settings) {
    let Tally { messages, records, kept } = tally;
    if settings.as_json {
        let summary = json!({
            "queueUrl": url, "dryRun": settings.dry_run, "messages": messages, "records": records, "kept": kept,
        });
        println!("{summary}");
    } else {
        let name = url.rsplit('/').next().unwrap_or(url);
        let verb = if settings.dry_run { "would be redriven" } else { "redriven" };
        println!("{name}: {} of {messages} messages {verb}", count(*records));
    }
}

/// Redrives the records of one message. Returns how many there are.
async fn put_back(
    aws: &Aws,
    url: &str,
    received: &Received,
    found: &anyhow::Result<Found>,
    held: &Held,
    settings: Settings,
) -> anyhow::Result<usize> {
    let records = match found {
        Ok(Found::All(records)) => records,
        Ok(Found::More(records)) if settings.whole_ranges => records,
        Ok(Found::More(records)) => bail!(
            "its range has {}, more than failed: redrive all of them with --whole-ranges",
            count(records.len())
        ),
        Err(error) => bail!("{error:#}"),
    };
    if let Some(why) = held.waits(records) {
        return Err(anyhow!(why));
    }
    if !settings.dry_run {
        put_all(aws, url, received, records).await?;
    }
    Ok(records.len())
}

/// Deletes the message only after all its records are in the stream: a failure in between duplicates some and loses none.
async fn put_all(aws: &Aws, url: &str, received: &Received, records: &[Record]) -> anyhow::Result<()> {
    for record in records {
        put(aws, record).await?;
    }
    queue::delete(aws, url, received).await
}

async fn put(aws: &Aws, record: &Record) -> anyhow::Result<()> {
    let data = STANDARD.decode(&record.data).context("the record's data is not base64")?;
    let retries = aws.kinesis.config().retry_config().cloned().unwrap_or_else(RetryConfig::standard);
    let attempts = retries.max_attempts().max(PUT_ATTEMPTS_MIN);
    let retries = aws_sdk_kinesis::config::Builder::new().retry_config(retries.with_max_attempts(attempts));
    let put = aws.kinesis.put_record().stream_arn(&record.stream_arn).partition_key(&record.partition_key);
    let put = put.data(Blob::new(data)).customize().config_override(retries);
    let error = match put.send().await.map_err(refused("PutRecord")) {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    if Refused::of(&error).is_some_and(|refused| refused.code == "ResourceNotFoundException") {
        bail!("stream {} no longer exists", record.stream_arn);
    }
    Err(error)
}
