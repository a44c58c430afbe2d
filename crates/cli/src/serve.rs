//! `sluicegate serve`: an empty plane, for Terraform, SDKs and the AWS CLI to fill.

use crate::plane_args::{PlaneArgs, greet};
use crate::stop::StopSignals;

/// Arguments of `serve`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    plane: PlaneArgs,
}

/// Runs until Ctrl-C, SIGTERM or SIGHUP.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let mut signals = StopSignals::listen()?;
    args.plane.install_log()?;
    let listener = args.plane.listen().await?;
    let plane = tokio::select! {
        plane = args.plane.start(listener) => plane?,
        () = signals.next() => return Ok(()),
    };
    let url = plane.endpoint_url();
    greet(&format!(
        "An empty plane listens at {url}; any keys will do, but calls must be signed. In another terminal:\n  \
         export AWS_ENDPOINT_URL={url} AWS_REGION=us-east-1\n  \
         export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local\n  \
         terraform -chdir=terraform apply"
    ));
    signals.next().await;
    signals.stop(&plane).await
}
