//! A log that only counts.

use emulator::core::logs::LogSink;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How often each line was logged.
#[derive(Default)]
pub struct Lines(Mutex<BTreeMap<String, usize>>);

impl Lines {
    /// The lines since the last call.
    pub fn take(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl LogSink for Lines {
    fn append(&self, _: &str, _: &str, _: u64, message: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *lines.entry(message.to_owned()).or_default() += 1;
    }
}
