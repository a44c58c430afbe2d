//! The front door: WebSocket connections, routes, service integrations and `@connections`.
//!
//! A handshake comes in through `handshake`, a frame through `socket` and `dispatch`, a call to
//! `@connections` through `management`. What they may do stands in [`stage`], compiled when it is deployed.

mod access_log;
pub mod authorizer;
mod connections;
mod context;
mod dispatch;
mod endpoint;
mod frames;
mod handshake;
mod handshake_request;
mod ids;
mod integration;
pub mod limits;
mod management;
mod metrics;
mod model;
mod queue;
mod rate_limiter;
pub mod selection;
#[cfg(any(test, feature = "fuzzing"))]
mod serve_socket;
mod socket;
pub mod stage;
#[cfg(test)]
mod tests;
mod throttle;
mod trace;

pub use endpoint::Endpoint;
pub use handshake::is_upgrade;

use crate::core::account::Account;
use crate::core::clock;
use crate::core::identity::Permissions;
use crate::core::logs::LogSink;
use crate::fault_injection::Faults;
use crate::services::kinesis::Streams;
use crate::services::lambda::invocation::Functions;
use connections::{CloseReason, Connections};
use dashmap::DashMap;
use metrics::{GatewayMetrics, RouteCounters};
use stage::Stage;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use throttle::TokenBucket;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long connections last. Tests shorten it; everyone else has AWS's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// Without data either way.
    pub idle: Duration,
    /// At most.
    pub lifetime: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self { idle: limits::IDLE_MAX, lifetime: limits::LIFETIME_MAX }
    }
}

/// The gateway of an emulator. Clones are the same gateway, and small: every open connection has one.
#[derive(Clone)]
pub struct Gateway(Arc<Shared>);

impl Deref for Gateway {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// What a gateway consists of.
pub struct Shared {
    account: Account,
    streams: Streams,
    functions: Functions,
    permissions: Arc<dyn Permissions>,
    logs: Arc<dyn LogSink>,
    timers: Timers,
    faults: Faults,
    metrics: GatewayMetrics,
    stages: DashMap<(String, String), Arc<Deployed>>,
    connections: Connections,
    /// Stages are still being made: whoever finds none may find one in a moment.
    is_starting: AtomicBool,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// What a gateway works with.
pub struct Deps {
    /// The account that is played.
    pub account: Account,
    /// Where integrations put records.
    pub streams: Streams,
    /// Where authorizers run.
    pub functions: Functions,
    /// Decides for integrations' roles and callers of `@connections`.
    pub permissions: Arc<dyn Permissions>,
    /// Takes access logs.
    pub logs: Arc<dyn LogSink>,
    /// How long connections last.
    pub timers: Timers,
    /// What a user wants to go wrong.
    pub faults: Faults,
    /// Whether stages are to come at once, until [`Gateway::started`].
    pub is_starting: bool,
}

/// A stage, its token buckets, which begin full when it is deployed, and its counters, which go on.
struct Deployed {
    stage: Stage,
    counters: HashMap<String, Arc<RouteCounters>>,
    of_no_route: Arc<RouteCounters>,
    /// Where there are none, whatever a message selects is `$default`.
    has_custom_routes: bool,
    default_bucket: Mutex<TokenBucket>,
    route_buckets: HashMap<String, Mutex<TokenBucket>>,
}

impl Deployed {
    fn new(stage: Stage, metrics: &GatewayMetrics) -> Self {
        let now_ms = clock::now_ms();
        let bucket = |throttle| Mutex::new(TokenBucket::new(throttle, now_ms));
        let of_route = |route: &Arc<stage::Route>| Some((route.key.clone(), bucket(route.throttle?)));
        // Handshakes are counted where there is no $connect, too.
        let keys = stage.routes.keys().map(String::as_str).chain(["$connect"]);
        let counters =
            keys.map(|key| (key.to_owned(), metrics.of_route(&stage.api_id, &stage.name, key))).collect();
        Self {
            counters,
            of_no_route: metrics.of_no_route(&stage.api_id, &stage.name),
            has_custom_routes: stage.routes.keys().any(|key| !key.starts_with('$')),
            default_bucket: bucket(stage.default_throttle),
            route_buckets: stage.routes.values().filter_map(of_route).collect(),
            stage,
        }
    }

    /// The counters of a route, by its key; an empty one is no route's.
    fn counters(&self, route_key: &str) -> &Arc<RouteCounters> {
        self.counters.get(route_key).unwrap_or(&self.of_no_route)
    }

    /// Whether the route's rate, or the stage's, has room for one more.
    fn admits(&self, route_key: &str, now_ms: u64) -> bool {
        let bucket = self.route_buckets.get(route_key).unwrap_or(&self.default_bucket);
        bucket.lock().unwrap_or_else(PoisonError::into_inner).take(now_ms)
    }
}

impl Gateway {
    /// A gateway without stages.
    pub fn new(deps: Deps) -> Self {
        let Deps { account, streams, functions, permissions, logs, timers, faults, is_starting } = deps;
        Self(Arc::new(Shared {
            account,
            streams,
            functions,
            permissions,
            logs,
            timers,
            faults,
            metrics: GatewayMetrics::default(),
            stages: DashMap::default(),
            connections: Connections::default(),
            is_starting: AtomicBool::new(is_starting),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }))
    }

    /// All stages that were to come at once are there: from now on a stage that is not there is refused for good.
    pub fn started(&self) {
        self.is_starting.store(false, Relaxed);
    }

    /// Serves a stage as it is deployed now; its open connections go on with it.
    pub fn publish(&self, stage: Stage) {
        let key = (stage.api_id.clone(), stage.name.clone());
        self.stages.insert(key, Arc::new(Deployed::new(stage, &self.metrics)));
    }

    /// Forgets a stage and closes its connections.
    pub fn unpublish(&self, api_id: &str, stage: &str) {
        self.stages.remove(&(api_id.to_owned(), stage.to_owned()));
        self.metrics.forget(api_id, stage);
        for connection in self.connections.of_stage(api_id, stage) {
            connection.close(CloseReason::GOING_AWAY);
        }
    }

    /// Closes every connection with 1001 and waits until they are gone.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn deployed(&self, api_id: &str, stage: &str) -> Option<Arc<Deployed>> {
        self.stages.get(&(api_id.to_owned(), stage.to_owned())).map(|deployed| deployed.clone())
    }

    /// The stage that an address names, unless its API is not to be reached by the default endpoint, which every
    /// address here stands for: there are no custom domains. The short form names one only while one alone has that name.
    fn stage_at(&self, endpoint: &Endpoint) -> Option<Arc<Deployed>> {
        let deployed = match &endpoint.api_id {
            Some(api_id) => self.deployed(api_id, &endpoint.stage),
            None => {
                let mut named = self.stages.iter().filter(|stage| stage.key().1 == endpoint.stage);
                let first = named.next().map(|stage| stage.clone());
                first.filter(|_| named.next().is_none())
            }
        };
        deployed.filter(|deployed| !deployed.stage.default_endpoint_disabled)
    }

    /// Tells a lost client which stages there are.
    fn stages_hint(&self) -> String {
        let mut paths: Vec<_> = self
            .stages
            .iter()
            .map(|stage| format!("/_aws/execute-api/{}/{}", stage.key().0, stage.key().1))
            .collect();
        paths.sort();
        if paths.is_empty() {
            "no stage is deployed".into()
        } else {
            format!("deployed stages: {}", paths.join(" "))
        }
    }
}
