//! What to handle, when to retry and what to report: pure, with time and randomness passed in.

mod health;
mod memory;
mod plan;
mod window;

pub(crate) use health::{Health, Standing};
pub(crate) use memory::Memory;
pub(crate) use plan::{Plan, Verdict};
pub(crate) use window::Window;
