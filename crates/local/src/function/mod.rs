//! Lambda: the function host, and the event source mappings that feed it.

pub mod config;
pub mod mapping;
