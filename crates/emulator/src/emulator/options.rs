//! How an emulator may differ from the usual one.

use crate::core::account::Account;
use crate::fault_injection::FaultSettings;
use crate::server::guard::Access;
use crate::services::apigateway::websocket::Timers;
use crate::services::kinesis::{SubscriptionTimers, WriteLimits};
use std::path::PathBuf;
use std::time::Duration;

/// How an emulator differs from the usual one.
#[derive(Debug, Clone, Default)]
pub struct EmulatorOptions {
    /// The account that it plays.
    pub account: Account,
    /// How long connections last.
    pub timers: Timers,
    /// Whether shards refuse what is over their write limit.
    pub write_limits: WriteLimits,
    /// What is to go wrong from the start; [`crate::Emulator::faults`] changes it later.
    pub faults: FaultSettings,
    /// How long subscriptions to shards last.
    pub subscription_timers: SubscriptionTimers,
    /// Where streams, records and checkpoints outlive the process; `None`: memory only.
    pub data_dir: Option<PathBuf>,
    /// How long a function's init may take before it is begun again; `None`: as on AWS, [`crate::services::lambda::invocation::INIT_MAX`].
    pub init_max: Option<Duration>,
    /// How long a function that was created or changed says so; `None`: [`crate::services::lambda::control::SETTLE_TIME`].
    pub function_settle_time: Option<Duration>,
    /// Who may use the port beside who always may: nobody.
    pub access: Access,
    /// Whether [`crate::provision::compose`] follows at once: until it is through, a handshake for a stage that is not
    /// there is told to come again (503) instead of refused for good (403).
    pub is_starting: bool,
}
