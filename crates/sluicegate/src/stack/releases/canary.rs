//! A canary: the new version gets a share of the batches, and its log and the function's alarms decide.

use super::calls::{Alias, Calls};
use super::version_log::VersionLog;
use anyhow::{Context as _, bail};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How much, for how long, and how often to look.
#[derive(Debug, Clone, Copy)]
pub struct Trial {
    /// Of the batches, from 0 to 1.
    pub share: f64,
    pub window: Duration,
    pub look_every: Duration,
}

/// A log event may be found that much later than it happened.
const LOGS_LATE: Duration = Duration::from_secs(60);

/// A function with a new version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its deployed name.
    pub name: String,
    pub log_group: String,
    /// Its alarms' names.
    pub alarms: Vec<String>,
    pub stable: String,
    pub fresh: String,
}

/// Gives each new version its share. Fails at the first sign that one of them fails, or when the window could not be
/// watched; [`take_back`] must follow then.
pub async fn run(calls: &Calls, candidates: &[Candidate], trial: Trial) -> anyhow::Result<()> {
    let alarms: Vec<_> = candidates.iter().flat_map(|candidate| candidate.alarms.clone()).collect();
    let before = calls.in_alarm(&alarms).await?;
    if !before.is_empty() {
        println!("in alarm already, and not watched: {}", before.join(", "));
    }
    let alarms: Vec<_> = alarms.into_iter().filter(|name| !before.contains(name)).collect();
    let began_ms = now_ms();
    for Candidate { name, stable, fresh, .. } in candidates {
        let alias = Alias { version: stable.clone(), second: Some((fresh.clone(), trial.share)) };
        calls.set_alias(name, &alias).await?;
        println!(
            "{name}: version {fresh} gets {:.0} % of the batches for {} s, version {stable} the others",
            trial.share * 100.0,
            trial.window.as_secs()
        );
    }
    let mut logs: Vec<_> = candidates.iter().map(|_| VersionLog::default()).collect();
    let end = Instant::now() + trial.window;
    while Instant::now() < end {
        let next = (Instant::now() + trial.look_every).min(end);
        sleep_until(next).await;
        for (candidate, log) in candidates.iter().zip(&mut logs) {
            look(calls, candidate, log, began_ms, trial).await?;
        }
        if let Some(alarm) = calls.in_alarm(&alarms).await?.first() {
            bail!("alarm {alarm} went off");
        }
    }
    for (Candidate { name, fresh, .. }, log) in candidates.iter().zip(&logs) {
        match log.records {
            0 => println!("{name}: version {fresh} handled no record, so that nothing is known of it"),
            records => println!("{name}: version {fresh} handled {records} records, and none failed"),
        }
    }
    Ok(())
}

async fn look(
    calls: &Calls,
    candidate: &Candidate,
    log: &mut VersionLog,
    began_ms: u64,
    trial: Trial,
) -> anyhow::Result<()> {
    let late = u64::try_from((LOGS_LATE + trial.look_every).as_millis()).unwrap_or(u64::MAX);
    let from_ms = began_ms.max(now_ms().saturating_sub(late));
    for event in calls.log_events(&candidate.log_group, from_ms).await? {
        log.take_in(&event, &candidate.fresh);
    }
    match &log.failure {
        Some(failure) => bail!("version {} of {} fails: {failure}", candidate.fresh, candidate.name),
        None => Ok(()),
    }
}

/// Gives all batches to the versions before. Tries every function before it fails.
pub async fn take_back(calls: &Calls, candidates: &[Candidate]) -> anyhow::Result<()> {
    let mut failure = None;
    for Candidate { name, stable, .. } in candidates {
        match calls.set_alias(name, &Alias { version: stable.clone(), second: None }).await {
            Ok(()) => println!("{name}: all batches go to version {stable} again"),
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(()), Err).context("a version keeps its share: run `stack rollback`")
}

fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
