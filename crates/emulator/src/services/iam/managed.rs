//! The AWS-managed policies that stacks of this kind attach. `managed_policies.json` has their documents, and the date
//! and source of them.

use crate::core::clock;
use serde::Deserialize;
use serde_json::Value;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[derive(Debug, Clone)]
pub struct ManagedPolicy {
    pub arn: String,
    /// AWS's default version, such as `v1`; the only one here.
    pub version: String,
    /// When AWS made this version.
    pub edited: SystemTime,
    pub document: String,
}

#[derive(Deserialize)]
struct File {
    policies: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    arn: String,
    version: String,
    edited: String,
    document: Value,
}

static POLICIES: LazyLock<Vec<ManagedPolicy>> = LazyLock::new(|| {
    let file = serde_json::from_str(include_str!("managed_policies.json"));
    let policies = file.map_or_else(|_| Vec::new(), |File { policies }| policies);
    policies.into_iter().map(ManagedPolicy::from).collect()
});

impl From<Entry> for ManagedPolicy {
    fn from(Entry { arn, version, edited, document }: Entry) -> Self {
        let edited = UNIX_EPOCH + Duration::from_millis(clock::parse_rfc_3339(&edited).unwrap_or(0));
        Self { arn, version, edited, document: document.to_string() }
    }
}

/// Every AWS-managed policy that this emulator has.
pub fn all() -> &'static [ManagedPolicy] {
    &POLICIES
}

/// The managed policy of this ARN, if this emulator has it.
pub fn find(arn: &str) -> Option<&'static ManagedPolicy> {
    POLICIES.iter().find(|policy| policy.arn == arn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::iam::policy::{Kind, Policy};

    #[test]
    fn every_document_is_one_that_can_be_evaluated() {
        let file: Value = serde_json::from_str(include_str!("managed_policies.json")).unwrap();
        assert_eq!(all().len(), file["policies"].as_array().map_or(0, Vec::len));
        assert!(all().len() >= 17 && file["read"].is_string() && file["source"].is_string());
        for policy in all() {
            Policy::parse(&policy.document, Kind::Identity).unwrap();
            assert_eq!(find(&policy.arn).unwrap().document, policy.document);
            assert!(policy.edited > UNIX_EPOCH, "{}", policy.arn);
        }
        assert!(find("arn:aws:iam::aws:policy/ReadOnlyAccess").is_none());
    }
}
