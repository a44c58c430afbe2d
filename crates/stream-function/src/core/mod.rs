//! What to handle, when to retry and what to report: pure, with time and randomness passed in.

mod memory;
mod plan;
mod window;

pub(crate) use memory::Memory;
pub(crate) use plan::{Plan, Verdict};
pub(crate) use window::Window;
