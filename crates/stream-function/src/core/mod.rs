//! What to handle, when to retry and what to report: pure, with time and randomness passed in.

mod bounded;
mod evidence;
mod health;
mod memory;
mod outage;
mod plan;
mod recent;
mod window;

pub(crate) use health::{Health, Standing};
pub(crate) use memory::Memory;
pub(crate) use outage::Outage;
pub(crate) use plan::{Plan, RecordOutcome};
pub(crate) use window::Window;
