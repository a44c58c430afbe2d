//! What every room builds on: accounts and ARNs, time, callers, metrics, open files.

pub mod account;
pub mod browser;
pub mod clock;
pub mod failure_destination;
pub mod identity;
pub mod isolation;
pub mod logs;
pub mod metrics;
pub mod open_files;
pub mod panics;
pub mod region;
pub mod temp_folder;
