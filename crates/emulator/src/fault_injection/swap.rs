//! Records held back until the next one of their partition key is in the stream, or some time has passed.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// The records held back, by partition key: one for each, so that two swap and no third one waits.
#[derive(Debug, Default)]
pub(super) struct Swaps {
    held: Arc<Mutex<HashMap<String, Arc<Notify>>>>,
}

/// A held record's permission to enter the stream.
#[derive(Debug)]
pub struct Held {
    swaps: Swaps,
    key: String,
    follower: Arc<Notify>,
    patience: Duration,
}

impl Swaps {
    /// Whether a record of this key is held back now.
    pub fn holds(&self, key: &str) -> bool {
        self.held.lock().contains_key(key)
    }

    pub fn hold(&self, key: &str, patience: Duration) -> Held {
        let follower = Arc::default();
        self.held.lock().insert(key.into(), Arc::clone(&follower));
        Held { swaps: Self { held: Arc::clone(&self.held) }, key: key.into(), follower, patience }
    }

    /// A record of this key is in the stream: the one held back may follow.
    pub fn release(&self, key: &str) {
        if let Some(follower) = self.held.lock().remove(key) {
            // Stores the permission for a record that does not wait yet.
            follower.notify_one();
        }
    }
}

impl Held {
    /// Waits until another record of the key has gone first, or none came in time.
    pub async fn wait(self) {
        let _ = tokio::time::timeout(self.patience, self.follower.notified()).await;
    }
}

/// If a caller hangs up while its record is held, nothing remains.
impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.swaps.held.lock();
        if held.get(&self.key).is_some_and(|follower| Arc::ptr_eq(follower, &self.follower)) {
            held.remove(&self.key);
        }
    }
}
