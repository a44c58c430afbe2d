//! Lambda: the function host, and the event source mappings that feed it.

pub mod config;
mod ending;
mod environment;
mod host;
mod log_stream;
mod memory;
mod output;
mod process;
mod processes;
mod runtime_api;
mod watcher;

pub use ending::Ended;
pub use environment::{INIT_MAX, Surroundings};
pub use host::{CONCURRENCY_MAX, Functions, InvokeError, Invoked};
pub use output::LOG_EVENT_BYTES_MAX;
pub use processes::Processes;
pub use runtime_api::RESPONSE_BYTES_MAX;
