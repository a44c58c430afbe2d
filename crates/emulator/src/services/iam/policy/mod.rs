//! IAM policies without I/O: documents and their evaluation.

pub mod context;
pub mod document;
pub mod elements;
pub mod evaluate;
pub mod malformed;
pub mod pattern;
pub mod raw;
pub mod statement;
pub mod strict;
#[cfg(test)]
pub mod tests;

pub use document::Policy;
pub use statement::Kind;
