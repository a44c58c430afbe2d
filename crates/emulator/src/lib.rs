//! The plane on one machine: an API Gateway WebSocket API, Kinesis, event source mappings and Lambda,
//! in one process, on one port.

pub mod account;
mod answer;
pub mod aws_api;
mod body;
pub mod clock;
pub mod compose;
pub mod faults;
pub mod function;
pub mod gateway;
pub mod guard;
pub mod identity;
pub mod isolation;
pub mod logs;
mod metrics;
pub mod open_files;
pub mod package;
pub mod panics;
pub mod plane;
mod server;
pub mod stack;
pub mod storage;
pub mod stream;
mod temp_folder;

/// The README's example compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
