//! `sluicegate faults`: shows what functions could not handle, and puts it back into the stream.
//!
//! A function's dead-letter queue holds two kinds of messages: whole records, from the function itself, and pointers into
//! the stream, from its event source mapping. What a message says is read in [`message`], without I/O.

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
    /// The queue, by URL or name; by default every queue whose name ends with -faults
    #[arg(long, global = true, value_name = "QUEUE")]
    queue: Option<String>,
    /// Only what this function failed at
    #[arg(long, global = true, value_name = "NAME")]
    function: Option<String>,
    /// Messages at most, of each queue
    #[arg(long, global = true, value_name = "NUMBER", default_value_t = 1_000)]
    max: usize,
    /// Print JSON, one object a line, for scripts
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Show what failed; nothing is changed, and nothing is hidden from others for longer than it takes
    List,
    /// Put failed records back into their stream, oldest first, and delete a message once all its records are there
    Redrive {
        /// Say what would be put back, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Put back every record between a message's two ends, where it does not tell which of them failed
        #[arg(long)]
        whole_ranges: bool,
    },
}

/// Runs against the emulator that `AWS_ENDPOINT_URL` names, else AWS.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let aws = Aws::from_environment()?;
    let urls = queue::find(&aws, args.queue.as_deref()).await?;
    anyhow::ensure!(!urls.is_empty(), "no queue's name ends with -faults here: name one with --queue");
    let mut found = Vec::new();
    for url in &urls {
        let received = queue::receive(&aws, url, args.max).await?;
        let (wanted, others): (Vec<_>, Vec<_>) = received.into_iter().partition(|received| {
            args.function.as_deref().is_none_or(|name| received.fault.function() == Some(name))
        });
        queue::release(&aws, url, &others).await;
        for received in wanted {
            let records = records::of(&aws, &received.fault).await;
            found.push(Candidate { url, received, found: records });
        }
    }
    // As the stream had them, so that what goes back keeps its order within a partition key.
    found.sort_by(|one, other| one.received.fault.place().cmp(&other.received.fault.place()));
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
            anyhow::ensure!(kept == 0, "{kept} messages stay in their queue: see above");
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
            println!("  {}", received.fault.line());
            match records {
                Ok(Found::All(records)) => println!("    {} to put back", count(records.len())),
                Ok(Found::More(records)) => println!(
                    "    {} lie in its range, more than failed; which ones the message does not tell",
                    count(records.len())
                ),
                Err(error) => println!("    cannot be put back: {error:#}"),
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
