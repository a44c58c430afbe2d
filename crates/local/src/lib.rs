//! The plane on one machine: an API Gateway WebSocket API, Kinesis, event source mappings and Lambda,
//! in one process, on one port.

pub mod account;
pub mod aws_api;
pub mod clock;
pub mod compose;
pub mod faults;
pub mod function;
pub mod gateway;
pub mod identity;
pub mod isolation;
pub mod logs;
mod metrics;
pub mod open_files;
pub mod package;
pub mod plane;
mod server;
pub mod stack;
pub mod storage;
pub mod stream;
mod temp_folder;
