//! The `sluicegate` command: runs the emulator on this machine and talks to any target.

#[macro_use]
mod print;

mod access_args;
#[cfg(feature = "operator")]
mod aws;
mod bundle;
mod completions;
mod connect;
mod dev;
#[cfg(feature = "operator")]
mod dlq;
mod emulator_args;
mod entry;
mod estimate;
mod flow_log;
#[cfg(not(feature = "operator"))]
mod full_build;
mod functions;
mod go_live;
mod handshake_signature;
mod health;
mod load;
mod lossy;
mod new;
mod project;
mod serve;
mod stack;
mod stop;
#[cfg(feature = "operator")]
mod stream;
mod table;
#[cfg(feature = "operator")]
mod tail;
mod template;
mod tls;

use clap::{Parser, Subcommand};
#[cfg(not(feature = "operator"))]
use full_build::{self as dlq, self as tail};
use std::process::ExitCode;

/// Run and deploy real-time APIs on AWS: API Gateway WebSocket, Kinesis and Rust functions.
#[derive(Parser)]
#[command(version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the functions and run the whole stack in an emulator on this machine
    Dev(dev::Args),
    /// Run an empty emulator for Terraform, SDKs and the AWS CLI
    Serve(serve::Args),
    /// Check that the emulator on this machine is running (exit code 1 if not)
    Health(health::Args),
    /// Connect to a WebSocket API and send each input line as a message
    Connect(connect::Args),
    /// Create a function: source, test and tfvars entry
    New(new::Args),
    /// Render a mapping template without deploying it
    Template(template::Args),
    /// Send load to an API, check every reply and report latencies
    Load(load::Args),
    /// Estimate the capacity, quota use and monthly cost of a workload on AWS
    Estimate(estimate::Args),
    /// List failed records in dead-letter queues, or redrive them into the stream
    Dlq(dlq::Args),
    /// Show the events of a stream as they pass
    Tail(tail::Args),
    /// Build everything a deployment needs into one folder, or verify such a folder
    Bundle(bundle::Args),
    /// Plan, deploy, check or destroy the stack of a bundle
    Stack(stack::Args),
    /// Try a stack on AWS for the first time: probe, deploy, check, destroy, and write a report
    GoLive(go_live::Args),
    /// Print a shell completion script
    Completions(completions::Args),
}

/// Parses the arguments and runs the command.
pub fn main() -> ExitCode {
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
            Command::Serve(args) => serve::run(args).await,
            Command::Health(args) => health::run(args).await,
            Command::Connect(args) => connect::run(args).await,
            Command::New(args) => new::run(&args),
            Command::Template(args) => template::run(&args),
            Command::Load(args) => load::run(args).await,
            Command::Estimate(args) => estimate::run(&args),
            Command::Dlq(args) => dlq::run(args).await,
            Command::Tail(args) => tail::run(args).await,
            Command::Bundle(args) => bundle::run(&args),
            Command::Stack(args) => stack::run(args).await,
            Command::GoLive(args) => go_live::run(args).await,
            Command::Completions(args) => completions::run(&args),
        }
    });
    // A blocked read of the terminal must not keep the process alive.
    runtime.shutdown_background();
    let code = match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    };
    print::finish();
    code
}
