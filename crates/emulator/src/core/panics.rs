//! Counts panics of tasks, so that those that nobody waits for are noticed.

use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

pub const PANICS: &str = "sluicegate_task_panics_total";

static COUNT: AtomicU64 = AtomicU64::new(0);

/// Counts this process's panics from now on, in addition to reporting them. A second call has no effect.
pub fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            // Not a test's own assertions: only spawned tasks have an id.
            if tokio::task::try_id().is_some() {
                COUNT.fetch_add(1, Relaxed);
            }
            report(panic);
        }));
    });
}

/// How many there were. Each is a bug of this program.
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
