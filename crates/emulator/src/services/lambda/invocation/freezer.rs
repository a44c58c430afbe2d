//! Freezes environments that have nothing to do, as Lambda does: what a function has left running after its answer stands
//! still until the next event (docs/aws-behaviour.md#lambda-freeze).

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long an environment is idle before it is frozen. A busy function is never frozen, so it pays nothing.
pub const IDLE_MIN: Duration = Duration::from_millis(20);

/// When an idle environment is frozen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Freeze {
    /// After [`IDLE_MIN`].
    #[default]
    Soon,
    /// As soon as its invocation has ended.
    Immediate,
    /// Never: for debuggers and profilers.
    Off,
}

/// Sweeps the idle environments, while there are any to freeze.
#[derive(Debug)]
pub(super) struct Freezer {
    freeze: Freeze,
    is_sweeping: AtomicBool,
}

impl Freezer {
    pub fn new(freeze: Freeze) -> Self {
        Self { freeze, is_sweeping: AtomicBool::new(false) }
    }

    /// An environment has become idle, and `freeze` freezes it. Returns whether the caller is to start a
    /// [sweep](Self::sweep).
    pub fn idle(&self, freeze: impl FnOnce()) -> bool {
        match self.freeze {
            Freeze::Off => false,
            Freeze::Immediate => {
                freeze();
                false
            }
            Freeze::Soon => !self.is_sweeping.swap(true, Ordering::AcqRel),
        }
    }

    /// Freezes every [`IDLE_MIN`] what `freeze_idle` finds, which returns whether it leaves some for the next time.
    pub async fn sweep(&self, freeze_idle: impl Fn() -> bool) {
        loop {
            tokio::time::sleep(IDLE_MIN).await;
            // Before the search: whoever becomes idle from now on starts a sweep of its own.
            self.is_sweeping.store(false, Ordering::Release);
            if !freeze_idle() || self.is_sweeping.swap(true, Ordering::AcqRel) {
                return;
            }
        }
    }
}
