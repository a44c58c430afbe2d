//! `sluicegate serve`: an empty plane, for Terraform, SDKs and the AWS CLI to fill.

use crate::dev::{listen, stop_signal};
use crate::flow_log;
use anyhow::Context as _;
use local::plane::{Plane, PlaneOptions};
use local::stream::WriteLimits;
use std::net::{IpAddr, SocketAddr};

/// Arguments of `serve`.
#[derive(clap::Args)]
pub struct Args {
    /// Port of the plane: AWS APIs, WebSockets and @connections alike
    #[arg(long, default_value_t = 4566, env = "SLUICEGATE_PORT")]
    port: u16,
    /// Address to listen on; anything but loopback opens the plane to the network
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    bind: IpAddr,
    /// Print warnings only, not a line per event
    #[arg(long, short)]
    quiet: bool,
    /// Lift each shard's write limit of 1 MiB and 1,000 records a second, for load tests
    #[arg(long)]
    no_write_limits: bool,
}

/// Runs until Ctrl-C or SIGTERM.
pub async fn run(args: Args) -> anyhow::Result<()> {
    flow_log::install(args.quiet);
    let listener = listen(SocketAddr::new(args.bind, args.port)).await?;
    let write_limits = if args.no_write_limits { WriteLimits::Lifted } else { WriteLimits::Enforced };
    let options = PlaneOptions { write_limits, ..PlaneOptions::default() };
    let plane = Plane::start(listener, options).await.context("cannot start the plane")?;
    println!(
        "An empty plane listens at {}; any credentials will do. In another terminal:",
        plane.endpoint_url()
    );
    println!("  export AWS_ENDPOINT_URL={} AWS_REGION=us-east-1", plane.endpoint_url());
    println!("  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local");
    println!("  terraform -chdir=terraform apply");
    println!("Everything is in memory and gone when this stops (Ctrl-C).");
    stop_signal().await?;
    eprintln!("stopping");
    plane.stop().await;
    Ok(())
}
