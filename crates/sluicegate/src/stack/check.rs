//! The flow suite of a deployed stack, hop by hop: as its clients see it, and as who deployed it can.

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

/// How long what is waited for may take.
#[derive(Debug, Clone, Copy)]
struct Timeouts {
    /// Between two probes.
    probe_every: Duration,
    /// For the first answer: new roles and event source mappings take up to minutes to work.
    first_answer: Duration,
    /// For an answer once there was one.
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

/// Where a stack is reached: its outputs.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// Where clients connect.
    pub websocket_uri: String,
    /// Where functions answer: what `/@connections` is appended to.
    pub connections_endpoint: String,
    /// The stream's name.
    pub stream_name: String,
}

/// What was seen of a behaviour in which emulators differ.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    /// What AWS documents, or this project's own emulator does.
    expected: &'static str,
    /// What was seen instead.
    differs: Option<String>,
}

/// Waits for the first answer, then checks the flow.
pub async fn run(stack: &Deployed) -> anyhow::Result<()> {
    // One run's late answers are not taken for another's.
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

/// What clients see.
async fn as_clients(uri: &str, run: &str, timeouts: Timeouts) -> anyhow::Result<()> {
    println!("waiting for the first answer, which can take minutes where roles and mappings are new");
    let waited = first_answer(uri, run, timeouts).await?;
    passed(&format!("first answer after {:.1} s", waited.as_secs_f64()));
    values(uri, run, timeouts).await.context("values of every kind")?;
    passed("values of every kind and a large message come back unaltered");
    let answers = burst(uri, run, timeouts).await.context("a burst")?;
    let misplaced = misplaced(&answers.order);
    passed(&format!(
        "{BURST} messages at once: all came back, {misplaced} out of order, {} repeated",
        answers.repeated
    ));
    clients(uri, run, timeouts).await.context("clients at once")?;
    passed(&format!(
        "{CLIENTS} clients at once: each received its own {MESSAGES_EACH} messages and no other"
    ));
    client_side::fragmented(uri, run, timeouts.answer).await.context("a message of several frames")?;
    passed("a message of 100 KB in several frames comes back whole");
    for finding in client_side::findings(uri, run, timeouts.answer).await.context("at the gateway's client_side")? {
        report(finding);
    }
    Ok(())
}

/// What lies behind the gateway, as far as these keys may look.
async fn as_owner(aws: &Aws, stack: &Deployed, run: &str, time_limit: Duration) -> anyhow::Result<()> {
    let looks = async {
        let client = backend::record(aws, stack, run, time_limit).await.context("a message's record")?;
        passed("a message is a record of the stream, keyed by its connection");
        let finding = backend::connection(aws, stack, client, run, time_limit).await.context("@connections")?;
        passed("@connections tells of a client, reaches it and disconnects it");
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
        Some(found) => println!("  differs, as emulators may: {} ({found})", finding.expected),
    }
}

/// Another than the stack's owner may check it, and sees what clients see.
fn skipped(why: &anyhow::Error) {
    println!("  not looked at: what lies behind the gateway ({why:#})");
}

fn passed(what: &str) {
    println!("  ok  {what}");
}

/// Sends a probe a time, until one comes back; how long that took.
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
    let text = format!("no answer from {uri} within {} s", timeouts.first_answer.as_secs());
    let error = last.unwrap_or_else(|| anyhow::anyhow!("the messages were taken, and none came back"));
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
        let answers = ended.context("a client broke down")??;
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

/// How many came back after one that was sent later. On AWS frames sent at nearly the same moment may swap on
/// their way into the stream, so that this is told and not judged.
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
