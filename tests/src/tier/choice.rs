//! The choice of the tier's target and its reason, made from a description of the machine and without side effects.

use super::arguments::Requested;
use super::places::{Half, half};
use super::{base, docker};
use std::env;

/// The variable with LocalStack's licence.
pub const TOKEN: &str = "LOCALSTACK_AUTH_TOKEN";
/// The variable with the address of a deployed stack.
pub const DEPLOYED: &str = "SLUICEGATE_WEBSOCKET_URI";

/// A target of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    LocalStack,
    Image,
    Process,
    Deployed,
}

/// The properties of the machine that determine the choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Whether there is a licence for LocalStack.
    pub has_token: bool,
    /// Whether a Docker engine answers; the error if none does.
    pub docker: Result<(), String>,
    /// Whether a container of that engine can be in this machine's network and run what is built here; why not.
    pub containers_here: Result<(), String>,
    pub has_terraform: bool,
    /// Whether the environment names a deployed stack.
    pub has_deployed: bool,
}

impl Machine {
    /// Inspects this machine.
    pub fn inspect() -> Self {
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let docker = docker::engine();
        Self {
            has_token: is_set(TOKEN),
            containers_here: docker.clone().and_then(|()| containers_here()),
            docker,
            has_terraform: super::terraform::is_installed(),
            has_deployed: is_set(DEPLOYED),
        }
    }
}

/// For containers on Debian 13.
fn containers_here() -> Result<(), String> {
    if !base::runs_what_is_built_here(base::TRIXIE) {
        return Err("what is built here needs a newer C library than Debian 13's".into());
    }
    docker::shares_network()
}

/// What to do, and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The suite runs.
    Run(Target, String),
    /// The suite counts as ignored.
    Skip(String),
    /// The run fails, because the requested target cannot run.
    Refuse(String),
}

/// The target of the whole flow, and whether the open LocalStack runs its half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// `None` if the whole flow was not requested.
    pub whole: Option<Choice>,
    /// `None` if the half was not requested.
    pub half: Option<Half>,
}

/// Makes the plan. The licensed LocalStack runs the whole flow, which includes the half; otherwise `Auto` requests both.
pub fn plan(asked: Requested, machine: &Machine) -> Plan {
    let whole = choose(asked, machine);
    let is_licensed = matches!(whole, Some(Choice::Run(Target::LocalStack, _)));
    let half = if is_licensed { None } else { half(asked, machine) };
    Plan { whole, half }
}

pub(super) fn no_terraform() -> String {
    "terraform is not installed".into()
}

pub(super) fn no_docker(error: &str) -> String {
    format!("no running Docker engine found: {error}")
}

/// Chooses the target of the whole flow. `Auto` takes the target closest to AWS that can run. For any other name, the
/// result is that target or a failure.
fn choose(asked: Requested, machine: &Machine) -> Option<Choice> {
    use Choice::{Refuse, Run, Skip};
    let no_token = || format!("{TOKEN} is not set");
    Some(match asked {
        Requested::LocalStackOpen | Requested::LocalStackOpenImage | Requested::LocalStackOpenProcess => {
            return None;
        }
        Requested::Nothing => Skip("no target was requested; `just test-local` requests one".into()),
        Requested::Deployed if machine.has_deployed => Run(Target::Deployed, format!("{DEPLOYED} names it")),
        Requested::Deployed => {
            Refuse(format!("{DEPLOYED} is not set: set it to the output websocket_uri of a stack"))
        }
        Requested::Auto if !machine.has_terraform => Skip(no_terraform()),
        _ if !machine.has_terraform => Refuse(no_terraform()),
        Requested::Process => Run(Target::Process, "it was requested".into()),
        Requested::Auto => match (&machine.docker, machine.has_token) {
            (Ok(()), true) => Run(Target::LocalStack, format!("{TOKEN} is set")),
            (Ok(()), false) => Run(Target::Image, no_token()),
            (Err(error), _) => Run(Target::Process, no_docker(error)),
        },
        Requested::LocalStack if !machine.has_token => Refuse(no_token()),
        Requested::LocalStack | Requested::Image => match (&machine.docker, asked) {
            (Err(error), _) => Refuse(no_docker(error)),
            (Ok(()), Requested::LocalStack) => Run(Target::LocalStack, "it was requested".into()),
            (Ok(()), _) => Run(Target::Image, "it was requested".into()),
        },
    })
}

/// The reason why the licensed LocalStack did not run.
pub fn why_not_localstack(plan: &Plan, machine: &Machine) -> String {
    match (&plan.whole, &machine.docker) {
        (Some(Choice::Skip(reason)), _) => reason.clone(),
        _ if !machine.has_token => format!("{TOKEN} is not set"),
        (_, Err(error)) => no_docker(error),
        _ if !machine.has_terraform => no_terraform(),
        _ => "another target was requested".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Machine = Machine {
        has_token: true,
        docker: Ok(()),
        containers_here: Ok(()),
        has_terraform: true,
        has_deployed: true,
    };

    fn target(asked: Requested, machine: &Machine) -> Option<Target> {
        match choose(asked, machine) {
            Some(Choice::Run(target, _)) => Some(target),
            _ => None,
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
        assert_eq!(
            choose(Requested::Auto, &no_terraform),
            Some(Choice::Skip("terraform is not installed".into()))
        );
    }

    #[test]
    fn a_named_emulator_runs_or_fails_and_is_never_skipped() {
        let docker = Err("no".to_owned());
        let containers_here = docker.clone();
        let bare =
            Machine { has_token: false, docker, containers_here, has_terraform: false, has_deployed: false };
        for asked in [Requested::LocalStack, Requested::Image, Requested::Process, Requested::Deployed] {
            assert!(matches!(choose(asked, &bare), Some(Choice::Refuse(_))), "{asked:?}");
            assert!(target(asked, &FULL).is_some(), "{asked:?}");
        }
        let no_token = Machine { has_token: false, ..FULL };
        assert!(
            matches!(choose(Requested::LocalStack, &no_token), Some(Choice::Refuse(reason)) if reason.contains(TOKEN))
        );
    }

    #[test]
    fn an_ordinary_test_run_starts_nothing() {
        let Plan { whole, half } = plan(Requested::Nothing, &FULL);
        assert!(matches!(whole, Some(Choice::Skip(_))) && half.is_none());
    }

    #[test]
    fn why_localstack_did_not_run_is_its_own_reason() {
        let no_token = Machine { has_token: false, has_deployed: false, ..FULL };
        let why = |asked, machine: &Machine| why_not_localstack(&plan(asked, machine), machine);
        for asked in [Requested::Deployed, Requested::LocalStack, Requested::Image] {
            assert_eq!(why(asked, &no_token), "LOCALSTACK_AUTH_TOKEN is not set", "{asked:?}");
        }
        let bare = Machine { has_terraform: false, ..FULL };
        assert_eq!(why(Requested::LocalStack, &bare), "terraform is not installed");
        assert_eq!(why(Requested::Process, &FULL), "another target was requested");
        assert!(why(Requested::Nothing, &no_token).starts_with("no target was requested"));
    }

    #[test]
    fn the_half_runs_beside_an_emulator_and_not_beside_the_licensed_one() {
        let runs_half = |asked, machine: &Machine| plan(asked, machine).half.is_some();
        let no_token = Machine { has_token: false, ..FULL };
        assert!(runs_half(Requested::Auto, &no_token) && !runs_half(Requested::Auto, &FULL));
        assert!(!runs_half(Requested::Process, &no_token));
        let open = plan(Requested::LocalStackOpen, &FULL);
        assert!(open.whole.is_none() && open.half.is_some());
    }
}
