//! What is provisioned for a version or an alias.

use crate::protocol::time;
use serde_json::{Value, json};
use std::time::SystemTime;

#[derive(Debug, Clone)]
pub struct Provisioned {
    pub executions: u32,
    modified: SystemTime,
}

impl Provisioned {
    pub(super) fn new(executions: u32) -> Self {
        Self { executions, modified: SystemTime::now() }
    }

    pub(super) fn view(&self) -> Value {
        json!({
            "RequestedProvisionedConcurrentExecutions": self.executions,
            "AllocatedProvisionedConcurrentExecutions": self.executions,
            "AvailableProvisionedConcurrentExecutions": self.executions,
            "Status": "READY",
            "LastModified": time::lambda_timestamp(self.modified),
        })
    }
}
