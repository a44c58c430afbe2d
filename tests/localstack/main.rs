//! `just test-local`: `terraform/` on an emulator of its own, and the flow suite against it.
//!
//! The first line says which target and why; the last is `LocalStack: passed`, or why it did not run.

use futures_util::FutureExt as _;
use libtest_mimic::{Arguments, Completion, Conclusion, Trial};
use sluicegate_tests::endpoint::{Endpoint, TargetKind};
use sluicegate_tests::suite::CASES;
use sluicegate_tests::tier::choice::{Choice, Machine, Target, choose, why_not_localstack};
use sluicegate_tests::tier::{Deployed, arguments};
use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::signal::unix::{SignalKind, signal};

/// What a shell reports of a process that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let (asked, arguments) = match arguments::parse(std::env::args()) {
        Ok(parsed) => parsed,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::from(2);
        }
    };
    let machine = Machine::inspect();
    let choice = choose(asked, &machine);
    let outcome = match &choice {
        Choice::Run(target, reason) => {
            println!("\nplane: {} ({reason})", describe(*target));
            run(*target, arguments)
        }
        Choice::Skip(reason) => {
            println!("\nplane: none ({reason})");
            Outcome { kind: None, result: Ok(ignored(&arguments, reason)) }
        }
        Choice::Refuse(reason) => {
            println!("\nplane: none");
            Outcome { kind: None, result: Err(Failure::Broken(anyhow::anyhow!("{reason}"))) }
        }
    };
    let code = match &outcome.result {
        Ok(conclusion) => conclusion.exit_code(),
        Err(Failure::Broken(error)) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
        Err(Failure::Interrupted) => ExitCode::from(INTERRUPTED),
    };
    let _ = writeln!(
        std::io::stdout(),
        "LocalStack: {}",
        last_line(&outcome, &why_not_localstack(&choice, &machine))
    );
    code
}

/// What came of the tier.
struct Outcome {
    /// What it ran on, where it got so far.
    kind: Option<TargetKind>,
    result: Result<Conclusion, Failure>,
}

/// Why the suite did not come to its end.
enum Failure {
    Broken(anyhow::Error),
    Interrupted,
}

fn describe(target: Target) -> &'static str {
    match target {
        Target::LocalStack => "LocalStack",
        Target::Image => "the emulator's image",
        Target::Process => "the emulator's process",
        Target::Deployed => "a deployed stack",
    }
}

/// What is known of LocalStack after this run.
fn last_line(outcome: &Outcome, why_not: &str) -> String {
    match (outcome.kind, &outcome.result) {
        (_, Err(Failure::Interrupted)) => "not run (interrupted)".into(),
        (Some(TargetKind::LocalStack), Ok(conclusion)) if conclusion.has_failed() => {
            format!("failed ({} cases)", conclusion.num_failed)
        }
        (Some(TargetKind::LocalStack), Ok(conclusion)) if conclusion.num_filtered_out > 0 => {
            format!("not run (in part: {} cases were filtered out)", conclusion.num_filtered_out)
        }
        (Some(TargetKind::LocalStack), Ok(_)) => "passed".into(),
        (Some(TargetKind::LocalStack), Err(_)) => "failed".into(),
        _ => format!("not run ({why_not})"),
    }
}

/// Makes the stack, runs the suite and destroys the stack; Ctrl-C, SIGTERM and a terminal that is closed end it at any
/// point, and drop what was started.
fn run(target: Target, arguments: Arguments) -> Outcome {
    let runtime = match Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Outcome { kind: None, result: Err(Failure::Broken(error.into())) },
    };
    let outcome = runtime.block_on(async {
        tokio::select! {
            // A panic has dropped what was started by the time that it is caught.
            outcome = AssertUnwindSafe(tier(target, arguments)).catch_unwind() => outcome.unwrap_or_else(|_| {
                Outcome { kind: asked_for(target), result: Err(Failure::Broken(anyhow::anyhow!("the tier panicked, see above"))) }
            }),
            () = stop_signal() => {
                // The terminal may be what is gone.
                let _ = writeln!(std::io::stderr(), "\ninterrupted: removing what was started");
                Outcome { kind: None, result: Err(Failure::Interrupted) }
            }
        }
    });
    abandon(runtime);
    outcome
}

/// A case that was interrupted must not hold the process up.
fn abandon(runtime: Runtime) {
    runtime.shutdown_background();
}

/// What a run is about, although it may not get so far.
fn asked_for(target: Target) -> Option<TargetKind> {
    (target == Target::LocalStack).then_some(TargetKind::LocalStack)
}

async fn tier(target: Target, arguments: Arguments) -> Outcome {
    let deployed = match Deployed::make(target).await {
        Ok(deployed) => deployed,
        Err(error) => return Outcome { kind: asked_for(target), result: Err(Failure::Broken(error)) },
    };
    let kind = Some(deployed.endpoint.emulator);
    let trials = trials(&Arc::new(deployed.endpoint.clone()));
    let ran = tokio::task::spawn_blocking(move || libtest_mimic::run(&arguments, trials)).await;
    let result = match (ran, deployed.destroy().await) {
        (Ok(conclusion), Ok(())) => Ok(conclusion),
        (_, Err(error)) => Err(Failure::Broken(error)),
        (Err(error), _) => Err(Failure::Broken(error.into())),
    };
    Outcome { kind, result }
}

/// The suite's cases on a stack.
fn trials(endpoint: &Arc<Endpoint>) -> Vec<Trial> {
    let runtime = Handle::current();
    let trial = |case: &'static sluicegate_tests::suite::Case| {
        let (endpoint, runtime) = (Arc::clone(endpoint), runtime.clone());
        Trial::ignorable_test(case.name, move || match case.exception(endpoint.emulator) {
            Some(reason) => Ok(Completion::ignored_with(format!("on {}: {reason}", endpoint.emulator))),
            None => {
                runtime.block_on((case.run)(endpoint));
                Ok(Completion::Completed)
            }
        })
    };
    CASES.iter().map(trial).collect()
}

/// The suite's cases, each counted as ignored.
fn ignored(arguments: &Arguments, reason: &str) -> Conclusion {
    let trial = |case: &sluicegate_tests::suite::Case| {
        let reason = reason.to_owned();
        Trial::ignorable_test(case.name, move || Ok(Completion::ignored_with(reason)))
    };
    libtest_mimic::run(arguments, CASES.iter().map(trial).collect())
}

/// Ends at Ctrl-C, SIGTERM or the end of the terminal, which `just` and cargo may leave before this does.
async fn stop_signal() {
    let mut signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
    let [Ok(interrupt), Ok(terminate), Ok(hangup)] = &mut signals else {
        // Without handlers the process ends as any other does.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}
