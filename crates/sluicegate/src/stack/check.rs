//! The smoke test of a deployed stack: from the client side, then of the backend with the deployer's credentials.

mod backend;
mod client_side;
mod stream;

use super::answer::{Answers, Client};
use crate::aws::Aws;
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
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
}

const TIMEOUTS: Timeouts = Timeouts {
    probe_every: Duration::from_secs(1),
    first_answer: Duration::from_secs(300),
    answer: Duration::from_secs(30),
};
/// Messages sent at once by one client.
const BURST: u64 = 50;
/// Clients at once, and messages of each.
const CLIENTS: u64 = 5;
const MESSAGES_EACH: u64 = 10;
/// Bytes of the large message: within one of the 32 KB units that API Gateway bills and carries in one frame.
const LARGE_BYTES: usize = 24 * 1024;

#[derive(Debug, Clone)]
pub struct Deployed {
    pub websocket_uri: String,
    /// The base URL of `/@connections`.
    pub connections_endpoint: String,
    pub stream_name: String,
}

/// The result of checking a behaviour in which emulators differ.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    /// What AWS documents, or this project's emulator does.
    expected: &'static str,
    /// What was observed instead.
    differs: Option<String>,
}

/// Waits for the first reply, then checks the flow.
pub async fn run(stack: &Deployed) -> anyhow::Result<()> {
    // Late replies to an earlier run must not count for this one.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let run = format!("{:x}-{:x}", std::process::id(), now.as_nanos());
    as_clients(&stack.websocket_uri, &run, TIMEOUTS).await?;
    match Aws::from_environment() {
        Ok(aws) => as_owner(&aws, stack, &run, TIMEOUTS.answer).await,
        Err(error) => {
            skipped(&error);
            Ok(())
        }
    }
}

async fn as_clients(uri: &str, run: &str, timeouts: Timeouts) -> anyhow::Result<()> {
    println!("waiting for the first reply, which can take minutes with new roles and mappings");
    let waited = first_answer(uri, run, timeouts).await?;
    passed(&format!("first reply after {:.1} s", waited.as_secs_f64()));
    values(uri, run, timeouts).await.context("JSON values of every type")?;
    passed("JSON values of every type and a large message come back unaltered");
    let answers = burst(uri, run, timeouts).await.context("burst of messages")?;
    let misplaced = misplaced(&answers.order);
    passed(&format!(
        "{BURST} messages at once: all came back, {misplaced} out of order, {} repeated",
        answers.repeated
    ));
    clients(uri, run, timeouts).await.context("concurrent clients")?;
    passed(&format!("{CLIENTS} concurrent clients: each received only its own {MESSAGES_EACH} messages"));
    client_side::fragmented(uri, run, timeouts.answer).await.context("fragmented message")?;
    passed("a fragmented message of 100 KB comes back whole");
    for finding in client_side::findings(uri, run, timeouts.answer)
        .await
        .context("checking API Gateway's client side")?
    {
        report(finding);
    }
    Ok(())
}

/// Checks the backend, as far as these credentials allow.
async fn as_owner(aws: &Aws, stack: &Deployed, run: &str, time_limit: Duration) -> anyhow::Result<()> {
    let looks = async {
        let client = backend::record(aws, stack, run, time_limit).await.context("record of a message")?;
        passed("a message becomes a record of the stream with its connection id as partition key");
        let finding =
            backend::connection(aws, stack, client, run, time_limit).await.context("@connections")?;
        passed("@connections describes a client, posts to it and disconnects it");
        anyhow::Ok(finding)
    };
    match looks.await {
        Ok(finding) => report(finding),
        Err(error) if backend::is_denied(&error) => skipped(&error),
        Err(error) => return Err(error),
    }
    Ok(())
}

fn report(finding: Finding) {
    match finding.differs {
        None => passed(finding.expected),
        Some(found) => println!("  differs (expected of some emulators): {} ({found})", finding.expected),
    }
}

/// Without the owner's credentials only the client side is checked.
fn skipped(why: &anyhow::Error) {
    println!("  skipped: the backend checks ({why:#})");
}

fn passed(what: &str) {
    println!("  ok  {what}");
}

/// Sends probes until one comes back; returns how long that took.
async fn first_answer(uri: &str, run: &str, timeouts: Timeouts) -> anyhow::Result<Duration> {
    let begin = Instant::now();
    let mut client = None;
    let mut last = None;
    while begin.elapsed() < timeouts.first_answer {
        let until = Instant::now() + timeouts.probe_every;
        match probe(&mut client, uri, run, until).await {
            Ok(true) => return Ok(begin.elapsed()),
            Ok(false) => {}
            Err(error) => {
                client = None;
                last = Some(error);
                sleep_until(until).await;
            }
        }
    }
    let text = format!("no reply from {uri} within {} s", timeouts.first_answer.as_secs());
    let error = last.unwrap_or_else(|| anyhow::anyhow!("messages were accepted, but none came back"));
    Err(error.context(text))
}

async fn probe(client: &mut Option<Client>, uri: &str, run: &str, until: Instant) -> anyhow::Result<bool> {
    let connected = match client.take() {
        Some(connected) => connected,
        None => Client::connect(uri, run, 0).await?,
    };
    let connected = client.insert(connected);
    connected.send(&json!("probe")).await?;
    connected.any_answer(until).await
}

async fn values(uri: &str, run: &str, timeouts: Timeouts) -> anyhow::Result<()> {
    let mut client = Client::connect(uri, run, 1).await?;
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

async fn burst(uri: &str, run: &str, timeouts: Timeouts) -> anyhow::Result<Answers> {
    let mut client = Client::connect(uri, run, 2).await?;
    send_and_await(&mut client, BURST, timeouts).await
}

async fn clients(uri: &str, run: &str, timeouts: Timeouts) -> anyhow::Result<()> {
    let mut tasks = JoinSet::new();
    for number in 0..CLIENTS {
        let (uri, run) = (uri.to_owned(), run.to_owned());
        tasks.spawn(async move {
            let mut client = Client::connect(&uri, &run, 3 + number).await?;
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

/// How many came back after one that was sent later. Reported, but not a failure: on AWS, frames sent at nearly the same
/// moment may swap on their way into the stream.
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
mod tests;
