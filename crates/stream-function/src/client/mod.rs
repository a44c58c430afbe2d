//! The library's own clients of AWS: one pooled HTTP client, one signature, two services.
//!
//! AWS's SDK crates are not used unless the feature `aws-sdk` brings one in for posts: with logging they bring a stripped function from 3 to more than 5 MB, and
//! their orchestration is two thirds of the CPU time of a post. The signature itself is AWS's own crate, and tests
//! hold each request equal to what the SDKs send.

mod connections;
mod queue;
#[cfg(feature = "aws-sdk")]
mod sdk;
mod transport;

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod wire;

pub(crate) use connections::EndpointConnections;
pub(crate) use queue::Queue;
#[cfg(feature = "aws-sdk")]
pub(crate) use sdk::SdkConnections;
pub(crate) use transport::{Transport, causes, transport};
