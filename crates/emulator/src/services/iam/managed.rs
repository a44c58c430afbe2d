//! The AWS-managed policies that stacks of this kind attach, with AWS's statements.

#[derive(Debug, Clone, Copy)]
pub struct ManagedPolicy {
    pub arn: &'static str,
    pub document: &'static str,
}

const POLICIES: [ManagedPolicy; 3] = [
    ManagedPolicy {
        arn: "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}"#,
    },
    ManagedPolicy {
        arn: "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kinesis:DescribeStream","kinesis:DescribeStreamSummary","kinesis:GetRecords","kinesis:GetShardIterator","kinesis:ListShards","kinesis:ListStreams","kinesis:SubscribeToShard","logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}"#,
    },
    ManagedPolicy {
        arn: "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:DescribeLogGroups","logs:DescribeLogStreams","logs:PutLogEvents","logs:GetLogEvents","logs:FilterLogEvents"],"Resource":"*"}]}"#,
    },
];

/// The managed policy with an ARN, if this emulator has it.
pub fn find(arn: &str) -> Option<ManagedPolicy> {
    POLICIES.into_iter().find(|policy| policy.arn == arn)
}

impl ManagedPolicy {
    /// The last part of its ARN.
    pub fn name(self) -> &'static str {
        self.arn.rsplit('/').next().unwrap_or(self.arn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::iam::policy::{Kind, Policy};

    #[test]
    fn every_document_is_one_that_can_be_evaluated() {
        for policy in POLICIES {
            Policy::parse(policy.document, Kind::Identity).unwrap();
            assert_eq!(find(policy.arn).unwrap().name(), policy.name());
        }
        assert!(find("arn:aws:iam::aws:policy/AdministratorAccess").is_none());
    }
}
