//! A stage as it is served: compiled, with its token buckets and its counters.

use super::metrics::{GatewayMetrics, RouteCounters};
use super::stage::{Route, Stage};
use super::throttle::TokenBucket;
use crate::core::clock;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// A stage, its token buckets, which begin full when it is deployed, and its counters, which go on.
pub struct Deployed {
    /// What was deployed.
    pub stage: Stage,
    counters: HashMap<String, Arc<RouteCounters>>,
    of_no_route: Arc<RouteCounters>,
    /// Where there are none, whatever a message selects is `$default`.
    pub has_custom_routes: bool,
    default_bucket: Mutex<TokenBucket>,
    route_buckets: HashMap<String, Mutex<TokenBucket>>,
}

impl Deployed {
    /// Begins with full buckets, and with the counters that the stage has had before.
    pub fn new(stage: Stage, metrics: &GatewayMetrics) -> Self {
        let now_ms = clock::now_ms();
        let bucket = |throttle| Mutex::new(TokenBucket::new(throttle, now_ms));
        let of_route = |route: &Arc<Route>| Some((route.key.clone(), bucket(route.throttle?)));
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
    pub fn counters(&self, route_key: &str) -> &Arc<RouteCounters> {
        self.counters.get(route_key).unwrap_or(&self.of_no_route)
    }

    /// Whether the route's rate, or the stage's, has room for one more.
    pub fn admits(&self, route_key: &str, now_ms: u64) -> bool {
        let bucket = self.route_buckets.get(route_key).unwrap_or(&self.default_bucket);
        bucket.lock().take(now_ms)
    }
}
