//! Counters for each route: CloudWatch's metrics of a WebSocket API (docs/aws-behaviour.md#apigateway-logs).

use crate::core::metrics::Page;
use dashmap::DashMap;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds of the latency histogram's buckets, in seconds; the last is the longest timeout of an integration.
const LATENCY_BOUNDS_S: [f64; 15] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 10.0, 29.0];

/// The label of frames that match no route.
const NO_ROUTE: &str = "";
/// The label of messages that functions post.
const CALLBACKS: &str = "@connections";

/// The counters of one route of a stage.
#[derive(Debug, Default)]
pub struct RouteCounters {
    /// Handshakes that reached `$connect`'s integration, or would have if there were one.
    pub connects: AtomicU64,
    /// Messages from and to clients.
    pub messages: AtomicU64,
    /// Integrations' answers with a status of 400 or more.
    pub integration_errors: AtomicU64,
    /// Refusals before the integration was called.
    pub client_errors: AtomicU64,
    /// Failures to call the integration, or to map its answer.
    pub execution_errors: AtomicU64,
    latency_us_sum: AtomicU64,
    latency_buckets: [AtomicU64; LATENCY_BOUNDS_S.len() + 1],
}

pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

impl RouteCounters {
    /// An integration answered after this time.
    pub fn observe_latency(&self, latency: Duration) {
        let bucket = LATENCY_BOUNDS_S.partition_point(|bound| *bound < latency.as_secs_f64());
        count(&self.latency_buckets[bucket]);
        self.latency_us_sum.fetch_add(latency.as_micros() as u64, Relaxed);
    }
}

/// Every route's counters. They outlive deployments, and are deleted with their stage.
#[derive(Debug, Clone, Default)]
pub struct GatewayMetrics {
    routes: Arc<DashMap<[String; 3], Arc<RouteCounters>>>,
}

impl GatewayMetrics {
    pub fn of_route(&self, api_id: &str, stage: &str, route: &str) -> Arc<RouteCounters> {
        self.routes.entry([api_id, stage, route].map(Into::into)).or_default().clone()
    }

    /// The counters of frames that match no route.
    pub fn of_no_route(&self, api_id: &str, stage: &str) -> Arc<RouteCounters> {
        self.of_route(api_id, stage, NO_ROUTE)
    }

    /// The counters of functions' posts.
    pub fn of_callbacks(&self, api_id: &str, stage: &str) -> Arc<RouteCounters> {
        self.of_route(api_id, stage, CALLBACKS)
    }

    pub fn forget(&self, api_id: &str, stage: &str) {
        self.routes.retain(|[api, name, _], _| api != api_id || name != stage);
    }
}

/// A counter: its name, CloudWatch's name with a description, and the field.
type Counter = (&'static str, &'static str, fn(&RouteCounters) -> &AtomicU64);
const COUNTERS: [Counter; 5] = [
    ("connect_count", "ConnectCount: handshakes that reached $connect.", |route| &route.connects),
    ("message_count", "MessageCount: messages from clients and to them.", |route| &route.messages),
    ("integration_error", "IntegrationError: answers of an integration with a 4xx or 5xx status.", |route| {
        &route.integration_errors
    }),
    ("client_error", "ClientError: refusals before an integration was called.", |route| &route.client_errors),
    ("execution_error", "ExecutionError: failures to call an integration or to map its answer.", |route| {
        &route.execution_errors
    }),
];

impl GatewayMetrics {
    /// Writes the counters, and each stage's number of open connections (by API and name).
    pub fn write(&self, page: &mut Page, open: &BTreeMap<(String, String), u64>) {
        let routes: BTreeMap<_, _> =
            self.routes.iter().map(|route| (route.key().clone(), route.value().clone())).collect();
        for (name, help, counter) in COUNTERS {
            let name = format!("sluicegate_gateway_{name}_total");
            page.family(&name, "counter", help);
            for ([api, stage, route], counters) in &routes {
                let labels = [("api", api.as_str()), ("stage", stage), ("route", route)];
                page.sample(&name, &labels, counter(counters).load(Relaxed));
            }
        }
        let name = "sluicegate_gateway_integration_latency_seconds";
        page.family(name, "histogram", "IntegrationLatency: from calling the integration to its answer.");
        for ([api, stage, route], counters) in &routes {
            let labels = [("api", api.as_str()), ("stage", stage), ("route", route)];
            let buckets = counters.latency_buckets.each_ref().map(|bucket| bucket.load(Relaxed));
            let sum_s = counters.latency_us_sum.load(Relaxed) as f64 / 1e6;
            page.histogram(name, &labels, &LATENCY_BOUNDS_S, &buckets, sum_s);
        }
        let name = "sluicegate_gateway_connections";
        page.family(name, "gauge", "Open connections.");
        for ((api, stage), open) in open {
            page.sample(name, &[("api", api), ("stage", stage)], *open);
        }
    }
}
