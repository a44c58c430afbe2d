//! Logs and CloudWatch metrics of a function, as lines on standard output.

mod emf;
mod log;
mod tally;

pub(crate) use emf::{Line, metrics_line};
pub(crate) use log::{init, metrics_level};
pub(crate) use tally::{Counts, Tally};
