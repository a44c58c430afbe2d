//! `sluicegate dlq`: lists failed records in dead-letter queues and redrives them into the stream.
//!
//! A function's dead-letter queue holds two kinds of messages: whole records, sent by the function, and shard and
//! sequence ranges, sent by its event source mapping. [`message`] parses both, without I/O.

mod message;
mod order;
mod queue;
mod records;
mod redrive;

use crate::aws::Aws;
use message::Found;
use queue::Received;
use serde_json::{Value, json};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    /// Queue URL or name [default: all queues whose name ends with -dlq]
    #[arg(long, global = true, value_name = "QUEUE")]
    queue: Option<String>,
    /// Only the records that this function failed to handle
    #[arg(long, global = true, value_name = "NAME")]
    function: Option<String>,
    /// Maximum number of messages to read from each queue
    #[arg(long, global = true, value_name = "NUMBER", default_value_t = 1_000)]
    max: usize,
    /// Print one JSON object per line
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List failed records; their messages stay in the queue, hidden from other readers while they are read
    List,
    /// Put failed records back into their stream, oldest first, then delete their messages
    Redrive {
        /// Show what would be redriven, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Redrive the whole range where a message does not say which of its records failed
        #[arg(long)]
        whole_ranges: bool,
    },
}

/// Runs against `AWS_ENDPOINT_URL`, else AWS.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let aws = Aws::from_environment().await?;
    let urls = queue::find(&aws, args.queue.as_deref()).await?;
    anyhow::ensure!(!urls.is_empty(), "found no queue whose name ends with -dlq: name one with --queue");
    let mut found = Vec::new();
    for url in &urls {
        let received = queue::receive(&aws, url, args.max).await?;
        let (wanted, others): (Vec<_>, Vec<_>) = received.into_iter().partition(|received| {
            args.function.as_deref().is_none_or(|name| received.letter.function() == Some(name))
        });
        queue::release(&aws, url, &others).await;
        for received in wanted {
            let records = records::of(&aws, &received.letter).await;
            found.push(Candidate { url, received, found: records });
        }
    }
    // In stream order, so that records of one partition key keep their order.
    found.sort_by(|one, other| one.received.letter.place().cmp(&other.received.letter.place()));
    match args.action {
        Action::List => {
            for url in &urls {
                let of_queue: Vec<_> = found.iter().filter(|candidate| candidate.url == url).collect();
                print(url, &of_queue, args.json);
            }
            for Candidate { url, received, .. } in found {
                queue::release(&aws, url, &[received]).await;
            }
        }
        Action::Redrive { dry_run, whole_ranges } => {
            let settings = redrive::Settings { dry_run, whole_ranges, as_json: args.json };
            let kept = redrive::run(&aws, &urls, found, settings).await?;
            anyhow::ensure!(
                kept == 0,
                "{kept} messages were not redriven and stay in their queue: see the reasons above"
            );
        }
    }
    Ok(())
}

/// A message, its queue, and what was found of its records.
struct Candidate<'a> {
    url: &'a str,
    received: Received,
    found: anyhow::Result<Found>,
}

fn print(url: &str, found: &[&Candidate<'_>], as_json: bool) {
    if !as_json {
        let name = url.rsplit('/').next().unwrap_or(url);
        println!("{name}: {} message{}", found.len(), if found.len() == 1 { "" } else { "s" });
    }
    for Candidate { received, found: records, .. } in found {
        if as_json {
            println!("{}", as_value(url, received, records));
        } else {
            println!("  {}", received.letter.line());
            match records {
                Ok(Found::All(records)) => println!("    {} to redrive", count(records.len())),
                Ok(Found::More(records)) => println!(
                    "    the range has {}, more than failed; the message does not say which",
                    count(records.len())
                ),
                Err(error) => println!("    cannot be redriven: {error:#}"),
            }
        }
    }
}

fn as_value(url: &str, received: &Received, records: &anyhow::Result<Found>) -> Value {
    let (state, records) = match records {
        Ok(Found::All(records)) => ("available", json!(records)),
        Ok(Found::More(records)) => ("ambiguous", json!(records)),
        Err(error) => ("unavailable", json!(format!("{error:#}"))),
    };
    let message: Value = serde_json::from_str(&received.body).unwrap_or_else(|_| json!(received.body));
    json!({"queueUrl": url, "messageId": received.id, "message": message, "state": state, "records": records})
}

fn count(records: usize) -> String {
    format!("{records} record{}", if records == 1 { "" } else { "s" })
}
