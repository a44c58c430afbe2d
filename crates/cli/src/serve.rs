//! `sluicegate serve`: an empty plane, for Terraform, SDKs and the AWS CLI to fill.

use crate::dev::stop_signal;
use crate::plane_args::PlaneArgs;

/// Arguments of `serve`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    plane: PlaneArgs,
}

/// Runs until Ctrl-C or SIGTERM.
pub async fn run(args: Args) -> anyhow::Result<()> {
    args.plane.install_log();
    let plane = args.plane.start(args.plane.listen().await?).await?;
    println!(
        "An empty plane listens at {}; any credentials will do. In another terminal:",
        plane.endpoint_url()
    );
    println!("  export AWS_ENDPOINT_URL={} AWS_REGION=us-east-1", plane.endpoint_url());
    println!("  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local");
    println!("  terraform -chdir=terraform apply");
    stop_signal().await?;
    eprintln!("stopping");
    plane.stop().await;
    Ok(())
}
