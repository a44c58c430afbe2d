//! Lambda: the function host, and the event source mappings that feed it.

pub mod config;
mod environment;
mod host;
mod log_stream;
pub mod mapping;
mod runtime_api;

pub use environment::{Ended, INIT_TIMEOUT_S, LOG_EVENT_BYTES_MAX, Surroundings};
pub use host::{CONCURRENCY_MAX, Functions, InvokeError};
pub use runtime_api::RESPONSE_BYTES_MAX;
