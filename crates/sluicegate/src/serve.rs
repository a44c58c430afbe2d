//! `sluicegate serve`: an empty emulator, for Terraform, SDKs and the AWS CLI to fill.

use crate::emulator_args::{EmulatorArgs, greet};
use crate::stop::StopSignals;
use emulator::storage::Repair;
use std::path::Path;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    emulator: EmulatorArgs,
    /// Report what can be recovered from a damaged --data-dir, then exit; with =apply, repair it
    ///
    /// Recovers every record, definition and checkpoint that is intact. Damaged bytes are moved to files named after
    /// their segment and position, such as 0000000000000001.cut-4711. Without =apply, nothing is changed.
    #[arg(
        long, value_name = "apply", requires = "data_dir",
        num_args = 0..=1, require_equals = true, default_missing_value = "look"
    )]
    repair: Option<RepairStep>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RepairStep {
    /// Report what can be recovered.
    Look,
    /// Repair the folder.
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
    let account = emulator.account();
    let which =
        if account.region.known().is_some() { "" } else { " # or another region: the first call decides" };
    greet(&format!(
        "Empty emulator listening at {url}; calls must be signed, any credentials work. In another terminal:\n  \
         export AWS_ENDPOINT_URL={url} AWS_REGION={}{which}\n  \
         export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local\n  \
         terraform -chdir=terraform apply",
        account.region()
    ));
    signals.next().await;
    signals.stop(&emulator).await
}

/// Reports what can be recovered from a data folder; repairs it with `=apply`.
fn repair(folder: &Path, step: RepairStep) -> anyhow::Result<()> {
    let repair = Repair::look(folder)?;
    greet(&repair.to_string());
    if repair.is_whole() {
        return Ok(());
    }
    if step == RepairStep::Look {
        greet("nothing was changed; run with --repair=apply to repair");
        return Ok(());
    }
    for kept in repair.apply()? {
        greet(&format!("moved damaged data to {}", kept.display()));
    }
    greet("repaired");
    Ok(())
}
