//! The `sluicegate` command: runs the plane on this machine and talks to any plane.

mod connect;
mod dev;
mod flow_log;
mod functions;
mod plan;
mod project;
mod table;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Real-time, event-driven APIs on AWS: WebSocket in, Kinesis between, Rust functions behind.
#[derive(Parser)]
#[command(version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the functions and run the whole plane on this machine
    Dev(dev::Args),
    /// Open a WebSocket and talk: a line in is a message out
    Connect(connect::Args),
    /// Tell what a load needs, hits and costs on AWS
    Plan(plan::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: failed to start the runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Dev(args) => dev::run(args).await,
            Command::Connect(args) => connect::run(args).await,
            Command::Plan(args) => plan::run(&args),
        }
    });
    // A blocked read of the terminal must not hold the process up.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
