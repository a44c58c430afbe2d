//! Probe messages: one for each route of each function, which `stream-function` answers itself. No handler sees them.

use super::passed;
use crate::entry::{Entry, NotAdmitted, Socket};
use crate::stack::answer::HANDSHAKE_MAX;
use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_tungstenite::tungstenite::Message;

/// The route of messages that name no other.
const DEFAULT_ROUTE: &str = "$default";
/// API Gateway's message for a body that the route's model rejects.
const BAD_REQUEST: &str = "Bad request body";
/// The part of the stage's rate for probes; the rest is for clients.
const SHARE_OF_RATE: f64 = 0.5;

/// A function on a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    function: String,
    route: String,
}

/// When to send, and when to give up.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The interval between two probes, which is also the time limit of an answer.
    pub every: Duration,
    /// For all answers.
    pub time_limit: Duration,
}

impl Pace {
    /// One probe per second, or fewer if the stage's throttle requires it.
    pub fn below(rate_per_second: f64, time_limit: Duration) -> Self {
        let every =
            if rate_per_second > 0.0 { (SHARE_OF_RATE * rate_per_second).recip().max(1.0) } else { 1.0 };
        Self { every: Duration::try_from_secs_f64(every).unwrap_or(time_limit).min(time_limit), time_limit }
    }
}

/// Every function on each of its routes, or on `$default`.
pub fn targets(routes: &BTreeMap<String, Vec<String>>) -> Vec<Target> {
    let target =
        |function: &String, route: &String| Target { function: function.clone(), route: route.clone() };
    routes
        .iter()
        .flat_map(|(function, routes)| routes.iter().map(move |route| target(function, route)))
        .collect()
}

/// The result of a probe.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Answered,
    /// The route's model rejects it.
    NotAdmitted,
    /// No answer, or an error of the gateway that can be temporary.
    None(Option<String>),
}

/// Sends probes until each target has answered one.
pub async fn run(entry: &Entry, targets: &[Target], run: &str, pace: Pace) -> anyhow::Result<()> {
    let begin = Instant::now();
    let mut socket = None;
    let mut last = None;
    for (number, target) in targets.iter().enumerate() {
        let id = format!("{run}-{number}");
        loop {
            if begin.elapsed() >= pace.time_limit {
                bail!(unanswered(target, pace, last.as_deref()));
            }
            let until = Instant::now() + pace.every;
            match ask(&mut socket, entry, target, &id, until).await {
                Ok(Answer::Answered) => {
                    let seconds = begin.elapsed().as_secs_f64();
                    passed(&format!(
                        "{} answers on route {} ({seconds:.1} s)",
                        target.function, target.route
                    ));
                    sleep_until(until).await;
                    break;
                }
                Ok(Answer::NotAdmitted) => {
                    println!(
                        "  skipped: route {} ({}): its schema does not admit probe messages",
                        target.route, target.function
                    );
                    sleep_until(until).await;
                    break;
                }
                Ok(Answer::None(error)) => last = error.or(last),
                Err(error) if error.is::<NotAdmitted>() => return Err(error),
                Err(error) => {
                    socket = None;
                    last = Some(format!("{error:#}"));
                    sleep_until(until).await;
                }
            }
        }
    }
    if targets.is_empty() {
        entry.connect(pace.every).await?;
        passed("clients can connect (no function answers probe messages)");
    }
    Ok(())
}

fn unanswered(target: &Target, pace: Pace, last: Option<&str>) -> String {
    format!(
        "{} did not answer on route {} within {} s{}: see its log; where it is not written with stream-function, use --no-check",
        target.function,
        target.route,
        pace.time_limit.as_secs(),
        last.map(|last| format!(" (last: {last})")).unwrap_or_default(),
    )
}

/// Sends one probe and reads until its answer arrives or the time limit is reached.
async fn ask(
    socket: &mut Option<Socket>,
    entry: &Entry,
    target: &Target,
    id: &str,
    until: Instant,
) -> anyhow::Result<Answer> {
    let connected = match socket.take() {
        Some(connected) => connected,
        None => entry.connect(HANDSHAKE_MAX).await?,
    };
    let connected = socket.insert(connected);
    connected.send(Message::text(probe(target, id))).await.context("the connection was lost")?;
    let mut error = None;
    while let Ok(message) = timeout_at(until, connected.next()).await {
        let message = message.context("the connection was closed")?.context("the connection was lost")?;
        let Message::Text(text) = message else {
            if message.is_close() {
                bail!("the connection was closed");
            }
            continue;
        };
        let Ok(message) = serde_json::from_str::<Value>(text.as_str()) else { continue };
        let answer = &message["sluicegateProbe"];
        if answer["id"] == id
            && answer["function"] == target.function.as_str()
            && answer["routeKey"] == target.route.as_str()
        {
            return Ok(Answer::Answered);
        }
        match message["message"].as_str() {
            Some(BAD_REQUEST) => {
                sleep_until(until).await;
                return Ok(Answer::NotAdmitted);
            }
            Some(text) => error = Some(format!("the gateway answered {text:?}")),
            None => {}
        }
    }
    Ok(Answer::None(error))
}

/// The message: `action` selects its route, and `function` the function that answers.
fn probe(target: &Target, id: &str) -> String {
    let mut message = json!({ "sluicegateProbe": { "id": id, "function": target.function } });
    if target.route != DEFAULT_ROUTE {
        message["action"] = target.route.as_str().into();
    }
    message.to_string()
}

#[cfg(test)]
mod tests;
