//! What a function tells its operators: JSON logs and CloudWatch metrics, both as lines on standard output.

mod emf;
mod log;
mod tally;

pub(crate) use emf::metrics_line;
pub(crate) use log::init;
pub(crate) use tally::{Counts, Tally};
