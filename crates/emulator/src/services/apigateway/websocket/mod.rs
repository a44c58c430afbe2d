//! The WebSocket data plane: connections, routes, service integrations and `@connections`.
//!
//! A handshake arrives in `handshake`, a frame in `socket`, which does what `socket_state` and `dispatch` decide, and a
//! call to `@connections` in `management`. [`stage`] is the compiled deployment that they serve.

mod access_log;
mod authorizer;
mod connections;
mod context;
mod deployed;
mod dispatch;
mod endpoint;
mod event;
mod frames;
mod gateway;
mod handshake;
mod handshake_request;
mod header_names;
mod identity;
pub mod identity_source;
mod ids;
mod integration;
mod invoke;
mod lifecycle;
pub mod limits;
mod management;
mod metrics;
mod model;
mod queue;
mod rate_limiter;
pub mod selection;
#[cfg(any(test, feature = "fuzzing"))]
mod serve_socket;
mod socket;
#[cfg(test)]
mod socket_simulation;
mod socket_state;
pub mod stage;
#[cfg(test)]
mod tests;
mod throttle;
mod trace;

#[cfg(test)]
pub(crate) use deployed::Deployed;
pub use endpoint::Endpoint;
pub use gateway::{Deps, Gateway};
pub use handshake::is_upgrade;
pub use limits::Timers;
