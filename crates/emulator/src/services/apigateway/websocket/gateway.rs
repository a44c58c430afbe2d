//! The gateway: its stages, its connections, and its dependencies.

use super::connections::Connections;
use super::deployed::Deployed;
use super::endpoint::Endpoint;
use super::limits::Timers;
use super::metrics::GatewayMetrics;
use super::queue::CloseReason;
use super::stage::Stage;
use crate::core::account::Account;
use crate::core::identity::Permissions;
use crate::core::logs::LogSink;
use crate::core::metrics::Page;
use crate::fault_injection::Faults;
use crate::services::kinesis::Streams;
use crate::services::lambda::invocation::Functions;
use crate::services::sqs::Queues;
use dashmap::DashMap;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// An emulator's gateway. Clones are the same gateway, and small: every open connection has one.
#[derive(Clone)]
pub struct Gateway {
    pub(super) shared: Arc<Shared>,
}

/// What all clones share; only this folder uses it.
pub(super) struct Shared {
    pub(super) account: Account,
    pub(super) streams: Streams,
    pub(super) functions: Functions,
    pub(super) queues: Arc<Queues>,
    pub(super) permissions: Arc<dyn Permissions>,
    pub(super) logs: Arc<dyn LogSink>,
    pub(super) timers: Timers,
    pub(super) faults: Faults,
    pub(super) metrics: GatewayMetrics,
    pub(super) stages: DashMap<(String, String), Arc<Deployed>>,
    pub(super) connections: Connections,
    /// Stages are still being created: one that is missing may appear in a moment.
    pub(super) is_starting: AtomicBool,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
}

pub struct Deps {
    pub account: Account,
    /// Where integrations put records.
    pub streams: Streams,
    /// Where authorizers and functions of integrations run.
    pub functions: Functions,
    /// Where integrations send messages.
    pub queues: Arc<Queues>,
    /// Decides for integrations' roles and callers of `@connections`.
    pub permissions: Arc<dyn Permissions>,
    pub logs: Arc<dyn LogSink>,
    pub timers: Timers,
    pub faults: Faults,
    /// Whether stages are about to be created, until [`Gateway::started`].
    pub is_starting: bool,
}

impl Gateway {
    pub fn new(deps: Deps) -> Self {
        let Deps { account, streams, functions, queues, permissions, logs, timers, faults, is_starting } =
            deps;
        let shared = Shared {
            account,
            streams,
            functions,
            queues,
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
        };
        Self { shared: Arc::new(shared) }
    }

    /// All expected stages are there: from now on, handshakes for other stages are refused for good.
    pub fn started(&self) {
        self.shared.is_starting.store(false, Relaxed);
    }

    /// Serves a stage as deployed; its open connections continue with it.
    pub fn publish(&self, stage: Stage) {
        let key = (stage.api_id.clone(), stage.name.clone());
        self.shared.stages.insert(key, Arc::new(Deployed::new(stage, &self.shared.metrics)));
    }

    /// Removes a stage and closes its connections.
    pub fn unpublish(&self, api_id: &str, stage: &str) {
        self.shared.stages.remove(&(api_id.to_owned(), stage.to_owned()));
        self.shared.metrics.forget(api_id, stage);
        for connection in self.shared.connections.of_stage(api_id, stage) {
            connection.close(CloseReason::GOING_AWAY);
        }
    }

    /// Closes every connection with 1001 and waits for their end.
    pub async fn shutdown(&self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }

    /// A stage by its names.
    pub(super) fn deployed(&self, api_id: &str, stage: &str) -> Option<Arc<Deployed>> {
        self.shared.stages.get(&(api_id.to_owned(), stage.to_owned())).map(|deployed| deployed.clone())
    }

    /// The stage that an address names, unless its API's default endpoint is disabled: every address here is a default
    /// endpoint, since there are no custom domains. The short form works only while one stage has the name.
    pub(super) fn stage_at(&self, endpoint: &Endpoint) -> Option<Arc<Deployed>> {
        let deployed = match &endpoint.api_id {
            Some(api_id) => self.deployed(api_id, &endpoint.stage),
            None => {
                let mut named = self.shared.stages.iter().filter(|stage| stage.key().1 == endpoint.stage);
                let first = named.next().map(|stage| stage.clone());
                first.filter(|_| named.next().is_none())
            }
        };
        deployed.filter(|deployed| !deployed.stage.default_endpoint_disabled)
    }

    /// Lists the deployed stages, for a client that named none of them.
    pub(super) fn stages_hint(&self) -> String {
        let mut paths: Vec<_> = self
            .shared
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

    pub fn write_metrics(&self, page: &mut Page) {
        // A stage without connections has 0.
        let stages = self.shared.stages.iter();
        let mut open: BTreeMap<_, _> = stages.map(|stage| (stage.key().clone(), 0)).collect();
        self.shared.connections.count_by_stage(&mut open);
        self.shared.metrics.write(page, &open);
    }
}
