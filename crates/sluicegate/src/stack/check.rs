//! Checks of a deployed stack: probe messages, which are harmless; and, if asked for, the flow suite, from the client side
//! and then of the backend with the deployer's credentials.

#[cfg(feature = "operator")]
mod backend;
mod client_side;
mod probes;
#[cfg(feature = "operator")]
mod stream;

use super::answer::{Answers, Client};
use crate::entry::{Entry, NotAdmitted};
use anyhow::{Context as _, bail};
use probes::Pace;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Time limits of the checks.
#[derive(Debug, Clone, Copy)]
struct Timeouts {
    /// Between two probes.
    probe_every: Duration,
    /// For the first reply: new roles and event source mappings can take minutes to become active.
    first_answer: Duration,
    /// For a reply after the first one.
    answer: Duration,
    /// For replies and closes of API Gateway that some emulators do not have.
    finding: Duration,
}

const TIMEOUTS: Timeouts = Timeouts {
    probe_every: Duration::from_secs(1),
    first_answer: Duration::from_secs(300),
    answer: Duration::from_secs(30),
    finding: Duration::from_secs(30),
};
/// Messages sent at once by one client.
const BURST: u64 = 50;
/// Concurrent clients, and the messages of each.
const CLIENTS: u64 = 5;
const MESSAGES_EACH: u64 = 10;
/// Bytes of the large message, which fits in one frame and one billed unit of 32 KB.
const LARGE_BYTES: usize = 24 * 1024;

/// A deployed stack, as its outputs describe it.
#[derive(Clone)]
#[cfg_attr(not(feature = "operator"), expect(dead_code, reason = "the backend checks read the rest"))]
pub struct Deployed {
    pub entry: Entry,
    /// The base URL of `/@connections`.
    pub connections_endpoint: String,
    pub stream_name: String,
    /// The routes on which each function answers probes, by the function's name.
    pub probed_routes: BTreeMap<String, Vec<String>>,
    /// The stage's limit of messages per second.
    pub rate_limit: f64,
}

/// How much to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Probe messages, which no handler sees.
    Probes,
    /// The flow suite too: messages that every function sees.
    Full,
}

/// The result of checking a behaviour in which emulators differ.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    /// As AWS documents it, or as this project's emulator does it.
    expected: &'static str,
    /// What was observed instead.
    differs: Option<String>,
}

/// Sends a probe to each function on each of its routes, and then runs the flow suite if requested.
pub async fn run(stack: &Deployed, extent: Extent) -> anyhow::Result<()> {
    // Late replies to an earlier run must not count for this one.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let run = format!("{:x}-{:x}", std::process::id(), now.as_nanos());
    println!("waiting for the functions' answers, which can take minutes with new roles and mappings");
    let pace = Pace::below(stack.rate_limit, TIMEOUTS.first_answer);
    probes::run(&stack.entry, &probes::targets(&stack.probed_routes), &run, pace).await?;
    if extent == Extent::Probes {
        return Ok(());
    }
    as_clients(&stack.entry, &run, TIMEOUTS).await?;
    #[cfg(feature = "operator")]
    backend::check(stack, &run, TIMEOUTS.answer).await?;
    Ok(())
}

async fn as_clients(entry: &Entry, run: &str, timeouts: Timeouts) -> anyhow::Result<()> {
    let waited = first_answer(entry, run, timeouts).await?;
    passed(&format!("first reply after {:.1} s", waited.as_secs_f64()));
    values(entry, run, timeouts).await.context("JSON values of every type")?;
    passed("JSON values of every type and a large message come back unaltered");
    let answers = burst(entry, run, timeouts).await.context("burst of messages")?;
    let misplaced = misplaced(&answers.order);
    passed(&format!(
        "{BURST} messages at once: all came back, {misplaced} out of order, {} repeated",
        answers.repeated
    ));
    clients(entry, run, timeouts).await.context("concurrent clients")?;
    passed(&format!("{CLIENTS} concurrent clients: each received only its own {MESSAGES_EACH} messages"));
    client_side::fragmented(entry, run, timeouts.answer).await.context("fragmented message")?;
    passed("a fragmented message of 100 KB comes back whole");
    for finding in client_side::findings(entry, run, timeouts.finding)
        .await
        .context("checking API Gateway's client side")?
    {
        report(finding);
    }
    Ok(())
}

fn report(finding: Finding) {
    match finding.differs {
        None => passed(finding.expected),
        Some(found) => println!("  differs (expected of some emulators): {} ({found})", finding.expected),
    }
}

fn passed(what: &str) {
    println!("  ok  {what}");
}

/// Sends probes until one comes back; returns how long that took.
async fn first_answer(entry: &Entry, run: &str, timeouts: Timeouts) -> anyhow::Result<Duration> {
    let begin = Instant::now();
    let mut client = None;
    let mut last = None;
    while begin.elapsed() < timeouts.first_answer {
        let until = Instant::now() + timeouts.probe_every;
        match probe(&mut client, entry, run, until).await {
            Ok(true) => return Ok(begin.elapsed()),
            Ok(false) => {}
            Err(error) if error.is::<NotAdmitted>() => return Err(error),
            Err(error) => {
                client = None;
                last = Some(error);
                sleep_until(until).await;
            }
        }
    }
    let text = format!("no reply from {entry} within {} s", timeouts.first_answer.as_secs());
    let error = last.unwrap_or_else(|| anyhow::anyhow!("messages were accepted, but none came back"));
    Err(error.context(text))
}

async fn probe(
    client: &mut Option<Client>,
    entry: &Entry,
    run: &str,
    until: Instant,
) -> anyhow::Result<bool> {
    let connected = match client.take() {
        Some(connected) => connected,
        None => Client::connect(entry, run, 0).await?,
    };
    let connected = client.insert(connected);
    connected.send(&json!("probe")).await?;
    connected.any_answer(until).await
}

async fn values(entry: &Entry, run: &str, timeouts: Timeouts) -> anyhow::Result<()> {
    let mut client = Client::connect(entry, run, 1).await?;
    let large = Value::String("0123456789abcdef".repeat(LARGE_BYTES / 16));
    let kinds = json!({
        "text": "quotes \" and ' and \\ and / and \n and \t", "other scripts": "naïve, 日本語, Ελληνικά, 🛶",
        "numbers": [0, -1, 9_007_199_254_740_991_i64], "truth": [true, false], "nothing": null,
        "nested": { "empty": { "list": [], "object": {} } }, "": "an empty name",
    });
    for value in [kinds, large] {
        let sent = client.send(&value).await?;
        client.answers(vec![sent], timeouts.answer).await?;
    }
    Ok(())
}

async fn burst(entry: &Entry, run: &str, timeouts: Timeouts) -> anyhow::Result<Answers> {
    let mut client = Client::connect(entry, run, 2).await?;
    send_and_await(&mut client, BURST, timeouts).await
}

async fn clients(entry: &Entry, run: &str, timeouts: Timeouts) -> anyhow::Result<()> {
    let mut tasks = JoinSet::new();
    for number in 0..CLIENTS {
        let (entry, run) = (entry.clone(), run.to_owned());
        tasks.spawn(async move {
            let mut client = Client::connect(&entry, &run, 3 + number).await?;
            send_and_await(&mut client, MESSAGES_EACH, timeouts).await
        });
    }
    while let Some(ended) = tasks.join_next().await {
        let answers = ended.context("a client task panicked")??;
        if answers.order.len() as u64 != MESSAGES_EACH {
            bail!("a client received {} of {MESSAGES_EACH} messages", answers.order.len());
        }
    }
    Ok(())
}

async fn send_and_await(client: &mut Client, messages: u64, timeouts: Timeouts) -> anyhow::Result<Answers> {
    let mut sent = Vec::new();
    for number in 0..messages {
        sent.push(client.send(&json!(number)).await?);
    }
    client.answers(sent, timeouts.answer).await
}

/// The number of messages that came back after one that was sent later. They are reported but are not a failure, because
/// on AWS, frames sent at nearly the same time can swap on their way into the stream.
fn misplaced(order: &[u64]) -> usize {
    let mut newest = 0;
    order
        .iter()
        .filter(|&&number| {
            let is_late = number < newest;
            newest = newest.max(number);
            is_late
        })
        .count()
}

#[cfg(test)]
pub mod tests;
