//! How long one record is tried within a delivery: its window, less where its connection fails alone.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

use crate::batch::lock;
use crate::core::{Health, Standing, Window};
use crate::jitter::Jitter;

/// The patience with one record, which its attempts and their calls share.
pub(crate) struct Patience {
    window: Window,
    jitter: Arc<Jitter>,
    health: Arc<Mutex<Health>>,
    /// The record's own connection: who else an attempt may write to does not matter.
    connection: Arc<str>,
    /// When the first of its attempts had failed.
    since: OnceLock<Instant>,
}

impl Patience {
    pub fn new(connection: &str, window: Window, jitter: &Arc<Jitter>, health: &Arc<Mutex<Health>>) -> Self {
        Self {
            window,
            jitter: Arc::clone(jitter),
            health: Arc::clone(health),
            connection: connection.into(),
            since: OnceLock::new(),
        }
    }

    /// How long to wait after `attempts` of one kind have failed; nothing if there is to be no further one.
    pub fn wait(&self, attempts: u32) -> Option<Duration> {
        let now = Instant::now();
        let since = *self.since.get_or_init(|| now);
        match lock(&self.health).fail(&self.connection, since, now) {
            Standing::Shared => self.window.wait(now, attempts, self.jitter.next()),
            Standing::Alone => self.window.wait_alone(since, now, attempts, self.jitter.next()),
            Standing::Poisoned => None,
        }
    }

    /// Whether what failed will fail again while the others get through: then no later delivery is asked for.
    pub fn is_poison(&self) -> bool {
        let since = self.since.get();
        since.is_some_and(|since| lock(&self.health).is_poison(&self.connection, *since, Instant::now()))
    }

    /// The record was handled.
    pub fn rewarded(&self) {
        lock(&self.health).succeed(&self.connection, Instant::now());
    }
}
