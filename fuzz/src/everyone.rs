//! An account in which everybody may do everything, and a log that only counts.

use local::identity::{Credentials, Denied, Permissions, Principal};
use local::logs::LogSink;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Allows everything.
pub struct Everyone;

impl Permissions for Everyone {
    fn check(&self, _: &Principal, _: &str, _: &str) -> Result<(), Denied> {
        Ok(())
    }

    fn assume(&self, _: &str, _: &str) -> Result<(), Denied> {
        Ok(())
    }

    fn check_service(&self, _: &str, _: &str, _: &str, _: &str) -> Result<(), Denied> {
        Ok(())
    }

    fn issue(&self, _: &str) -> Credentials {
        let text = String::new;
        Credentials { access_key_id: text(), secret_access_key: text(), session_token: text() }
    }

    fn revoke(&self, _: &str) {}

    fn principal(&self, _: &str) -> Option<Principal> {
        Some(Principal::Account)
    }
}

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
