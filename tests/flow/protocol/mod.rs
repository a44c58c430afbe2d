//! The WebSocket protocol at the front door, case by case, by a client that sends bytes (RFC 6455).

mod case;
mod closing;
mod framing;
mod handshake;
mod limits;
mod text;
