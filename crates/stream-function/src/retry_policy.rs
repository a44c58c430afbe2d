//! How long one record is tried within a delivery: its window, unless its connection fails for a reason of its own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

use crate::batch::lock;
use crate::core::{Health, Standing, Window};
use crate::jitter::Jitter;

/// The retry policy of one record, shared by its attempts and their calls.
pub(crate) struct RetryPolicy {
    window: Window,
    jitter: Arc<Jitter>,
    health: Arc<Mutex<Health>>,
    /// The record's own connection: who else an attempt may write to does not matter.
    connection: Arc<str>,
    /// When the first of its attempts had failed.
    since: OnceLock<Instant>,
    /// Quick retries, which do not count against the record's attempts.
    quick: AtomicU32,
}

impl RetryPolicy {
    pub fn new(connection: &str, window: Window, jitter: &Arc<Jitter>, health: &Arc<Mutex<Health>>) -> Self {
        Self {
            window,
            jitter: Arc::clone(jitter),
            health: Arc::clone(health),
            connection: connection.into(),
            since: OnceLock::new(),
            quick: AtomicU32::new(0),
        }
    }

    /// How long to wait after `attempts` of one kind have failed; nothing if there is to be no further one.
    pub fn wait(&self, attempts: u32) -> Option<Duration> {
        let now = Instant::now();
        let first = self.since.set(now).is_ok();
        let standing = lock(&self.health).fail(&self.connection, first, now);
        let quick = self.quick.load(Ordering::Relaxed);
        if standing == Standing::Quarantined {
            return None;
        }
        if standing == Standing::Suspect
            && let Some(since) = self.since.get()
            && let Some(wait) = self.window.wait_quick(*since, now, quick + 1, self.jitter.next())
        {
            self.quick.store(quick + 1, Ordering::Relaxed);
            return Some(wait);
        }
        self.window.wait(now, attempts.saturating_sub(quick).max(1), self.jitter.next())
    }

    /// Whether the connection fails while others succeed, so that redelivery is pointless.
    pub fn is_in_vain(&self) -> bool {
        self.since.get().is_some() && lock(&self.health).is_quarantined(&self.connection, Instant::now())
    }

    /// The record was handled.
    pub fn record_success(&self) {
        let first = self.since.get().is_none();
        lock(&self.health).succeed(&self.connection, first, Instant::now());
    }
}
