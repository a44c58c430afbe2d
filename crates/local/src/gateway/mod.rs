//! The front door: WebSocket connections, routes, service integrations and `@connections`.

pub mod selection;
pub mod stage;
