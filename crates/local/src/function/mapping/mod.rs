//! Event source mappings: from a shard's records to a function's invocations.

pub mod config;
