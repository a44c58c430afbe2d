//! The options of an emulator.

use crate::core::account::Account;
use crate::fault_injection::FaultSettings;
use crate::server::guard::Access;
use crate::services::apigateway::websocket::Timers;
use crate::services::kinesis::{SubscriptionTimers, WriteLimits};
use crate::services::lambda::invocation::Freeze;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Clone, Default)]
pub struct EmulatorOptions {
    pub account: Account,
    pub timers: Timers,
    pub write_limits: WriteLimits,
    /// Faults from the start; [`crate::Emulator::faults`] changes them later.
    pub faults: FaultSettings,
    pub subscription_timers: SubscriptionTimers,
    /// Where streams, records and checkpoints are kept; `None`: in memory only.
    pub data_dir: Option<PathBuf>,
    /// How long a function's init may take before it is restarted; `None`: as on AWS,
    /// [`crate::services::lambda::invocation::INIT_MAX`].
    pub init_max: Option<Duration>,
    /// When functions that have nothing to do are frozen.
    pub freeze: Freeze,
    /// How long functions are `Pending` or `InProgress`; `None`: [`crate::services::lambda::control::SETTLE_TIME`].
    pub function_settle_time: Option<Duration>,
    /// Who may use the port besides this machine's own clients; nobody by default.
    pub access: Access,
    /// Whether [`crate::provision::compose`] follows at once. Until it is done, a handshake for an unknown stage is
    /// answered with 503 (try again) instead of 403.
    pub is_starting: bool,
}
