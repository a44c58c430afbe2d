//! `sluicegate serve`: an empty plane, for Terraform, SDKs and the AWS CLI to fill.

use crate::plane_args::{PlaneArgs, greet};
use crate::stop::stop_signal;

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
    let url = plane.endpoint_url();
    greet(&format!(
        "An empty plane listens at {url}; any keys will do, but calls must be signed. In another terminal:\n  \
         export AWS_ENDPOINT_URL={url} AWS_REGION=us-east-1\n  \
         export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local\n  \
         terraform -chdir=terraform apply"
    ));
    stop_signal().await?;
    eprintln!("stopping");
    plane.stop().await;
    Ok(())
}
