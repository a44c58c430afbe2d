//! `sluicegate serve`: an empty emulator, for Terraform, SDKs and the AWS CLI to fill.

use crate::emulator_args::{EmulatorArgs, greet};
use crate::stop::StopSignals;
use emulator::storage::Repair;
use std::path::Path;

/// Arguments of `serve`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    emulator: EmulatorArgs,
    /// Say what can be saved of a damaged --data-dir, and end; with =apply, save it
    ///
    /// Every record, definition and checkpoint is saved whose bytes are whole. What is not is kept beside it in files
    /// named after their segment and position, such as 0000000000000001.cut-4711. Nothing is changed without =apply.
    #[arg(
        long, value_name = "apply", requires = "data_dir",
        num_args = 0..=1, require_equals = true, default_missing_value = "look"
    )]
    repair: Option<RepairStep>,
}

/// What `--repair` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RepairStep {
    /// Say what could be saved.
    Look,
    /// Save it.
    Apply,
}

/// Runs until Ctrl-C, SIGTERM or SIGHUP.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let mut signals = StopSignals::listen()?;
    args.emulator.install_log()?;
    if let (Some(step), Some(folder)) = (args.repair, args.emulator.data_dir()) {
        return repair(folder, step);
    }
    let listener = args.emulator.listen().await?;
    let emulator = tokio::select! {
        emulator = args.emulator.start(listener, false) => emulator?,
        () = signals.next() => return Ok(()),
    };
    let url = emulator.endpoint_url();
    greet(&format!(
        "An empty emulator listens at {url}; any keys will do, but calls must be signed. In another terminal:\n  \
         export AWS_ENDPOINT_URL={url} AWS_REGION=us-east-1\n  \
         export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local\n  \
         terraform -chdir=terraform apply"
    ));
    signals.next().await;
    signals.stop(&emulator).await
}

/// Says what can be saved of a data folder, and saves it if that was asked for.
fn repair(folder: &Path, step: RepairStep) -> anyhow::Result<()> {
    let repair = Repair::look(folder)?;
    greet(&repair.to_string());
    if repair.is_whole() {
        return Ok(());
    }
    if step == RepairStep::Look {
        greet("nothing was changed; --repair=apply does this");
        return Ok(());
    }
    for kept in repair.apply()? {
        greet(&format!("kept what cannot be saved in {}", kept.display()));
    }
    greet("repaired");
    Ok(())
}
