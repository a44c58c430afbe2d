//! Behaviour of the dialect, one module per section of docs/aws-behaviour.md.

mod common;
mod errors;
mod expressions;
mod input;
mod invariants;
mod language;
mod limits;
mod service_integration;
mod util;
