//! What a benchmark's own program does as another process: it plays a peer or a function.
//!
//! A peer in the clients' process would share their runtime, and its memory could not be measured separately.

mod echo_server;
mod function;
mod hostile_clients;
mod idle_crowd;
mod kinesis_server;

pub use function::FILLING;
pub use hostile_clients::Abuse;
pub use idle_crowd::IdleOrder;

use crate::child::Child;
use anyhow::{Context as _, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::process::Command;
use tokio::io::AsyncReadExt as _;

const ROLE: &str = "SLUICEGATE_BENCH_ROLE";
const ORDER: &str = "SLUICEGATE_BENCH_ORDER";

/// Plays the role that this process was started for, if any. Call it before anything else.
pub fn play() -> anyhow::Result<bool> {
    let Ok(role) = std::env::var(ROLE) else { return Ok(false) };
    match role.as_str() {
        "websocket-echo" => threads()?.block_on(echo_server::run())?,
        "hostile-clients" => threads()?.block_on(hostile_clients::run(order()?))?,
        "idle-crowd" => threads()?.block_on(idle_crowd::run(order()?))?,
        "kinesis" => threads()?.block_on(kinesis_server::run())?,
        "hop" => function::note_arrivals(&order::<String>()?)?,
        "echo" => function::echo(order()?)?,
        other => bail!("unknown role {other}"),
    }
    Ok(true)
}

pub fn start<O: Serialize, A: DeserializeOwned>(role: &str, order: &O) -> anyhow::Result<(Child, A)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env(ROLE, role).env(ORDER, serde_json::to_string(order)?);
    let (child, greeting) = Child::spawn_greeting(role, &mut command)?;
    Ok((child, serde_json::from_value(greeting).context("unexpected greeting of a role")?))
}

/// A script for a function's `bootstrap`: this program in a role.
pub fn bootstrap<O: Serialize>(role: &str, order: &O) -> anyhow::Result<String> {
    let program = std::env::current_exe()?;
    let order = serde_json::to_string(order)?;
    anyhow::ensure!(!order.contains('\''), "the order must not contain single quotes");
    Ok(format!("#!/bin/sh\nexport {ROLE}={role} {ORDER}='{order}'\nexec '{}'\n", program.display()))
}

fn order<O: DeserializeOwned>() -> anyhow::Result<O> {
    let order = std::env::var(ORDER).with_context(|| format!("{ORDER} is not set"))?;
    serde_json::from_str(&order).context("cannot parse the order")
}

pub(crate) fn threads() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// Reports to the parent that the role is ready.
fn greet(answer: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(answer)?);
    Ok(())
}

/// Waits until the parent has closed this process's input, on purpose or by its end.
async fn parent_left() {
    let mut input = tokio::io::stdin();
    while let Ok(1..) = input.read(&mut [0; 64]).await {}
}
