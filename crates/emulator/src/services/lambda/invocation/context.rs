//! What every execution environment shares.

use super::freezer::Freeze;
use super::processes::Processes;
use crate::core::account::Account;
use crate::core::identity::Permissions;
use crate::core::logs::LogSink;
use crate::fault_injection::Faults;
use std::sync::Arc;
use std::time::Duration;

/// How long a function may take to ask for its first event, before its init is restarted as a part of the invocation.
pub const INIT_MAX: Duration = Duration::from_secs(10);

pub struct Deps {
    pub account: Account,
    /// Issues the environment's credentials.
    pub permissions: Arc<dyn Permissions>,
    /// Takes the functions' output.
    pub logs: Arc<dyn LogSink>,
    /// `AWS_ENDPOINT_URL` for the functions: the emulator itself.
    pub endpoint_url: String,
    pub faults: Faults,
    /// [`INIT_MAX`], or less in tests.
    pub init_max: Duration,
    /// When environments that have nothing to do are frozen.
    pub freeze: Freeze,
    /// Groups the processes of functions.
    pub processes: Processes,
}
