//! Panics of tasks: counted, so that one that nobody waits for is still seen.

use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The metric of panics.
pub const PANICS: &str = "sluicegate_task_panics_total";

static COUNT: AtomicU64 = AtomicU64::new(0);

/// Counts panics of this process's tasks from now on, beside whatever reports them. Again, it does nothing.
pub fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            // Not what a test's own body asserts: only tasks that were spawned have an id.
            if tokio::task::try_id().is_some() {
                COUNT.fetch_add(1, Relaxed);
            }
            report(panic);
        }));
    });
}

/// How many there were. Each is a fault of this program.
pub fn count() -> u64 {
    COUNT.load(Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_tasks_panic_is_counted_even_if_nobody_waits() {
        watch();
        watch();
        let before = count();
        let task = tokio::spawn(async { panic!("of a task, which a test wants") });
        assert!(task.await.is_err());
        assert!(count() > before);
    }
}
