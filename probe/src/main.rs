//! `cargo run -p probe`: one run of the probe.

use anyhow::{Context as _, bail};
use clap::Parser;
use probe::Options;
use probe::fixture::Outcome;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// The files in which the ledger's tests look for AWS's answers, and for the emulator's.
const AWS_ANSWERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/emulator/fidelity/probed.json");
const LOCAL_ANSWERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/emulator/fidelity/decided.json");

/// Ask AWS, or the emulator, what the fidelity ledger does not know
#[derive(Parser)]
#[command(name = "probe")]
struct Args {
    /// Endpoint of an emulator; without it, AWS is asked, with the keys in the environment
    #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL")]
    endpoint: Option<String>,
    /// File that the answers are written to [default: where the ledger's tests look for them]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Also ask questions that take hours: how idle and old connections are closed
    #[arg(long)]
    long: bool,
    /// Also ask about a custom domain: one that this account has a certificate for, and API Gateway does not have yet
    #[arg(long, value_name = "NAME", requires = "certificate_arn")]
    domain: Option<String>,
    /// ARN of the certificate for --domain, in ACM in the same region
    #[arg(long, value_name = "ARN", requires = "domain")]
    certificate_arn: Option<String>,
    /// Do not ask for confirmation before creating resources on AWS
    #[arg(long)]
    yes: bool,
    /// Only remove what an earlier run has left
    #[arg(long)]
    destroy: bool,
    /// Folder of Terraform's state and working files while it runs
    #[arg(long, default_value = ".probe", value_name = "DIR")]
    state: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> anyhow::Result<()> {
    let is_aws = args.endpoint.is_none();
    let endpoint = args.endpoint.filter(|endpoint| !endpoint.is_empty());
    let domain = args.domain.zip(args.certificate_arn);
    let region = std::env::var("AWS_REGION").ok().filter(|region| !region.is_empty());
    let options =
        Options { endpoint, region, state: args.state, long: args.long, domain, ..Options::default() };
    if args.destroy {
        return probe::remove(&options).await;
    }
    if is_aws && !args.yes && !confirmed()? {
        bail!("nothing was created");
    }
    let out = args.out.unwrap_or_else(|| PathBuf::from(if is_aws { AWS_ANSWERS } else { LOCAL_ANSWERS }));
    let (stopping, stop) = watch::channel(false);
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        loop {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {}, _ = hangup.recv() => {} }
            eprintln!("stopping: unfinished resources are completed and then removed, which takes minutes");
            stopping.send_replace(true);
        }
    });
    let fixture = probe::run(&options, stop).await?;
    fixture.write(&out)?;
    let asked = fixture.answers.iter().filter(|answer| matches!(answer.outcome, Outcome::Seen(_))).count();
    println!("{asked} of {} questions have an answer: {}", fixture.answers.len(), out.display());
    let failures = fixture.failures();
    if !failures.is_empty() {
        bail!("{} could not be asked:\n  {}", failures.len(), failures.join("\n  "));
    }
    Ok(())
}

fn confirmed() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("there is no terminal to ask at: give --yes to create the probe's resources on AWS");
    }
    println!(
        "This makes four WebSocket APIs, a stream of one shard with a consumer, three functions and two roles in\n\
         your AWS account, all named sluicegate-probe, asks for some minutes, and removes them: a few cents."
    );
    print!("Go on? [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
