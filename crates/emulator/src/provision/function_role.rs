//! A function's role and what it may do, as in `terraform/modules/function/role.tf`.

use super::{ComposeError, Composer};
use crate::provision::stack::Function;
use serde_json::{Value, json};

/// The permissions that Lambda needs of a role to put its function into a VPC.
const NETWORK_ACTIONS: [&str; 6] = [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
];
const READ_ACTIONS: [&str; 5] = [
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
];

/// What a function reads from, and where it puts its dead letters.
pub(super) struct Arns<'a> {
    pub(super) stream: &'a str,
    pub(super) consumer: &'a str,
    pub(super) queue: &'a str,
}

impl Composer<'_> {
    /// Returns the role's ARN.
    pub(super) async fn function_role(
        &self,
        api: &str,
        name: &str,
        function: &Function,
        arns: &Arns<'_>,
        log_group: &str,
    ) -> Result<String, ComposeError> {
        let role_name = format!("{name}-{}", self.region_code());
        let description = format!("The function {name} reads its stream and answers its clients.");
        let statements = self.statements(api, function, arns, log_group);
        let role = self.role(&role_name, "lambda.amazonaws.com", &description, "flow", &statements).await?;
        if !function.policy_statements.is_empty() {
            let own: Vec<_> =
                function.policy_statements.iter().map(|statement| statement.document()).collect();
            self.role_policy(&role_name, "own", &own).await?;
        }
        for arn in &function.managed_policy_arns {
            self.iam(&[("Action", "AttachRolePolicy"), ("RoleName", &role_name), ("PolicyArn", arn)]).await?;
        }
        Ok(role)
    }

    fn statements(&self, api: &str, function: &Function, arns: &Arns<'_>, log_group: &str) -> Vec<Value> {
        let account = self.emulator.account();
        let allow = |sid: &str, actions: &[&str], resources: Value| json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources});
        let log_streams = account.arn("logs", &format!("log-group:{log_group}:*"));
        let mut statements = vec![
            allow("ReadStream", &READ_ACTIONS, json!([arns.stream])),
            allow("SubscribeToShard", &["kinesis:SubscribeToShard"], json!([arns.consumer])),
            allow("SendFault", &["sqs:SendMessage"], json!([arns.queue])),
            allow("WriteLogs", &["logs:CreateLogStream", "logs:PutLogEvents"], json!([log_streams])),
        ];
        if !function.connection_actions.is_empty() {
            let of_action = |action: &String| {
                account.execute_api_arn(api, &self.stack.stage, &format!("{action}/@connections/*"))
            };
            let resources: Vec<_> = function.connection_actions.iter().map(of_action).collect();
            statements.push(allow("ManageConnections", &["execute-api:ManageConnections"], json!(resources)));
        }
        let secrets: [(_, &[&str], _); 2] = [
            ("ReadSecrets", &["secretsmanager:GetSecretValue"], "secretsmanager"),
            ("ReadParameters", &["ssm:GetParameter", "ssm:GetParameters"], "ssm"),
        ];
        for (sid, actions, service) in secrets {
            let arns = function.secrets_of(service);
            statements.extend((!arns.is_empty()).then(|| allow(sid, actions, json!(arns))));
        }
        if function.tracing {
            let actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
            statements.push(allow("WriteTraces", &actions, json!(["*"])));
        }
        if function.vpc.is_some() {
            statements.push(allow("ManageNetworkInterfaces", &NETWORK_ACTIONS, json!(["*"])));
        }
        if let Some(key) = self.customer_key() {
            statements.push(allow("DecryptRecord", &["kms:Decrypt"], json!([key])));
        }
        if let Some(key) = &self.stack.kms_key_arns.queues {
            statements.push(allow("EncryptFault", &["kms:GenerateDataKey", "kms:Decrypt"], json!([key])));
        }
        statements
    }
}
