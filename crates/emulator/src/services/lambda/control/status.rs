//! A function's state after a change. Changes take effect at once here; Lambda needs a moment for them.

use crate::protocol::ApiError;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// How long a function is `Pending` or `InProgress`: long enough that clients see it, and short enough not to delay them.
pub const SETTLE_TIME: Duration = Duration::from_millis(10);

const REASON: &str = "The function is being created.";
const REASON_CODE: &str = "Creating";

/// A function's or a version's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// `Active`, its last update `Successful`.
    Settled,
    /// `Pending`, until then.
    Creating(Instant),
    /// `Active`, its last update `InProgress`, until then.
    Updating(Instant),
}

impl Status {
    /// Ends the change if its time is over; returns whether it ended now.
    pub fn settle(&mut self, now: Instant) -> bool {
        let is_over = matches!(*self, Self::Creating(until) | Self::Updating(until) if until <= now);
        if is_over {
            *self = Self::Settled;
        }
        is_over
    }

    /// Whether it is being created.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Creating(_))
    }

    /// Its members in a FunctionConfiguration.
    pub fn view(self) -> Value {
        match self {
            Self::Settled => json!({"State": "Active", "LastUpdateStatus": "Successful"}),
            Self::Creating(_) => {
                json!({"State": "Pending", "StateReason": REASON, "StateReasonCode": REASON_CODE})
            }
            Self::Updating(_) => json!({
                "State": "Active", "LastUpdateStatus": "InProgress",
                "LastUpdateStatusReason": REASON, "LastUpdateStatusReasonCode": REASON_CODE,
            }),
        }
    }

    /// Refuses an operation that needs the last change to be complete. Fails with `ResourceConflictException`.
    pub fn check_settled(self, function_arn: &str) -> Result<(), ApiError> {
        match self {
            Self::Settled => Ok(()),
            Self::Creating(_) => Err(pending()),
            Self::Updating(_) => Err(in_progress(function_arn)),
        }
    }
}

/// The refusal while a function is `Pending`.
pub(super) fn pending() -> ApiError {
    conflict("The function is currently in the following state: Pending")
}

/// The refusal during another update.
pub(super) fn in_progress(function_arn: &str) -> ApiError {
    conflict(&format!("An update is in progress for resource: {function_arn}"))
}

fn conflict(why: &str) -> ApiError {
    let message = format!("The operation cannot be performed at this time. {why}");
    ApiError::conflict("ResourceConflictException", message)
}
