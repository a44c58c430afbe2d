//! A function's log stream: what its environment prints and reports, written as the function's role may.

use super::config::FunctionConfig;
use super::environment::Surroundings;
use crate::clock;
use crate::identity::Principal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// One environment's log stream. Lambda writes it as the function's role: where that may not, nothing is
/// written, and the function runs all the same.
pub(super) struct LogStream {
    name: String,
    group: String,
    arn: String,
    role: Principal,
    surroundings: Arc<Surroundings>,
    is_created: AtomicBool,
    function: String,
}

impl LogStream {
    /// A stream that is made with its first line.
    pub fn new(config: &FunctionConfig, surroundings: Arc<Surroundings>) -> Self {
        let name =
            format!("{}/[$LATEST]{}", clock::date_path(clock::now_ms()), uuid::Uuid::new_v4().simple());
        let group = config.log_group.clone();
        Self {
            arn: surroundings.account.arn("logs", &format!("log-group:{group}:log-stream:{name}")),
            role: Principal::Role(config.role_arn.clone()),
            is_created: AtomicBool::new(false),
            function: config.name.clone(),
            name,
            group,
            surroundings,
        }
    }

    /// Its name, as the function is told.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes one line, if the role may at this moment.
    pub fn append(&self, line: &str) {
        self.append_as(line, line);
    }

    /// Writes one line, and shows it to whoever watches the plane in another form.
    pub fn append_as(&self, line: &str, shown: &str) {
        tracing::info!(target: "function", function = self.function, "{shown}");
        let may = |action: &str| self.surroundings.permissions.check(&self.role, action, &self.arn).is_ok();
        if !self.is_created.load(Ordering::Relaxed) {
            if !may("logs:CreateLogStream") {
                return;
            }
            self.is_created.store(true, Ordering::Relaxed);
        }
        if may("logs:PutLogEvents") {
            self.surroundings.logs.append(&self.group, &self.name, clock::now_ms(), line);
        }
    }
}
