//! A function: its consumer, logs, dead-letter queue, role, code and mapping, as in `terraform/modules/function`.

use super::function_role::Arns;
use super::{ComposeError, Composer, POLICY_VERSION, call};
use crate::core::clock;
use crate::provision::stack::Function;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

/// What every function has, however it is invoked.
pub(super) struct Code<'a> {
    pub(super) name: &'a str,
    pub(super) role: &'a str,
    pub(super) log_group: &'a str,
    pub(super) memory_mb: u32,
    pub(super) timeout_seconds: u32,
    pub(super) log_level: &'a str,
    pub(super) environment: Value,
    /// Further members of CreateFunction.
    pub(super) more: Value,
    pub(super) zip: &'a Bytes,
}

impl Composer<'_> {
    /// Returns the function's name and its mapping's id.
    pub(super) async fn function(
        &self,
        api: &str,
        key: &str,
        function: &Function,
        zip: &Bytes,
    ) -> Result<(String, String), ComposeError> {
        let stack = self.stack;
        let account = self.emulator.account();
        let name = stack.function_name(key);
        let stream_arn = account.stream_arn(&stack.stream_name());
        // A consumer in a data folder keeps its ARN, and its mapping keeps its checkpoints.
        let consumer = json!({"StreamARN": stream_arn, "ConsumerName": name});
        let consumer = match self.kinesis("DescribeStreamConsumer", &consumer).await {
            Ok(mut described) => described["ConsumerDescription"].take(),
            Err(_) => self.kinesis("RegisterStreamConsumer", &consumer).await?["Consumer"].take(),
        };
        let consumer_arn = consumer["ConsumerARN"].as_str().unwrap_or_default().to_owned();
        let log_group = format!("/aws/lambda/{name}");
        self.log_group(&log_group, function.log_retention_days).await?;
        let queue_name = format!("{name}-dlq");
        let queue_arn = self.dead_letter_queue(&queue_name).await?;

        let arns = Arns { stream: &stream_arn, consumer: &consumer_arn, queue: &queue_arn };
        let role = self.function_role(api, &name, function, &arns, &log_group).await?;

        let mut environment = json!(function.environment);
        for (variable, arn) in &function.secret_arns {
            environment[variable] = arn.as_str().into();
        }
        environment["SLUICEGATE_CONNECTIONS_ENDPOINT"] =
            format!("{}/_aws/execute-api/{api}/{}", self.emulator.endpoint_url(), stack.stage).into();
        environment["SLUICEGATE_API_ID"] = api.into();
        environment["SLUICEGATE_STAGE"] = stack.stage.as_str().into();
        // Built from names as the module does, not from this emulator's answer: account and name are what counts.
        environment["SLUICEGATE_DEAD_LETTER_QUEUE_URL"] =
            format!("https://sqs.{}.amazonaws.com/{}/{queue_name}", account.region(), account.id).into();
        let code = Code {
            name: &name,
            role: &role,
            log_group: &log_group,
            memory_mb: function.memory_mb,
            timeout_seconds: function.timeout_seconds,
            log_level: &function.log_level,
            environment,
            more: settings(function),
            zip,
        };
        self.create_function(code).await?;
        let alias_arn = self.release(&name).await?;
        if function.reserved_concurrency >= 0 {
            let path = format!("/2017-10-31/functions/{name}/concurrency");
            let reserved = json!({"ReservedConcurrentExecutions": function.reserved_concurrency});
            call::call(self.emulator, "lambda", Method::PUT, &path, None, &reserved).await?;
        }
        self.provision(&name, function.provisioned_concurrency).await?;
        let mapping = self.mapping(function, &alias_arn, &consumer_arn, &queue_arn).await?;
        Ok((name, mapping))
    }

    /// Creates the queue of records that the function gives up on; returns its ARN.
    async fn dead_letter_queue(&self, name: &str) -> Result<String, ComposeError> {
        let arn = self.emulator.account().arn("sqs", name);
        let policy = json!({"Version": POLICY_VERSION, "Statement": [{
            "Sid": "DenyWithoutTls", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }]});
        let mut attributes = json!({
            "MessageRetentionPeriod": "1209600", "Policy": policy.to_string(),
            // What the Terraform provider sends by default, a quarter of what AWS has.
            "MaximumMessageSize": "262144",
        });
        match &self.stack.kms_key_arns.queues {
            Some(key) => attributes["KmsMasterKeyId"] = key.as_str().into(),
            None => attributes["SqsManagedSseEnabled"] = "true".into(),
        }
        let queue = json!({"QueueName": name, "Attributes": attributes});
        self.target("sqs", "AmazonSQS", "CreateQueue", &queue).await?;
        Ok(arn)
    }

    pub(super) async fn create_function(&self, code: Code<'_>) -> Result<Value, ComposeError> {
        // Terraform sends none where it would be empty.
        let is_empty = code.environment.as_object().is_none_or(serde_json::Map::is_empty);
        let environment = (!is_empty).then(|| json!({"Variables": code.environment}));
        let mut create = json!({
            "FunctionName": code.name,
            "Role": code.role,
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Architectures": [self.stack.architecture],
            "Code": {"ZipFile": STANDARD.encode(code.zip)},
            "MemorySize": code.memory_mb,
            "Timeout": code.timeout_seconds,
            "PackageType": "Zip",
            "Environment": environment,
            "LoggingConfig": {
                "LogFormat": "JSON", "LogGroup": code.log_group,
                "ApplicationLogLevel": code.log_level, "SystemLogLevel": "INFO",
            },
        });
        if let (Value::Object(create), Value::Object(more)) = (&mut create, code.more) {
            create.extend(more);
        }
        self.lambda("/2015-03-31/functions", &create).await
    }

    async fn mapping(
        &self,
        function: &Function,
        alias_arn: &Value,
        consumer_arn: &str,
        queue_arn: &str,
    ) -> Result<String, ComposeError> {
        let mut mapping = json!({
            "FunctionName": alias_arn,
            "EventSourceArn": consumer_arn,
            "Enabled": function.enabled,
            "StartingPosition": function.starting_position,
            "BatchSize": function.batch_size,
            "MaximumBatchingWindowInSeconds": function.batching_window_seconds,
            "ParallelizationFactor": function.parallelization_factor,
            "BisectBatchOnFunctionError": function.bisect_on_error,
            "MaximumRetryAttempts": function.maximum_retry_attempts,
            "MaximumRecordAgeInSeconds": function.maximum_record_age_seconds,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "DestinationConfig": {"OnFailure": {"Destination": queue_arn}},
        });
        if let Some(timestamp) = &function.starting_position_timestamp {
            // An invalid time is passed on unchanged, for the control plane's own error.
            mapping["StartingPositionTimestamp"] = match clock::parse_rfc_3339(timestamp) {
                Some(ms) => json!(ms as f64 / 1_000.0),
                None => timestamp.as_str().into(),
            };
        }
        if self.stack.mapping_metrics {
            mapping["MetricsConfig"] = json!({"Metrics": ["EventCount"]});
        }
        if !function.routes.is_empty() {
            let mut filters =
                vec![json!({"Pattern": json!({"data": {"routeKey": function.routes}}).to_string()})];
            if !function.lifecycle_events.is_empty() {
                let pattern = json!({"data": {"eventType": function.lifecycle_events}}).to_string();
                filters.push(json!({"Pattern": pattern}));
            }
            mapping["FilterCriteria"] = json!({"Filters": filters});
        }
        let created = self.lambda("/2015-03-31/event-source-mappings", &mapping).await?;
        Ok(created["UUID"].as_str().unwrap_or_default().to_owned())
    }
}

fn settings(function: &Function) -> Value {
    let mut settings = json!({
        "Layers": function.layers,
        "TracingConfig": {"Mode": if function.tracing { "Active" } else { "PassThrough" }},
        "EphemeralStorage": {"Size": function.ephemeral_storage_mb},
        "Publish": true,
    });
    if let Some(vpc) = &function.vpc {
        settings["VpcConfig"] =
            json!({"SubnetIds": vpc.subnet_ids, "SecurityGroupIds": vpc.security_group_ids});
    }
    settings
}
