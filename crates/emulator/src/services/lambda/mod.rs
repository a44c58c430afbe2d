//! Lambda: `control` is for Terraform and SDKs, `invocation` runs functions, `event_source_mapping` feeds them.

pub mod code_folder;
pub mod control;
pub mod event_source_mapping;
pub mod invocation;
