//! Behaviour of the dialect, one module per section of docs/aws-behaviour.md.

mod collections;
mod common;
mod errors;
mod expressions;
mod input;
mod invariants;
mod language;
mod limits;
mod marks;
mod methods;
mod recorded;
mod references;
mod service_integration;
mod util;
