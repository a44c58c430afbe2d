//! Creates a stack in an emulator from its definition, by the same control-plane calls that Terraform makes.
//!
//! The resources mirror `terraform/`; a test holds the two equal. Alarms, dashboards and tags have no effect on an
//! emulator (`fidelity/inert.toml`), so only Terraform creates them.

use crate::core::account::Account;
use crate::emulator::Emulator;
use crate::provision::stack::Stack;
use axum::body::Body;
mod authorizer;
mod call;
mod function;
mod function_role;
mod gateway;
mod logging;
mod release;
pub mod stack;

pub use release::update_code;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Checks of a stream or a mapping that is still changing, at most.
const ACTIVE_LOOKS_MAX: u32 = 5_000;
/// Between two such checks.
const ACTIVE_LOOK_EVERY: Duration = Duration::from_millis(1);

/// A call that the control plane refused.
#[derive(Debug, thiserror::Error)]
#[error("{call} failed with {status}: {answer}")]
pub struct ComposeError {
    call: String,
    status: u16,
    answer: String,
}

/// An emulator to fill: this process's own, or another.
pub trait ControlPlane: Send + Sync {
    fn account(&self) -> &Account;

    /// `AWS_ENDPOINT_URL` for the functions on it.
    fn endpoint_url(&self) -> String;

    fn call(&self, request: Request<Bytes>) -> BoxFuture<'_, Response<Body>>;

    /// All stages are published.
    fn composed(&self) {}
}

impl ControlPlane for Emulator {
    fn account(&self) -> &Account {
        Self::account(self)
    }

    fn endpoint_url(&self) -> String {
        Self::endpoint_url(self)
    }

    fn call(&self, request: Request<Bytes>) -> BoxFuture<'_, Response<Body>> {
        Box::pin(Self::call(self, request))
    }

    fn composed(&self) {
        self.app.gateway.started();
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    pub api_id: String,
    /// Deployed function names by key.
    pub functions: BTreeMap<String, String>,
}

/// Creates the whole stack. `zips` has each function's package, by key. Fails with a
/// [`ComposeError`] that has the control plane's message.
pub async fn compose(
    emulator: &dyn ControlPlane,
    stack: &Stack,
    zips: &BTreeMap<String, Bytes>,
) -> Result<Composed, ComposeError> {
    let composer = Composer { emulator, stack };
    composer.stream().await?;
    let mut functions = BTreeMap::new();
    if let Some(authorizer) = &stack.authorizer {
        let zip = zips.get(&authorizer.function).cloned().unwrap_or_default();
        functions.insert(authorizer.function.clone(), composer.authorizer(authorizer, &zip).await?);
        if stack.answers_subprotocol() {
            let zip = zips.get(stack::CONNECT_FUNCTION).cloned().unwrap_or_default();
            let name = composer.connect_function(authorizer, &zip).await?;
            functions.insert(stack::CONNECT_FUNCTION.to_owned(), name);
        }
    }
    let api_id = composer.gateway().await?;
    let mut mappings = Vec::new();
    for (key, function) in &stack.functions {
        let zip = zips.get(key).cloned().unwrap_or_default();
        let (name, mapping) = composer.function(&api_id, key, function, &zip).await?;
        functions.insert(key.clone(), name);
        mappings.push(mapping);
    }
    // Clients come last: a mapping at LATEST misses what was sent before it was there.
    for mapping in &mappings {
        composer.mapping_is_settled(mapping).await?;
    }
    composer.stage(&api_id).await?;
    emulator.composed();
    Ok(Composed { api_id, functions })
}

/// The version of IAM's policy language.
const POLICY_VERSION: &str = "2012-10-17";

struct Composer<'a> {
    emulator: &'a dyn ControlPlane,
    stack: &'a Stack,
}

impl Composer<'_> {
    async fn stream(&self) -> Result<(), ComposeError> {
        let name = self.stack.stream_name();
        let stream = &self.stack.stream;
        let mut create = json!({"StreamName": name, "StreamModeDetails": {"StreamMode": stream.mode}});
        if stream.mode == "PROVISIONED" {
            create["ShardCount"] = stream.shard_count.into();
        }
        // If a data folder already has it, it is taken over with its shards.
        let named = json!({"StreamName": name});
        if self.kinesis("DescribeStreamSummary", &named).await.is_err() {
            self.kinesis("CreateStream", &create).await?;
        }
        self.stream_is_active(&name).await?;
        let summary = self.kinesis("DescribeStreamSummary", &named).await?["StreamDescriptionSummary"].take();
        let retention_hours = summary["RetentionPeriodHours"].as_u64().unwrap_or_default();
        let wanted_hours = u64::from(stream.retention_hours);
        if retention_hours != wanted_hours {
            let retention = json!({"StreamName": name, "RetentionPeriodHours": wanted_hours});
            let verb = if wanted_hours > retention_hours { "Increase" } else { "Decrease" };
            self.kinesis(&format!("{verb}StreamRetentionPeriod"), &retention).await?;
            self.stream_is_active(&name).await?;
        }
        if summary["KeyId"] != stream.kms_key_arn {
            let encryption =
                json!({"StreamName": name, "EncryptionType": "KMS", "KeyId": stream.kms_key_arn});
            self.kinesis("StartStreamEncryption", &encryption).await?;
            self.stream_is_active(&name).await?;
        }
        Ok(())
    }

    /// Waits until a change of the stream is done, as Terraform does: until then the stream accepts no other.
    async fn stream_is_active(&self, name: &str) -> Result<(), ComposeError> {
        let named = json!({"StreamName": name});
        for _ in 0..ACTIVE_LOOKS_MAX {
            let summary = self.kinesis("DescribeStreamSummary", &named).await?;
            if summary["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE" {
                return Ok(());
            }
            tokio::time::sleep(ACTIVE_LOOK_EVERY).await;
        }
        Err(ComposeError {
            call: "waiting for the stream".into(),
            status: 408,
            answer: format!("{name} is not ACTIVE"),
        })
    }

    /// Waits until a mapping is enabled or disabled as requested, as Terraform does.
    async fn mapping_is_settled(&self, uuid: &str) -> Result<(), ComposeError> {
        let path = format!("/2015-03-31/event-source-mappings/{uuid}");
        for _ in 0..ACTIVE_LOOKS_MAX {
            let mapping = call::call(self.emulator, "lambda", Method::GET, &path, None, &json!({})).await?;
            if matches!(mapping["State"].as_str(), Some("Enabled" | "Disabled")) {
                return Ok(());
            }
            tokio::time::sleep(ACTIVE_LOOK_EVERY).await;
        }
        Err(ComposeError {
            call: "waiting for the event source mapping".into(),
            status: 408,
            answer: format!("{uuid} is neither Enabled nor Disabled"),
        })
    }

    /// The region in roles' names, as the root module shortens it.
    fn region_code(&self) -> String {
        region_code(self.emulator.account().region())
    }

    /// A customer's own key; the key that AWS manages needs no permission.
    fn customer_key(&self) -> Option<&str> {
        Some(self.stack.stream.kms_key_arn.as_str()).filter(|key| !key.starts_with("alias/aws/"))
    }

    /// A role that a service may assume, without permissions yet; returns its ARN. `bounds` are its path and its boundary.
    async fn assumable(
        &self,
        name: &str,
        service: &str,
        description: &str,
        (path, boundary): (&str, Option<&str>),
    ) -> Result<String, ComposeError> {
        let trust = json!({"Version": POLICY_VERSION, "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}},
        ]});
        let trust = trust.to_string();
        let mut create = vec![
            ("Action", "CreateRole"),
            ("RoleName", name),
            ("Path", path),
            ("AssumeRolePolicyDocument", &trust),
            ("Description", description),
        ];
        create.extend(boundary.map(|arn| ("PermissionsBoundary", arn)));
        self.iam(&create).await?;
        Ok(format!("arn:aws:iam::{}:role{path}{name}", self.emulator.account().id))
    }

    async fn role(
        &self,
        name: &str,
        service: &str,
        description: &str,
        policy_name: &str,
        statements: &[Value],
    ) -> Result<String, ComposeError> {
        let bounds = (self.stack.iam_path.as_str(), self.stack.permissions_boundary.as_deref());
        let arn = self.assumable(name, service, description, bounds).await?;
        self.role_policy(name, policy_name, statements).await?;
        Ok(arn)
    }

    async fn role_policy(
        &self,
        role: &str,
        policy_name: &str,
        statements: &[Value],
    ) -> Result<(), ComposeError> {
        let policy = json!({"Version": POLICY_VERSION, "Statement": statements}).to_string();
        let put = [
            ("Action", "PutRolePolicy"),
            ("RoleName", role),
            ("PolicyName", policy_name),
            ("PolicyDocument", &policy),
        ];
        self.iam(&put).await
    }
}

/// `eu-west-1` is `euw1`.
fn region_code(region: &str) -> String {
    let short = |part| match part {
        "north" => "n",
        "south" => "s",
        "east" => "e",
        "west" => "w",
        "central" => "c",
        "northeast" => "ne",
        "northwest" => "nw",
        "southeast" => "se",
        "southwest" => "sw",
        other => other,
    };
    region.split('-').map(short).collect()
}

#[cfg(test)]
mod tests {
    use super::region_code;

    #[test]
    fn a_regions_code_is_short_and_its_own() {
        for (region, code) in [
            ("us-east-1", "use1"),
            ("ap-south-1", "aps1"),
            ("ap-southeast-1", "apse1"),
            ("us-gov-west-1", "usgovw1"),
        ] {
            assert_eq!(region_code(region), code);
        }
    }
}
