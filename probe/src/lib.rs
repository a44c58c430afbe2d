//! Asks AWS what the fidelity ledger does not know, for cents, and writes the answers into a file that the ledger's
//! tests read. The emulator gets the same questions, so that the two can be compared.

mod ask;
mod aws;
mod client;
pub mod fixture;
pub mod frame;
mod questions;
pub mod raw;
mod redact;
mod seen;
mod stack;
mod terraform;

use anyhow::{Context as _, bail};
use aws::Aws;
use fixture::{Fixture, Outcome};
use futures_util::StreamExt as _;
use serde_json::json;
use signed_http::{Keys, credentials};
use stack::Stack;
use std::path::PathBuf;
use std::sync::Arc;
use terraform::Terraform;
use tokio::sync::watch;

/// Questions that are asked concurrently.
const AT_ONCE: usize = 8;

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The emulator's endpoint; without one, AWS.
    pub endpoint: Option<String>,
    /// The emulator's region; without one, us-east-1.
    pub region: Option<String>,
    /// Folder of Terraform's state and working files. It is removed after a run that could remove everything else.
    pub state: PathBuf,
    /// Whether to ask questions that take hours.
    pub long: bool,
    /// A custom domain that API Gateway does not have yet, and the ARN of its certificate.
    pub domain: Option<(String, String)>,
    /// Variables for Terraform, besides the caller's own.
    pub environment: Vec<(String, String)>,
}

/// Becomes true when the run should end.
pub type Stop = watch::Receiver<bool>;

/// Applies the configuration, asks all questions, and destroys everything again, even if asking fails or is stopped.
/// Reports its progress to standard error.
pub async fn run(options: &Options, stop: Stop) -> anyhow::Result<Fixture> {
    let terraform = terraform(options)?;
    if terraform.has_state() {
        eprintln!("an earlier run has left something in {}: it is removed first", options.state.display());
        remove(options).await?;
    }
    run_new(options, stop).await
}

async fn run_new(options: &Options, stop: Stop) -> anyhow::Result<Fixture> {
    let terraform = terraform(options)?;
    terraform.init().await?;
    let outcome = apply_and_ask(options, &terraform, stop).await;
    eprintln!("removing everything");
    let removed = terraform.destroy().await.with_context(|| {
        format!(
            "SOMETHING IS LEFT, and costs money on AWS: run the probe with --destroy; its state is in {}",
            options.state.display()
        )
    });
    match (outcome, removed) {
        (outcome, Ok(())) => outcome,
        (Ok(_), Err(left)) => Err(left),
        (Err(error), Err(left)) => Err(left.context(format!("{error:#}"))),
    }
}

/// Destroys what an earlier run has left.
pub async fn remove(options: &Options) -> anyhow::Result<()> {
    let terraform = terraform(options)?;
    terraform.init().await?;
    terraform.destroy().await
}

fn terraform(options: &Options) -> anyhow::Result<Terraform> {
    let terraform = Terraform::prepare(&options.state)?.with(options.environment.clone());
    Ok(match &options.endpoint {
        Some(endpoint) => terraform.at(endpoint, &keys(options)?),
        None => terraform,
    })
}

/// An emulator accepts any keys.
fn keys(options: &Options) -> anyhow::Result<Keys> {
    if options.endpoint.is_some() {
        return Ok(Keys {
            region: options.region.clone().unwrap_or_else(|| "us-east-1".into()),
            access_key_id: "probe".into(),
            secret_access_key: "probe".into(),
            session_token: None,
        });
    }
    credentials::read(&|name| std::env::var(name).ok()).map_err(|error| anyhow::anyhow!(error))
}

async fn apply_and_ask(options: &Options, terraform: &Terraform, mut stop: Stop) -> anyhow::Result<Fixture> {
    let is_aws = options.endpoint.is_none();
    let keys = keys(options)?;
    let mut values = questions::values();
    values.insert("lambda_integration".into(), json!(is_aws));
    values
        .insert("architecture".into(), json!(if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }));
    eprintln!("applying the probe's configuration");
    // Never dropped half-way: its resources must be in the state.
    let refused = terraform.apply(values).await?;
    if *stop.borrow() {
        bail!("stopped");
    }
    let outputs = terraform.outputs().await?;
    let aws = Aws::new(&keys, options.endpoint.as_deref())?;
    let mut stack = Stack::new(aws, &outputs, is_aws, options.long, refused)?;
    stack.domain.clone_from(&options.domain);
    let stack = Arc::new(stack);
    // In a task of its own, so that after a panic the configuration is still destroyed.
    let mut asking = tokio::spawn(ask_all(stack.clone()));
    let answers = tokio::select! {
        answers = &mut asking => answers.context("asking broke down")??,
        _ = stop.wait_for(|stop| *stop) => {
            asking.abort();
            bail!("stopped");
        }
    };
    let date = emulator::core::clock::iso_8601(emulator::core::clock::now_ms());
    let date = date.split('T').next().map(str::to_owned);
    Ok(Fixture {
        target: if is_aws { "aws" } else { "emulator" }.to_owned(),
        date: date.filter(|_| is_aws),
        region: is_aws.then_some(stack.region.clone()),
        answers,
    })
}

async fn ask_all(stack: Arc<Stack>) -> anyhow::Result<Vec<fixture::Answer>> {
    eprintln!("waiting until the new roles and mappings work");
    stack.ready().await?;
    let questions = questions::all();
    eprintln!("asking {} questions", questions.len());
    let answers = futures_util::stream::iter(questions).map(|question| ask_one(stack.clone(), question));
    Ok(answers.buffered(AT_ONCE).collect().await)
}

async fn ask_one(stack: Arc<Stack>, question: questions::Question) -> fixture::Answer {
    let answer = ask::ask(&stack, &question).await;
    match &answer.outcome {
        Outcome::Seen(_) => eprintln!("  ok  {}", answer.id),
        Outcome::NotAsked(why) => eprintln!("  --  {}: not asked: {why}", answer.id),
        Outcome::Failed(why) => eprintln!("  !!  {}: {why}", answer.id),
    }
    answer
}
