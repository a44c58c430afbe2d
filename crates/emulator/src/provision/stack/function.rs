//! The settings of a function.

use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An element of `var.functions`, which `terraform/modules/function/README.md` describes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Function {
    pub memory_mb: u32,
    pub timeout_seconds: u32,
    pub routes: Vec<String>,
    pub lifecycle_events: Vec<String>,
    pub connection_actions: Vec<String>,
    pub environment: BTreeMap<String, String>,
    pub secret_arns: BTreeMap<String, String>,
    pub policy_statements: Vec<PolicyStatement>,
    pub managed_policy_arns: Vec<String>,
    pub vpc: Option<Vpc>,
    pub layers: Vec<String>,
    pub tracing: bool,
    pub ephemeral_storage_mb: u32,
    pub reserved_concurrency: i64,
    pub provisioned_concurrency: u32,
    pub log_level: String,
    pub log_retention_days: u32,
    pub batch_size: u32,
    pub batching_window_seconds: u32,
    pub parallelization_factor: u32,
    pub bisect_on_error: bool,
    pub maximum_retry_attempts: i64,
    pub maximum_record_age_seconds: i64,
    pub starting_position: String,
    pub starting_position_timestamp: Option<String>,
    pub enabled: bool,
}

/// What a role may do beyond the flow, or may not.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PolicyStatement {
    /// `Allow` or `Deny`
    pub effect: String,
    pub actions: Vec<String>,
    pub resources: Vec<String>,
    /// Values by condition key, by operator.
    pub conditions: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Vpc {
    pub subnet_ids: Vec<String>,
    pub security_group_ids: Vec<String>,
}

impl Function {
    /// The secrets, or the parameters, that the function reads: `service` is that of their ARNs.
    pub fn secrets_of(&self, service: &str) -> Vec<&str> {
        let marker = format!(":{service}:");
        self.secret_arns.values().map(String::as_str).filter(|arn| arn.contains(&marker)).collect()
    }
}

impl PolicyStatement {
    /// As IAM writes it.
    pub fn document(&self) -> Value {
        let mut statement =
            json!({"Effect": self.effect, "Action": self.actions, "Resource": self.resources});
        if !self.conditions.is_empty() {
            statement["Condition"] = json!(self.conditions);
        }
        statement
    }
}
