//! The function host: functions by name, their warm environments, and how many may run at once.

use super::alias::AliasRoute;
use super::config::{FunctionConfig, LATEST};
use super::context::Deps;
use super::environment::Environment;
use super::freezer::{Freezer, IDLE_MIN};
use super::process::StartError;
use super::result::{Failure, InvocationResult};
use crate::core::metrics::Page;
use crate::fault_injection::Fault;
use arc_swap::ArcSwap;
use bytes::Bytes;
use dashmap::DashMap;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Concurrent invocations of all functions, at most: the account's default concurrency.
pub const CONCURRENCY_MAX: u32 = 1_000;

/// Why an invocation did not reach a function's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    #[error("function not found: {0}")]
    NotFound(String),
    /// `TooManyRequestsException`: no concurrency is left.
    #[error("rate exceeded: function {name} has no concurrency left")]
    Throttled {
        name: String,
        /// Whether the function's own reserved concurrency is used up, rather than the account's.
        is_reserved: bool,
    },
    /// `TooManyRequestsException`: the emulator has no file, process or memory left for the function.
    #[error("cannot run function {name} now: {why}")]
    Exhausted {
        name: String,
        /// What is missing.
        why: String,
    },
}

/// The full result of an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoked {
    pub ended: InvocationResult,
    /// The version that ran: [`LATEST`] or a number.
    pub version: String,
    /// The end of its log, if requested.
    pub log_tail: Option<String>,
}

/// Every function of the emulator by name, and each published version by name and number.
#[derive(Clone)]
pub struct Functions {
    by_name: Arc<DashMap<String, Arc<Function>>>,
    aliases: Arc<DashMap<String, AliasRoute>>,
    deps: Arc<Deps>,
    in_flight: Arc<AtomicU32>,
    freezer: Arc<Freezer>,
}

struct Function {
    config: ArcSwap<FunctionConfig>,
    idle: Mutex<Vec<Environment>>,
    /// Shared by all versions of a function, as its reserved concurrency is.
    in_flight: Arc<AtomicU32>,
    outcomes: Outcomes,
}

/// Counts of a function's invocations by result.
#[derive(Default)]
struct Outcomes {
    ok: AtomicU64,
    error: AtomicU64,
    throttled: AtomicU64,
}

impl Functions {
    pub fn new(deps: Deps) -> Self {
        Self {
            by_name: Arc::default(),
            aliases: Arc::default(),
            freezer: Arc::new(Freezer::new(deps.freeze)),
            deps: Arc::new(deps),
            in_flight: Arc::default(),
        }
    }

    /// Creates or changes a function, or a version of it. Environments with the old settings finish their work and end.
    pub fn put(&self, config: FunctionConfig) {
        let latest = self.by_name.get(&config.name).map(|latest| latest.in_flight.clone());
        let config = Arc::new(config);
        match self.by_name.entry(config.target()) {
            dashmap::Entry::Occupied(entry) => {
                let function = entry.get();
                function.config.store(config.clone());
                function.idle().retain(|environment| environment.is_fit_for(&config));
            }
            dashmap::Entry::Vacant(entry) => {
                entry.insert(Arc::new(Function {
                    config: ArcSwap::new(config),
                    idle: Mutex::default(),
                    in_flight: latest.unwrap_or_default(),
                    outcomes: Outcomes::default(),
                }));
            }
        }
    }

    /// Creates or changes an alias, such as `echo:live`.
    pub fn put_alias(&self, target: String, route: AliasRoute) {
        self.aliases.insert(target, route);
    }

    /// Removes a function, a version or an alias, and ends its idle environments.
    pub fn remove(&self, target: &str) {
        self.aliases.remove(target);
        if let Some((_, function)) = self.by_name.remove(target) {
            function.idle().clear();
        }
    }

    /// The function of a name with or without a qualifier; `dice` is an alias's random number from 0 to 1.
    fn find(&self, target: &str, dice: impl FnOnce() -> f64) -> Option<Arc<Function>> {
        let target = target.strip_suffix(LATEST).and_then(|name| name.strip_suffix(':')).unwrap_or(target);
        if let Some(function) = self.by_name.get(target) {
            return Some(function.clone());
        }
        let alias = self.aliases.get(target)?;
        self.by_name.get(alias.choose(dice())).map(|function| function.clone())
    }

    /// Every function's settings; each the same object until the function is changed.
    #[cfg(test)]
    pub(crate) fn configs(&self) -> Vec<Arc<FunctionConfig>> {
        self.by_name.iter().map(|function| function.config.load_full()).collect()
    }

    /// The role of a function; for an alias, its main version's.
    pub fn role_arn(&self, target: &str) -> Option<String> {
        self.find(target, || 1.0).map(|function| function.config.load().role_arn.clone())
    }

    /// Runs one invocation of a function's name, with or without a qualifier, in a warm environment if there is one. Fails
    /// with [`InvokeError`] if the function's code did not run. A failure of the function is an
    /// [`InvocationResult::Error`].
    pub async fn invoke(
        &self,
        target: &str,
        request_id: &str,
        payload: Bytes,
    ) -> Result<InvocationResult, InvokeError> {
        self.invoke_with_log(target, request_id, payload, false).await.map(|invoked| invoked.ended)
    }

    /// The same, with the end of its log if requested. Errors: as [`Functions::invoke`].
    pub async fn invoke_with_log(
        &self,
        target: &str,
        request_id: &str,
        payload: Bytes,
        wants_log: bool,
    ) -> Result<Invoked, InvokeError> {
        let function = self.find(target, rand::random::<f64>);
        let function = function.ok_or_else(|| InvokeError::NotFound(target.into()))?;
        let invoked = self.invoke_found(&function, target, request_id, payload, wants_log).await;
        let outcome = match &invoked {
            Ok(Invoked { ended: InvocationResult::Response(_), .. }) => &function.outcomes.ok,
            Ok(Invoked { ended: InvocationResult::Error(_), .. }) => &function.outcomes.error,
            Err(_) => &function.outcomes.throttled,
        };
        outcome.fetch_add(1, Ordering::Relaxed);
        invoked
    }

    async fn invoke_found(
        &self,
        function: &Function,
        target: &str,
        request_id: &str,
        payload: Bytes,
        wants_log: bool,
    ) -> Result<Invoked, InvokeError> {
        let config = function.config.load_full();
        let name = config.name.as_str();
        let reserved = config.reserved_concurrency.unwrap_or(CONCURRENCY_MAX);
        let throttled = |is_reserved| InvokeError::Throttled { name: name.into(), is_reserved };
        let exhausted =
            |error: StartError| InvokeError::Exhausted { name: name.into(), why: error.to_string() };
        if self.deps.faults.trigger(Fault::FunctionThrottled, name).is_some() {
            return Err(throttled(false));
        }
        let _own = Slot::take(&function.in_flight, reserved).ok_or_else(|| throttled(true))?;
        let _account = Slot::take(&self.in_flight, CONCURRENCY_MAX).ok_or_else(|| throttled(false))?;

        let warm = function.take_warm(&config);
        let mut environment = match warm {
            Some(environment) => environment,
            None => {
                tracing::info!(target: "flow", hop = "cold start", function = name);
                match Environment::start(config.clone(), self.deps.clone()).await {
                    Ok(environment) => environment,
                    Err(error @ StartError::Exhausted(_)) => return Err(exhausted(error)),
                    Err(error) => {
                        tracing::warn!(function = name, %error, "failed to start the function");
                        let ended = InvocationResult::Error(
                            Failure::NotStarted(error.to_string()).payload(request_id),
                        );
                        let version = config.version.clone();
                        return Ok(Invoked { ended, version, log_tail: wants_log.then(String::new) });
                    }
                }
            }
        };
        if wants_log {
            environment.keep_log_tail();
        }
        let ended = environment.invoke(target, request_id, payload).await.map_err(exhausted)?;
        let log_tail = environment.take_log_tail();
        if !environment.is_spent() && environment.is_fit_for(&function.config.load()) {
            self.keep(function, environment);
        }
        Ok(Invoked { ended, version: config.version.clone(), log_tail })
    }

    /// Keeps a warm environment, which is frozen if nothing comes.
    fn keep(&self, function: &Function, environment: Environment) {
        let starts_sweep = self.freezer.idle(|| environment.freeze());
        function.idle().push(environment);
        if starts_sweep {
            let (freezer, functions) = (self.freezer.clone(), self.by_name.clone());
            tokio::spawn(async move {
                freezer
                    .sweep(|| functions.iter().filter(|function| function.freeze_idle()).count() > 0)
                    .await;
            });
        }
    }

    pub fn write_metrics(&self, page: &mut Page) {
        let mut functions: Vec<_> =
            self.by_name.iter().map(|found| (found.key().clone(), found.value().clone())).collect();
        functions.sort_by(|a, b| a.0.cmp(&b.0));
        let name = "sluicegate_function_invocations_total";
        page.family(name, "counter", "Invocations by result, of a published version by its number.");
        for (function, Function { outcomes, .. }) in functions.iter().map(|(name, found)| (name, &**found)) {
            let outcomes =
                [("ok", &outcomes.ok), ("error", &outcomes.error), ("throttled", &outcomes.throttled)];
            for (outcome, count) in outcomes {
                let (function, version) = function.split_once(':').unwrap_or((function, ""));
                let labels = [("function", function), ("outcome", outcome), ("version", version)];
                let labels = if version.is_empty() { &labels[..2] } else { &labels };
                page.sample(name, labels, count.load(Ordering::Relaxed));
            }
        }
    }

    /// Ends every environment, even during invocations, and waits until their processes are gone.
    pub async fn shutdown(&self) {
        self.by_name.clear();
        self.aliases.clear();
        self.deps.processes.end().await;
    }
}

impl Function {
    fn idle(&self) -> parking_lot::MutexGuard<'_, Vec<Environment>> {
        self.idle.lock()
    }

    /// Freezes the environments that have been idle long enough. Returns whether that leaves idle ones.
    fn freeze_idle(&self) -> bool {
        self.idle().iter().filter(|environment| !environment.freeze_if_idle(IDLE_MIN)).count() > 0
    }

    /// The environment that was used last: it is the warmest.
    fn take_warm(&self, config: &Arc<FunctionConfig>) -> Option<Environment> {
        let mut idle = self.idle();
        while let Some(environment) = idle.pop() {
            if environment.is_fit_for(config) {
                return Some(environment);
            }
        }
        None
    }
}

/// One invocation's share of a concurrency limit; dropping it releases the share.
struct Slot<'a>(&'a AtomicU32);

impl<'a> Slot<'a> {
    fn take(in_flight: &'a AtomicU32, limit: u32) -> Option<Self> {
        let taken = in_flight
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| (now < limit).then_some(now + 1));
        // Not `then_some`, which would release a share that was never taken.
        taken.is_ok().then(|| Self(in_flight))
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
