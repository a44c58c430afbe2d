//! Releases: which published version of each function its mapping invokes. A deployment publishes a version and moves the
//! alias `current` to it; a canary moves a share of the batches first; a rollback moves the alias back.

mod calls;
mod canary;
mod plan;
#[cfg(test)]
mod tests;
mod version_log;

pub use plan::forwards;

use super::{Terraform, output_map};
use crate::stop::unless_stopped;
use anyhow::{Context as _, bail, ensure};
use calls::{Alias, Calls};
use canary::{Candidate, Trial};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, clap::Args)]
pub struct CanaryArgs {
    /// Give new versions PERCENT of the batches first, and stop at their first failure or at an alarm
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=99))]
    canary: Option<u8>,
    /// How long the canary lasts
    #[arg(long, value_name = "MINUTES", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1_440))]
    canary_minutes: u64,
}

#[derive(Debug, clap::Args)]
pub struct RollbackArgs {
    /// Function to roll back, by its key [default: all]
    #[arg(long, value_name = "KEY")]
    function: Option<String>,
    /// Version to go to [default: the one published before the current one]
    #[arg(long, value_name = "VERSION", requires = "function")]
    to: Option<u64>,
    /// Roll back without asking for confirmation
    #[arg(long)]
    pub yes: bool,
}

/// The versions that stay while new ones are published.
pub struct Held {
    calls: Calls,
    trial: Trial,
    /// By the function's key.
    stable: BTreeMap<String, String>,
}

impl CanaryArgs {
    /// Looks at what is deployed, for a canary; none where no canary is asked for, or there is nothing to compare with.
    pub async fn hold(self, terraform: &Terraform<'_>) -> anyhow::Result<Option<Held>> {
        let Some(percent) = self.canary else { return Ok(None) };
        let names = output_map(&terraform.outputs().await?, "function_names").unwrap_or_default();
        let calls = Calls::from_environment()?;
        let mut stable = BTreeMap::new();
        for (key, name) in names {
            match calls.alias(&name).await? {
                Some(Alias { second: Some((version, _)), .. }) => bail!(
                    "{key}: a canary of version {version} is not over: `stack rollback` ends it, `stack deploy` without --canary completes it"
                ),
                Some(alias) => drop(stable.insert(key, alias.version)),
                None => {}
            }
        }
        if stable.is_empty() {
            println!("no canary: no function has a version to compare with");
            return Ok(None);
        }
        let trial = Trial {
            share: f64::from(percent) / 100.0,
            window: Duration::from_secs(60 * self.canary_minutes),
            look_every: LOOK_EVERY,
        };
        Ok(Some(Held { calls, trial, stable }))
    }
}

impl Held {
    /// The argument that leaves the aliases where they are, with the stack's own pins.
    pub fn pins(&self, own: &BTreeMap<String, String>) -> String {
        let mut pins = self.stable.clone();
        pins.extend(own.clone());
        format!("-var=pinned_versions={}", Value::from_iter(pins))
    }

    /// Refuses what cannot have a canary.
    pub fn check(&self, plan: &Value) -> anyhow::Result<()> {
        let provisioned = plan::provisioned(plan);
        ensure!(
            provisioned.is_empty(),
            "--canary: Lambda gives no shares to versions with provisioned concurrency, which {} has: deploy without --canary",
            provisioned.join(", ")
        );
        Ok(())
    }

    /// Tries the versions that a deployment published. Takes their share back where it fails or is interrupted.
    pub async fn try_new(&self, outputs: &Value) -> anyhow::Result<()> {
        let candidates = self.candidates(outputs)?;
        if candidates.is_empty() {
            println!("no canary: no function changed");
            return Ok(());
        }
        let tried = unless_stopped(canary::run(&self.calls, &candidates, self.trial)).await;
        let Err(error) = tried else { return Ok(()) };
        canary::take_back(&self.calls, &candidates).await?;
        Err(error.context("the canary was stopped; the new versions stay published and unused"))
    }

    fn candidates(&self, outputs: &Value) -> anyhow::Result<Vec<Candidate>> {
        let of = |name: &str| output_map(outputs, name);
        let (published, names) = (of("published_versions")?, of("function_names")?);
        let (groups, alarms) = (of("log_group_names")?, of("alarm_arns")?);
        let changed = self.stable.iter().filter_map(|(key, stable)| {
            let fresh = published.get(key).filter(|fresh| *fresh != stable)?;
            let prefix = format!("{key}-");
            let of_function = alarms.iter().filter(|(alarm, _)| alarm.starts_with(&prefix));
            Some(Candidate {
                name: names.get(key)?.clone(),
                log_group: groups.get(key)?.clone(),
                alarms: of_function
                    .filter_map(|(_, arn)| Some(arn.rsplit_once(":alarm:")?.1.to_owned()))
                    .collect(),
                stable: stable.clone(),
                fresh: fresh.clone(),
            })
        });
        Ok(changed.collect())
    }
}

/// A function's alias, and where it is to go.
#[derive(Debug, PartialEq)]
struct Move {
    key: String,
    name: String,
    from: String,
    to: Alias,
}

/// What a rollback does, before it is confirmed.
pub struct Rollback {
    calls: Calls,
    moves: Vec<Move>,
}

impl Rollback {
    /// Looks at the versions of the stack's functions.
    pub async fn prepare(terraform: &Terraform<'_>, args: &RollbackArgs) -> anyhow::Result<Self> {
        let names = output_map(&terraform.outputs().await?, "function_names")?;
        Self::of(Calls::from_environment()?, names, args).await
    }

    async fn of(calls: Calls, names: BTreeMap<String, String>, args: &RollbackArgs) -> anyhow::Result<Self> {
        if let Some(key) = &args.function {
            let known = || names.keys().cloned().collect::<Vec<_>>().join(", ");
            ensure!(names.contains_key(key), "there is no function {key}; there are {}", known());
        }
        let mut moves = Vec::new();
        for (key, name) in names {
            if args.function.as_ref().is_some_and(|only| *only != key) {
                continue;
            }
            let alias = calls.alias(&name).await?;
            let alias = alias.with_context(|| format!("{key} has no alias: deploy it first"))?;
            let published = calls.versions(&name).await?;
            match target(&alias, &published, args.to).with_context(|| format!("{key} cannot be rolled back"))
            {
                Ok(to) => moves.push(Move { key, name, from: alias.version, to }),
                // Among all functions, one that was never changed has nothing to go back to.
                Err(error) if args.function.is_none() => println!("{error:#}"),
                Err(error) => return Err(error),
            }
        }
        ensure!(!moves.is_empty(), "there is nothing to roll back");
        for Move { key, from, to, .. } in &moves {
            let what = if *from == to.version { "takes all batches again" } else { "is put in its place" };
            println!("{key}: version {from} is current; version {} {what}", to.version);
        }
        Ok(Self { calls, moves })
    }

    /// Moves the aliases, and says how they stay there.
    pub async fn apply(&self) -> anyhow::Result<()> {
        for Move { name, to, .. } in &self.moves {
            self.calls.set_alias(name, to).await?;
        }
        let pins = self.moves.iter().map(|Move { key, to, .. }| format!("{key} = \"{}\"", to.version));
        println!(
            "rolled back. `stack deploy` does not undo this unless it has other code, or --roll-forward; `terraform apply` does, \
             unless the tfvars have pinned_versions = {{ {} }}",
            pins.collect::<Vec<_>>().join(", ")
        );
        Ok(())
    }
}

/// The alias that a rollback makes. In a canary, it ends the canary.
fn target(alias: &Alias, published: &[u64], to: Option<u64>) -> anyhow::Result<Alias> {
    let to_version = |version: String| Ok(Alias { version, second: None });
    if let Some(to) = to {
        ensure!(published.contains(&to), "there is no version {to}; there are {published:?}");
        return to_version(to.to_string());
    }
    if alias.second.is_some() {
        return to_version(alias.version.clone());
    }
    let current: u64 = alias.version.parse().with_context(|| format!("it is on {}", alias.version))?;
    let before = published.iter().copied().filter(|number| *number < current).max();
    to_version(before.with_context(|| format!("no version was published before {current}"))?.to_string())
}
