//! `just test-local`: `terraform/` on an emulator of its own and the flow suite against it, and the half behind the
//! stream on the open LocalStack.
//!
//! The first lines say which target and why; the last says what ran where, and what did not and why.

mod half;
mod interruption;
mod report;
mod whole;

use interruption::Interruption;
use libtest_mimic::{Completion, Conclusion, Trial};
use report::{Outcome, Ran};
use sluicegate_tests::tier::arguments;
use sluicegate_tests::tier::choice::{Choice, Machine, plan, why_not_localstack};
use sluicegate_tests::tier::localstack_open;
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let (asked, arguments) = match arguments::parse(std::env::args()) {
        Ok(parsed) => parsed,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::from(2);
        }
    };
    let machine = Machine::inspect();
    let plan = plan(asked, &machine);
    let mut ran = Vec::new();
    if let Some(choice) = &plan.whole {
        let what = report::whole(choice);
        let outcome = match choice {
            Choice::Run(target, reason) => {
                println!("\ntarget: {what} ({reason})");
                interruption::run(|interruption| whole::run(*target, arguments.clone(), interruption))
            }
            Choice::Skip(reason) => skip(reason, whole::names(), &arguments),
            Choice::Refuse(reason) => Outcome::Broken(anyhow::anyhow!("{reason}")),
        };
        ran.push(Ran { what, outcome });
    }
    let is_interrupted = ran.iter().any(|ran| matches!(ran.outcome, Outcome::Interrupted));
    if let Some(can_run) = plan.half.clone().filter(|_| !is_interrupted) {
        let what = report::half();
        let outcome = match can_run.and_then(|()| localstack_open::install()) {
            Ok(()) => {
                println!("\ntarget: {what}");
                interruption::run(|interruption| half::run(arguments.clone(), interruption))
            }
            Err(reason) => {
                println!("\nTHE OPEN LOCALSTACK DOES NOT RUN: {reason}");
                skip(&reason, half::names(), &arguments)
            }
        };
        ran.push(Ran { what, outcome });
    }
    for Ran { outcome, .. } in &ran {
        if let Outcome::Broken(error) = outcome {
            eprintln!("error: {error:#}");
        }
    }
    // The terminal may be gone.
    let _ = writeln!(std::io::stdout(), "{}", report::last_line(&ran, &why_not_localstack(&plan, &machine)));
    report::exit_code(&ran)
}

/// Cases that cannot run, each counted as ignored.
fn skip(
    reason: &str,
    names: impl Iterator<Item = &'static str>,
    arguments: &libtest_mimic::Arguments,
) -> Outcome {
    let trial = |name: &str| {
        let reason = reason.to_owned();
        Trial::ignorable_test(name, move || Ok(Completion::ignored_with(reason)))
    };
    let _all_ignored = libtest_mimic::run(arguments, names.map(trial).collect());
    Outcome::Skipped(reason.to_owned())
}

/// Runs cases to their end, off the runtime's threads.
async fn run_cases(arguments: libtest_mimic::Arguments, trials: Vec<Trial>) -> anyhow::Result<Conclusion> {
    Ok(tokio::task::spawn_blocking(move || libtest_mimic::run(&arguments, trials)).await?)
}

/// Runs one case on the runtime that began it, unless it is interrupted.
fn case(
    runtime: &tokio::runtime::Handle,
    interruption: Interruption,
    case: impl Future<Output = ()>,
) -> Result<Completion, libtest_mimic::Failed> {
    runtime.block_on(async {
        tokio::select! {
            () = case => Ok(Completion::Completed),
            () = interruption.comes() => Err("interrupted".into()),
        }
    })
}
