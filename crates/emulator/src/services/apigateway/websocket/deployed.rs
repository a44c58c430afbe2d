//! A stage that is being served: compiled, with its token buckets and its counters.

use super::metrics::{GatewayMetrics, RouteCounters};
use super::stage::{Route, Stage};
use super::throttle::TokenBucket;
use crate::core::clock;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// A stage, its token buckets, which are full when it is deployed, and its counters, which a deployment keeps.
pub struct Deployed {
    pub stage: Stage,
    counters: HashMap<String, Arc<RouteCounters>>,
    of_no_route: Arc<RouteCounters>,
    /// If there are none, every message selects `$default`.
    pub has_custom_routes: bool,
    default_bucket: Mutex<TokenBucket>,
    route_buckets: HashMap<String, Mutex<TokenBucket>>,
}

impl Deployed {
    /// Starts with full buckets and the stage's earlier counters.
    pub fn new(stage: Stage, metrics: &GatewayMetrics) -> Self {
        let now_ms = clock::now_ms();
        let bucket = |throttle| Mutex::new(TokenBucket::new(throttle, now_ms));
        let of_route = |route: &Arc<Route>| Some((route.key.clone(), bucket(route.throttle?)));
        // Handshakes are counted without a $connect route, too.
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

    /// The counters of a route, by its key; an empty key belongs to no route.
    pub fn counters(&self, route_key: &str) -> &Arc<RouteCounters> {
        self.counters.get(route_key).unwrap_or(&self.of_no_route)
    }

    /// Whether the rates of the route and the stage allow one more.
    pub fn admits(&self, route_key: &str, now_ms: u64) -> bool {
        let bucket = self.route_buckets.get(route_key).unwrap_or(&self.default_bucket);
        bucket.lock().take(now_ms)
    }
}
