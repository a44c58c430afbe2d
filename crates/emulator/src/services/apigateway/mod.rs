//! API Gateway: `control` is for Terraform and SDKs, `websocket` for clients and functions.

pub mod control;
pub mod websocket;
