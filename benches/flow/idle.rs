//! The emulator without load: time to start, memory at rest, memory of an idle connection.

use crate::Ours;
use anyhow::Context as _;
use serde_json::{Value, json};
use sluicegate_benches::args::Extent;
use sluicegate_benches::child::{Child, free_port, wait_for_port};
use sluicegate_benches::emulator::Order;
use sluicegate_benches::process::{Process, at_rest};
use sluicegate_benches::roles::start;
use sluicegate_benches::sluicegate_process::SluicegateProcess;
use sluicegate_benches::sockets;
use sluicegate_benches::summary::Spread;
use std::io::Write as _;
use std::process::Command;

pub const CONNECTIONS: usize = 10_000;
pub const STARTS: usize = 11;

pub struct Idle {
    pub start_ms: Spread,
    pub empty_mb: f64,
    /// The part of it that does not belong to the program's own file.
    pub anonymous_mb: f64,
    /// With the project's stack, before its first message, with what its deployment used.
    pub stack_mb: f64,
    pub connection_kb: f64,
    /// A connection of the bare echo server.
    pub bare_connection_kb: f64,
}

pub async fn measure(ours: &Ours, extent: Extent) -> anyhow::Result<Idle> {
    sockets::allow(CONNECTIONS)?;
    let (mut starts, mut empty, mut anonymous) = (Vec::new(), 0, 0);
    for _ in 0..extent.pick(STARTS, 3) {
        let port = free_port()?;
        let mut command = Command::new(&ours.sluicegate);
        command.args(["serve", "--quiet", "--port", &port.to_string()]);
        // The system may give a port that was just released to another process; then the start fails, and so does this.
        let mut child = Child::spawn("sluicegate serve", &mut command)?;
        starts.push(wait_for_port(&mut child, port)?.as_secs_f64() * 1_000.0);
        empty = at_rest(child.process()).await?;
        anonymous = child.process().anonymous_bytes()?;
    }
    let emulator = SluicegateProcess::start(&ours.sluicegate, &Order::of(&ours.echo)).await?;
    let stack = at_rest(emulator.process()).await?;
    // Another emulator, with a small package: freed memory of a large deployment would be reused first.
    let mut silent = tempfile::NamedTempFile::new()?;
    silent.write_all(b"#!/bin/sh\n")?;
    let emulator = SluicegateProcess::start(&ours.sluicegate, &Order::of(silent.path())).await?;
    let count = extent.pick(CONNECTIONS, 2_000);
    let connection_kb = per_connection_kb(emulator.process(), &emulator.uri, count).await?;
    let (bare, greeting): (_, Value) = start("websocket-echo", &json!(null))?;
    let uri = greeting["uri"].as_str().context("the greeting has no address")?;
    let bare_connection_kb = per_connection_kb(bare.process(), uri, count).await?;
    println!(
        "idle: {empty} bytes empty, {stack} with the stack; {connection_kb:.1} KB a connection, bare {bare_connection_kb:.1}"
    );
    Ok(Idle {
        start_ms: Spread::of(starts).context("nothing was started")?,
        empty_mb: empty as f64 / 1e6,
        anonymous_mb: anonymous as f64 / 1e6,
        stack_mb: stack as f64 / 1e6,
        connection_kb,
        bare_connection_kb,
    })
}

/// The first fifth of them does not count: it fills the process's free memory.
async fn per_connection_kb(server: Process, uri: &str, count: usize) -> anyhow::Result<f64> {
    let first = sockets::open(uri, count / 5).await?;
    let before = at_rest(server).await?;
    let counted = sockets::open(uri, count - first.len()).await?;
    let after = at_rest(server).await?;
    Ok(after.saturating_sub(before) as f64 / 1_024.0 / counted.len() as f64)
}
