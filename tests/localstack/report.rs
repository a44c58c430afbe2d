//! What ran where, in one line, and the exit code.

use libtest_mimic::Conclusion;
use sluicegate_tests::tier::choice::{Choice, Target};
use sluicegate_tests::tier::localstack_open::VERSION;
use sluicegate_tests::tier::places::Place;
use std::process::ExitCode;

/// What a shell reports of a process that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// What came of a tier.
pub enum Outcome {
    /// Its cases ran, or those that were not filtered out.
    Concluded(Conclusion),
    /// It cannot run here.
    Skipped(String),
    /// It could not be made, or not be removed.
    Broken(anyhow::Error),
    Interrupted,
}

/// A tier that was to run.
pub struct Ran {
    /// Which cases, and where.
    pub what: String,
    pub outcome: Outcome,
}

pub fn whole(choice: &Choice) -> String {
    let target = match choice {
        Choice::Run(Target::LocalStack, _) => "LocalStack's licensed image",
        Choice::Run(Target::Image, _) => "the emulator's image",
        Choice::Run(Target::Process, _) => "the emulator's process",
        Choice::Run(Target::Deployed, _) => "a deployed stack",
        Choice::Skip(_) | Choice::Refuse(_) => "no target",
    };
    format!("the whole flow on {target}")
}

/// Where it runs, if it does, and why it does not run elsewhere.
pub fn half(place: Option<Place>, why_not_elsewhere: &[String]) -> String {
    let place = match place {
        Some(Place::Image) => " in an image of ours",
        Some(Place::Process) => " as a process",
        None => "",
    };
    let what =
        format!("stream and functions on the open LocalStack {VERSION}{place} with our own runtime executor");
    match why_not_elsewhere {
        [] => what,
        reasons => format!("{what} (not in an image: {})", reasons.join("; ")),
    }
}

impl Outcome {
    fn words(&self) -> String {
        match self {
            Self::Concluded(conclusion) if conclusion.has_failed() => {
                format!("failed ({} cases)", conclusion.num_failed)
            }
            Self::Concluded(conclusion) if conclusion.num_filtered_out > 0 => {
                format!("passed in part ({} cases were filtered out)", conclusion.num_filtered_out)
            }
            Self::Concluded(_) => "passed".into(),
            Self::Skipped(reason) => format!("not run ({reason})"),
            Self::Broken(_) => "failed".into(),
            Self::Interrupted => "not run (interrupted)".into(),
        }
    }
}

/// All of them, and LocalStack's licensed image where it was none of them.
pub fn last_line(ran: &[Ran], why_not_licensed: &str) -> String {
    let mut parts: Vec<_> = ran.iter().map(|ran| format!("{}: {}", ran.what, ran.outcome.words())).collect();
    let licensed = "LocalStack's licensed image";
    if !parts.iter().any(|part| part.contains(licensed)) {
        parts.push(format!("{licensed}: not run ({why_not_licensed})"));
    }
    parts.join("; ")
}

/// Fails where one of them did.
pub fn exit_code(ran: &[Ran]) -> ExitCode {
    let failed = |ran: &Ran| match &ran.outcome {
        Outcome::Concluded(conclusion) => conclusion.has_failed(),
        Outcome::Broken(_) => true,
        Outcome::Skipped(_) | Outcome::Interrupted => false,
    };
    if ran.iter().any(|ran| matches!(ran.outcome, Outcome::Interrupted)) {
        ExitCode::from(INTERRUPTED)
    } else if ran.iter().any(failed) {
        ExitCode::from(101)
    } else {
        ExitCode::SUCCESS
    }
}
