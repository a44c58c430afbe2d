//! Which emulator the tier runs on, and why: decided from what the machine has, in one place, without touching it.

use super::arguments::Requested;
use std::env;

/// The variable that holds LocalStack's licence.
pub const TOKEN: &str = "LOCALSTACK_AUTH_TOKEN";
/// The variable that holds the address of a stack that is deployed already.
pub const DEPLOYED: &str = "SLUICEGATE_WEBSOCKET_URI";

/// An emulator to run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    LocalStack,
    Image,
    Process,
    Deployed,
}

/// What there is to run on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Whether there is a licence for LocalStack.
    pub has_token: bool,
    /// Whether a Docker engine answers; what it said instead, where none does.
    pub docker: Result<(), String>,
    pub has_terraform: bool,
    /// Whether the environment names a deployed stack.
    pub has_deployed: bool,
}

impl Machine {
    /// Looks around.
    pub fn inspect() -> Self {
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        Self {
            has_token: is_set(TOKEN),
            docker: super::docker::engine(),
            has_terraform: super::terraform::is_installed(),
            has_deployed: is_set(DEPLOYED),
        }
    }
}

/// What is done, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The suite runs.
    Run(Target, String),
    /// The suite counts as ignored.
    Skip(String),
    /// The emulator that was asked for cannot run: a failure.
    Refuse(String),
}

/// Chooses. `Auto` takes the most real emulator that can run; any other name is that emulator or a failure.
pub fn choose(asked: Requested, machine: &Machine) -> Choice {
    use Choice::{Refuse, Run, Skip};
    let no_terraform = || "terraform is not installed".to_owned();
    let no_token = || format!("{TOKEN} is not set");
    let no_docker = |error: &str| format!("no running Docker engine found: {error}");
    match asked {
        Requested::Nothing => Skip("no emulator was asked for; `just test-local` asks".into()),
        Requested::Deployed if machine.has_deployed => Run(Target::Deployed, format!("{DEPLOYED} names it")),
        Requested::Deployed => Refuse(format!("{DEPLOYED} is not set: the output websocket_uri of a stack")),
        Requested::Auto if !machine.has_terraform => Skip(no_terraform()),
        _ if !machine.has_terraform => Refuse(no_terraform()),
        Requested::Process => Run(Target::Process, "it was asked for".into()),
        Requested::Auto => match (&machine.docker, machine.has_token) {
            (Ok(()), true) => Run(Target::LocalStack, format!("{TOKEN} is set")),
            (Ok(()), false) => Run(Target::Image, no_token()),
            (Err(error), _) => Run(Target::Process, no_docker(error)),
        },
        Requested::LocalStack if !machine.has_token => Refuse(no_token()),
        Requested::LocalStack | Requested::Image => match (&machine.docker, asked) {
            (Err(error), _) => Refuse(no_docker(error)),
            (Ok(()), Requested::LocalStack) => Run(Target::LocalStack, "it was asked for".into()),
            (Ok(()), _) => Run(Target::Image, "it was asked for".into()),
        },
    }
}

/// Why LocalStack did not run, where another target did.
pub fn why_not_localstack(choice: &Choice, machine: &Machine) -> String {
    match (choice, &machine.docker) {
        (Choice::Skip(reason) | Choice::Refuse(reason), _) => reason.clone(),
        (Choice::Run(..), _) if !machine.has_token => format!("{TOKEN} is not set"),
        (Choice::Run(..), Err(error)) => format!("no running Docker engine found: {error}"),
        (Choice::Run(..), Ok(())) => "another target was asked for".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Machine =
        Machine { has_token: true, docker: Ok(()), has_terraform: true, has_deployed: true };

    fn target(asked: Requested, machine: &Machine) -> Option<Target> {
        match choose(asked, machine) {
            Choice::Run(target, _) => Some(target),
            Choice::Skip(_) | Choice::Refuse(_) => None,
        }
    }

    #[test]
    fn auto_takes_the_most_real_emulator_that_can_run() {
        let no_token = Machine { has_token: false, ..FULL };
        let no_docker = Machine { docker: Err("refused".into()), ..FULL };
        assert_eq!(target(Requested::Auto, &FULL), Some(Target::LocalStack));
        assert_eq!(target(Requested::Auto, &no_token), Some(Target::Image));
        assert_eq!(target(Requested::Auto, &no_docker), Some(Target::Process));
        let no_terraform = Machine { has_terraform: false, ..FULL };
        assert_eq!(choose(Requested::Auto, &no_terraform), Choice::Skip("terraform is not installed".into()));
    }

    #[test]
    fn a_named_emulator_runs_or_fails_and_is_never_skipped() {
        let bare =
            Machine { has_token: false, docker: Err("no".into()), has_terraform: false, has_deployed: false };
        for asked in [Requested::LocalStack, Requested::Image, Requested::Process, Requested::Deployed] {
            assert!(matches!(choose(asked, &bare), Choice::Refuse(_)), "{asked:?}");
            assert!(target(asked, &FULL).is_some(), "{asked:?}");
        }
        let no_token = Machine { has_token: false, ..FULL };
        assert!(
            matches!(choose(Requested::LocalStack, &no_token), Choice::Refuse(reason) if reason.contains(TOKEN))
        );
    }

    #[test]
    fn an_ordinary_test_run_starts_nothing() {
        assert!(matches!(choose(Requested::Nothing, &FULL), Choice::Skip(_)));
    }
}
