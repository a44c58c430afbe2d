//! The plane on one machine: an API Gateway WebSocket API, Kinesis, event source mappings and Lambda,
//! in one process, on one port.

mod answer;
pub mod aws_api;
mod body;
pub mod compose;
pub mod core;
pub mod faults;
pub mod guard;
pub mod package;
pub mod plane;
pub mod protocol;
mod server;
pub mod services;
pub mod stack;
pub mod storage;

/// The README's example compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
