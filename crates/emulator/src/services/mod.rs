//! One folder for each AWS service, control plane and data plane as neighbours.

pub mod apigateway;
pub mod cloudwatch;
pub mod dynamodb;
pub mod iam;
pub mod kinesis;
pub mod lambda;
pub mod logs;
pub mod sqs;
pub mod sts;
