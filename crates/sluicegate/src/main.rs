//! The `sluicegate` command: runs the emulator on this machine and talks to any target.

#[macro_use]
mod print;

mod access_args;
mod aws;
mod bundle;
mod completions;
mod connect;
mod dev;
mod dlq;
mod emulator_args;
mod estimate;
mod flow_log;
mod functions;
mod health;
mod load;
mod lossy;
mod new;
mod project;
mod serve;
mod stack;
mod stop;
mod table;
mod template;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// An emulator keeps millions of small records, among which glibc's allocator takes the longer the more there are: figures in
/// PERFORMANCE.md, under how cost grows.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Real-time, event-driven APIs on AWS: WebSocket in, Kinesis between, Rust functions behind.
#[derive(Parser)]
#[command(version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the functions and run the whole emulator on this machine
    Dev(dev::Args),
    /// Run an empty emulator, for Terraform, SDKs and the AWS CLI to fill
    Serve(serve::Args),
    /// Ask the emulator on this machine whether it runs; exits with 1 where it does not
    Health(health::Args),
    /// Open a WebSocket and talk: a line in is a message out
    Connect(connect::Args),
    /// Add a function: its folder, its test and its entry in the tfvars
    New(new::Args),
    /// Render a mapping template, to try it without deploying
    Template(template::Args),
    /// Put load on an emulator, check every answer and tell how long they took
    Load(load::Args),
    /// Tell what a load needs, hits and costs on AWS
    Estimate(estimate::Args),
    /// Show what functions could not handle, or put it back into the stream
    Dlq(dlq::Args),
    /// Lay out all that a deployment needs in one folder, or check such a folder
    Bundle(bundle::Args),
    /// Plan, deploy, check, read or destroy the stack of a bundle
    Stack(stack::Args),
    /// Print a completion script for bash, zsh, fish or another shell
    Completions(completions::Args),
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
            Command::Serve(args) => serve::run(args).await,
            Command::Health(args) => health::run(args).await,
            Command::Connect(args) => connect::run(args).await,
            Command::New(args) => new::run(&args),
            Command::Template(args) => template::run(&args),
            Command::Load(args) => load::run(args).await,
            Command::Estimate(args) => estimate::run(&args),
            Command::Dlq(args) => dlq::run(args).await,
            Command::Bundle(args) => bundle::run(&args),
            Command::Stack(args) => stack::run(args).await,
            Command::Completions(args) => completions::run(&args),
        }
    });
    // A blocked read of the terminal must not hold the process up.
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
