//! Managed policies: AWS's and the account's own, attached and evaluated.

use super::{Api, ROLE, STREAM, json};
use http::StatusCode;

const IAM: &str = "2010-05-08";
const ARN: &str = "arn:aws:iam::000000000000:policy/team/reader";

impl Api {
    async fn iam(&self, action: &str, arguments: &[(&str, &str)]) -> String {
        let (status, answer) = self.query(IAM, action, arguments).await;
        assert_eq!(status, StatusCode::OK, "{action}: {answer}");
        answer
    }

    /// The code of a refusal.
    async fn iam_refused(&self, action: &str, arguments: &[(&str, &str)]) -> String {
        let (status, answer) = self.query(IAM, action, arguments).await;
        assert!(status.is_client_error(), "{action}: {answer}");
        between(&answer, "Code").to_owned()
    }

    fn role_may(&self, action: &str) -> bool {
        self.emulator.app.aws_api.iam.may(ROLE, action, STREAM)
    }
}

fn between<'a>(xml: &'a str, element: &str) -> &'a str {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    xml.split_once(&open).and_then(|(_, rest)| rest.split_once(&close)).map_or("", |(text, _)| text)
}

fn allow(action: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": STREAM}]})
        .to_string()
}

async fn with_policy() -> Api {
    let api = Api::new().await;
    api.role("flow", &["sqs:*"], &["*"]).await;
    let document = allow("kinesis:GetRecords");
    let create =
        [("PolicyName", "reader"), ("Path", "/team/"), ("Description", "d"), ("PolicyDocument", &document)];
    let created = api.iam("CreatePolicy", &create).await;
    assert_eq!((between(&created, "Arn"), between(&created, "DefaultVersionId")), (ARN, "v1"));
    api
}

#[tokio::test]
async fn an_attached_policy_counts_with_its_default_version() {
    let api = with_policy().await;
    assert!(!api.role_may("kinesis:GetRecords"));
    api.iam("AttachRolePolicy", &[("RoleName", "flow"), ("PolicyArn", ARN)]).await;
    assert!(api.role_may("kinesis:GetRecords"));
    let attached = api.iam("ListAttachedRolePolicies", &[("RoleName", "flow")]).await;
    assert_eq!((between(&attached, "PolicyName"), between(&attached, "PolicyArn")), ("reader", ARN));

    let put = allow("kinesis:PutRecord");
    let made = api.iam("CreatePolicyVersion", &[("PolicyArn", ARN), ("PolicyDocument", &put)]).await;
    assert_eq!((between(&made, "VersionId"), between(&made, "IsDefaultVersion")), ("v2", "false"));
    assert!(api.role_may("kinesis:GetRecords") && !api.role_may("kinesis:PutRecord"));
    api.iam("SetDefaultPolicyVersion", &[("PolicyArn", ARN), ("VersionId", "v2")]).await;
    assert!(!api.role_may("kinesis:GetRecords") && api.role_may("kinesis:PutRecord"));
    let list = allow("kinesis:ListShards");
    let arguments = [("PolicyArn", ARN), ("PolicyDocument", list.as_str()), ("SetAsDefault", "true")];
    api.iam("CreatePolicyVersion", &arguments).await;
    assert!(api.role_may("kinesis:ListShards") && !api.role_may("kinesis:PutRecord"));
    let state = api.emulator.app.aws_api.state();
    assert!(state["policies"][ARN].as_str().is_some_and(|text| text.contains("kinesis:ListShards")));
    api.iam("DetachRolePolicy", &[("RoleName", "flow"), ("PolicyArn", ARN)]).await;
    assert!(!api.role_may("kinesis:ListShards"));
}

/// A boundary takes away and gives nothing.
#[tokio::test]
async fn a_boundary_bounds_what_a_role_may() {
    let api = with_policy().await;
    let put = |action: &str| {
        [("RoleName", "flow"), ("PolicyName", "p"), ("PolicyDocument", action)]
            .map(|(k, v)| (k, v.to_owned()))
    };
    let own = put(&allow("kinesis:*"));
    api.iam("PutRolePolicy", &own.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    assert!(api.role_may("kinesis:GetRecords") && api.role_may("kinesis:PutRecord"));
    api.iam("PutRolePermissionsBoundary", &[("RoleName", "flow"), ("PermissionsBoundary", ARN)]).await;
    assert!(api.role_may("kinesis:GetRecords") && !api.role_may("kinesis:PutRecord"));
    let shown = api.iam("GetRole", &[("RoleName", "flow")]).await;
    assert_eq!(between(&shown, "PermissionsBoundaryArn"), ARN);
    assert!(!api.iam("ListRoles", &[]).await.contains("PermissionsBoundary"));
    let policy = api.iam("GetPolicy", &[("PolicyArn", ARN)]).await;
    assert_eq!(between(&policy, "PermissionsBoundaryUsageCount"), "1");
    assert_eq!(api.iam_refused("DeletePolicy", &[("PolicyArn", ARN)]).await, "DeleteConflict");

    // It follows the policy's default version.
    let wider = allow("kinesis:P*");
    let change = [("PolicyArn", ARN), ("PolicyDocument", wider.as_str()), ("SetAsDefault", "true")];
    api.iam("CreatePolicyVersion", &change).await;
    assert!(!api.role_may("kinesis:GetRecords") && api.role_may("kinesis:PutRecord"));
    api.iam("DeleteRolePermissionsBoundary", &[("RoleName", "flow")]).await;
    assert!(api.role_may("kinesis:GetRecords") && api.role_may("kinesis:PutRecord"));
    let again = api.iam_refused("DeleteRolePermissionsBoundary", &[("RoleName", "flow")]).await;
    let none = ("PermissionsBoundary", "arn:aws:iam::000000000000:policy/none");
    let missing = api.iam_refused("PutRolePermissionsBoundary", &[("RoleName", "flow"), none]).await;
    assert_eq!((again.as_str(), missing.as_str()), ("NoSuchEntity", "NoSuchEntity"));
}

#[tokio::test]
async fn versions_are_kept_to_five_and_read_back() {
    let api = with_policy().await;
    for action in ["kinesis:A", "kinesis:B", "kinesis:C", "kinesis:D"] {
        api.iam("CreatePolicyVersion", &[("PolicyArn", ARN), ("PolicyDocument", &allow(action))]).await;
    }
    let sixth = allow("kinesis:E");
    let sixth = [("PolicyArn", ARN), ("PolicyDocument", sixth.as_str())];
    assert_eq!(api.iam_refused("CreatePolicyVersion", &sixth).await, "LimitExceeded");
    let listed = api.iam("ListPolicyVersions", &[("PolicyArn", ARN)]).await;
    assert_eq!((listed.matches("<VersionId>").count(), between(&listed, "VersionId")), (5, "v5"));
    assert!(!listed.contains("<Document>"));
    let version = |id| [("PolicyArn", ARN), ("VersionId", id)];
    let read = api.iam("GetPolicyVersion", &version("v3")).await;
    let text =
        percent_encoding::percent_decode_str(between(&read, "Document")).decode_utf8_lossy().into_owned();
    assert_eq!(text, allow("kinesis:B"));

    assert_eq!(api.iam_refused("DeletePolicyVersion", &version("v1")).await, "DeleteConflict");
    assert_eq!(api.iam_refused("GetPolicyVersion", &version("v9")).await, "NoSuchEntity");
    assert_eq!(api.iam_refused("DeletePolicy", &[("PolicyArn", ARN)]).await, "DeleteConflict");
    for id in ["v2", "v3", "v4", "v5"] {
        api.iam("DeletePolicyVersion", &version(id)).await;
    }
    let made = api.iam("CreatePolicyVersion", &sixth).await;
    assert_eq!(between(&made, "VersionId"), "v6", "numbers are not used again");
    api.iam("DeletePolicyVersion", &version("v6")).await;
    api.iam("AttachRolePolicy", &[("RoleName", "flow"), ("PolicyArn", ARN)]).await;
    assert_eq!(api.iam_refused("DeletePolicy", &[("PolicyArn", ARN)]).await, "DeleteConflict");
    let entities = api.iam("ListEntitiesForPolicy", &[("PolicyArn", ARN)]).await;
    assert_eq!(between(&entities, "RoleName"), "flow");
    api.iam("DetachRolePolicy", &[("RoleName", "flow"), ("PolicyArn", ARN)]).await;
    api.iam("DeletePolicy", &[("PolicyArn", ARN)]).await;
    assert_eq!(api.iam_refused("GetPolicy", &[("PolicyArn", ARN)]).await, "NoSuchEntity");
}

#[tokio::test]
async fn policies_are_listed_by_whose_they_are() {
    let api = with_policy().await;
    let local = api.iam("ListPolicies", &[("Scope", "Local")]).await;
    assert_eq!((local.matches("<Arn>").count(), between(&local, "Arn")), (1, ARN));
    assert!(!local.contains("<Description>"), "which GetPolicy alone shows");
    let shown = api.iam("GetPolicy", &[("PolicyArn", ARN)]).await;
    assert_eq!((between(&shown, "Description"), between(&shown, "Path")), ("d", "/team/"));
    let of_aws = api.iam("ListPolicies", &[("Scope", "AWS"), ("PathPrefix", "/service-role/")]).await;
    assert!(
        of_aws.contains("policy/service-role/AWSLambdaBasicExecutionRole")
            && !of_aws.contains("policy/Amazon")
    );
    let none = api.iam("ListPolicies", &[("OnlyAttached", "true")]).await;
    assert_eq!(none.matches("<Arn>").count(), 0);
    let page = api.iam("ListPolicies", &[("MaxItems", "1")]).await;
    assert_eq!(between(&page, "IsTruncated"), "true");
    let tag = [("PolicyArn", ARN), ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")];
    api.iam("TagPolicy", &tag).await;
    assert_eq!(between(&api.iam("ListPolicyTags", &[("PolicyArn", ARN)]).await, "Value"), "v");
    api.iam("UntagPolicy", &[("PolicyArn", ARN), ("TagKeys.member.1", "k")]).await;
    assert_eq!(between(&api.iam("ListPolicyTags", &[("PolicyArn", ARN)]).await, "Value"), "");
}

/// One case for each kind of statement that they have.
#[tokio::test]
async fn the_policies_of_aws_are_evaluated() {
    let api = Api::new().await;
    api.role("flow", &["sqs:*"], &["*"]).await;
    let own = "arn:aws:iam::aws:policy/";
    for (name, may, may_not) in [
        ("AmazonKinesisFullAccess", "kinesis:PutRecord", Some("logs:PutLogEvents")),
        ("AmazonKinesisReadOnlyAccess", "kinesis:GetRecords", Some("kinesis:PutRecord")),
        ("service-role/AWSLambdaKinesisExecutionRole", "kinesis:ListShards", Some("kinesis:PutRecord")),
        ("AWSXRayDaemonWriteAccess", "xray:PutTraceSegments", Some("kinesis:GetRecords")),
        ("CloudWatchLogsFullAccess", "logs:PutLogEvents", Some("kinesis:GetRecords")),
        ("AdministratorAccess", "kinesis:PutRecord", None),
    ] {
        let arn = format!("{own}{name}");
        let arguments = [("RoleName", "flow"), ("PolicyArn", arn.as_str())];
        assert!(!api.role_may(may), "{name}");
        api.iam("AttachRolePolicy", &arguments).await;
        assert!(api.role_may(may), "{name}");
        assert!(may_not.is_none_or(|action| !api.role_may(action)), "{name}");
        let shown = api.iam("GetPolicy", &[("PolicyArn", &arn)]).await;
        let version = between(&shown, "DefaultVersionId");
        api.iam("GetPolicyVersion", &[("PolicyArn", &arn), ("VersionId", version)]).await;
        assert_eq!(between(&shown, "AttachmentCount"), "1");
        api.iam("DetachRolePolicy", &arguments).await;
        let document = allow("kinesis:PutRecord");
        let change = [("PolicyArn", arn.as_str()), ("PolicyDocument", document.as_str())];
        assert_eq!(api.iam_refused("CreatePolicyVersion", &change).await, "AccessDenied");
    }
    for missing in ["arn:aws:iam::aws:policy/ReadOnlyAccess", ARN] {
        let arguments = [("RoleName", "flow"), ("PolicyArn", missing)];
        assert_eq!(api.iam_refused("AttachRolePolicy", &arguments).await, "NoSuchEntity");
    }
}
