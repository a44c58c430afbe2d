//! API Gateway mapping templates.
