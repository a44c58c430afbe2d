//! API Gateway: `control` is what Terraform and SDKs call, `websocket` what clients and functions meet.

pub mod control;
pub mod websocket;
