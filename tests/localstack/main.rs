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
use sluicegate_tests::tier::places::Half;
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
    if let Some(half) = plan.half.clone().filter(|_| !is_interrupted) {
        ran.push(run_half(half, &arguments));
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

/// Runs the half on the open LocalStack, at the first place where it can be installed.
fn run_half(half: Half, arguments: &libtest_mimic::Arguments) -> Ran {
    let is_named = half.is_named;
    let (what, outcome) = match half.settle(localstack_open::install) {
        Ok((place, why_not_others)) => {
            let what = report::half(Some(place), &why_not_others);
            println!("\ntarget: {what}");
            let outcome = interruption::run(|interruption| half::run(place, arguments.clone(), interruption));
            (what, outcome)
        }
        Err(reasons) => {
            let reason = reasons.join("; ");
            println!("\nTHE OPEN LOCALSTACK DOES NOT RUN: {reason}");
            let outcome = if is_named {
                Outcome::Broken(anyhow::anyhow!(reason))
            } else {
                skip(&reason, half::names(), arguments)
            };
            (report::half(None, &[]), outcome)
        }
    };
    Ran { what, outcome }
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
