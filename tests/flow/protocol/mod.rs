//! The gateway's WebSocket protocol (RFC 6455), in cases that a client of raw bytes runs.

mod case;
mod closing;
mod framing;
mod handshake;
mod limits;
mod text;
