//! The emulator: an API Gateway WebSocket API, Kinesis, event source mappings and Lambda on one machine, in one
//! process, on one port.

pub mod core;
pub mod dispatch;
mod emulator;
pub mod fault_injection;
pub mod package;
pub mod protocol;
pub mod provision;
pub mod server;
pub mod services;
pub mod storage;

pub use emulator::{Emulator, EmulatorOptions, STOP_MAX};

/// The README's example compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
