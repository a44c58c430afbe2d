//! A function's log stream: what its environment prints and reports, if the function's role may write it.

use super::config::FunctionConfig;
use super::context::Deps;
use crate::core::clock;
use crate::core::identity::Principal;
use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes of an invocation's log for its caller (`LogType: Tail`), at most: the last ones.
pub(super) const LOG_TAIL_BYTES_MAX: usize = 4 * 1_024;

/// One environment's log stream. Lambda writes it as the function's role. If the role may not, nothing is written, and
/// the function still runs.
pub(super) struct LogStream {
    name: String,
    group: String,
    arn: String,
    role: Principal,
    deps: Arc<Deps>,
    is_created: AtomicBool,
    function: String,
    /// The end of the log, while it is wanted.
    tail: Mutex<Option<String>>,
}

impl LogStream {
    /// A stream, which its first line creates.
    pub fn new(config: &FunctionConfig, deps: Arc<Deps>) -> Self {
        let (date, id) = (clock::date_path(clock::now_ms()), uuid::Uuid::new_v4());
        let name = format!("{date}/[{}]{}", config.version, id.simple());
        let group = config.log_group.clone();
        Self {
            arn: deps.account.arn("logs", &format!("log-group:{group}:log-stream:{name}")),
            role: Principal::Role(config.role_arn.clone()),
            is_created: AtomicBool::new(false),
            function: config.name.clone(),
            tail: Mutex::default(),
            name,
            group,
            deps,
        }
    }

    /// Its name, for the function.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes one line, if the role may do so now.
    pub fn append(&self, line: &str) {
        self.append_as(line, || line.to_owned());
    }

    /// Writes one line, and prints it in another form for the emulator's user.
    pub fn append_as(&self, line: &str, shown: impl Fn() -> String) {
        tracing::info!(target: "function", function = self.function, "{}", shown());
        if let Some(tail) = &mut *self.tail() {
            extend(tail, line);
        }
        let may = |action: &str| self.deps.permissions.check(&self.role, action, &self.arn).is_ok();
        if !self.is_created.load(Ordering::Relaxed) {
            if !may("logs:CreateLogStream") {
                return;
            }
            self.is_created.store(true, Ordering::Relaxed);
        }
        if may("logs:PutLogEvents") {
            self.deps.logs.append(&self.group, &self.name, clock::now_ms(), line);
        }
    }

    /// Keeps the end of the log from now on, for the caller of an invocation, whether or not the role may write it.
    pub fn keep_tail(&self) {
        *self.tail() = Some(String::new());
    }

    /// The end of the log, if it was kept.
    pub fn take_tail(&self) -> Option<String> {
        self.tail().take()
    }

    fn tail(&self) -> MutexGuard<'_, Option<String>> {
        self.tail.lock()
    }
}

/// Adds a line, and cuts off the beginning.
fn extend(tail: &mut String, line: &str) {
    tail.push_str(line);
    tail.push('\n');
    let mut from = tail.len().saturating_sub(LOG_TAIL_BYTES_MAX);
    while !tail.is_char_boundary(from) {
        from += 1;
    }
    tail.drain(..from);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_keeps_the_last_bytes_and_whole_characters() {
        let mut tail = String::new();
        extend(&mut tail, "first");
        extend(&mut tail, "second");
        assert_eq!(tail, "first\nsecond\n");
        extend(&mut tail, &"\u{e9}".repeat(LOG_TAIL_BYTES_MAX));
        assert_eq!(tail.len(), LOG_TAIL_BYTES_MAX - 1, "half a character does not count");
        assert!(tail.ends_with("\u{e9}\n") && !tail.contains("second"));
    }
}
