//! The function host: runs functions in processes of their own.

mod alias;
pub mod config;
mod context;
mod environment;
mod freezer;
mod host;
mod log_stream;
mod memory;
mod output;
mod process;
mod processes;
mod result;
mod runtime_api;
mod watcher;

pub use alias::AliasRoute;
pub use context::{Deps, INIT_MAX};
pub use freezer::{Freeze, IDLE_MIN};
pub use host::{CONCURRENCY_MAX, Functions, InvokeError, Invoked};
pub use output::LOG_EVENT_BYTES_MAX;
pub use processes::Processes;
pub use result::InvocationResult;
pub use runtime_api::RESPONSE_BYTES_MAX;
