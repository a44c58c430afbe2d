//! The protocols of AWS clients, reduced to one: JSON in, JSON or an error out.

pub mod body;
pub mod cbor;
pub mod error;
pub mod exchange;
pub mod id;
pub mod input;
pub mod page;
pub mod query;
pub mod reply;
pub mod rest;
pub mod service;
pub mod tags;
pub mod time;
pub mod xml;

pub use error::ApiError;
pub use reply::Reply;
pub use service::Service;

pub type Answer = Result<Reply, ApiError>;
