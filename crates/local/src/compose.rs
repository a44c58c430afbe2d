//! Fills a plane from the stack's definition, by the same control-plane calls that Terraform makes.
//!
//! What is created here mirrors `terraform/`; a test holds the two equal. Alarms, dashboards and tags have no
//! effect on a plane (`fidelity/inert.toml`) and are left to Terraform.

use crate::plane::Plane;
use crate::stack::{Function, Stack};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::BodyExt as _;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A call that the control plane refused, as it would refuse Terraform's.
#[derive(Debug, thiserror::Error)]
#[error("{call} failed with {status}: {answer}")]
pub struct ComposeError {
    call: String,
    status: u16,
    answer: String,
}

/// Where a composed stack is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// The API's id.
    pub api_id: String,
    /// Deployed function names by key.
    pub functions: BTreeMap<String, String>,
}

/// Creates everything the stack has. `zips` holds each function's package, by key.
///
/// # Errors
/// [`ComposeError`], with the control plane's own words.
pub async fn compose(plane: &Plane, stack: &Stack, zips: &BTreeMap<String, Bytes>) -> Result<Composed, ComposeError> {
    let composer = Composer { plane, stack };
    composer.stream().await?;
    let api_id = composer.gateway().await?;
    let mut functions = BTreeMap::new();
    for (key, function) in &stack.functions {
        let zip = zips.get(key).cloned().unwrap_or_default();
        functions.insert(key.clone(), composer.function(&api_id, key, function, &zip).await?);
    }
    Ok(Composed { api_id, functions })
}

/// Replaces a function's code, as `UpdateFunctionCode` does.
///
/// # Errors
/// [`ComposeError`], with the control plane's own words.
pub async fn update_code(plane: &Plane, function_name: &str, zip: &Bytes) -> Result<(), ComposeError> {
    let path = format!("/2015-03-31/functions/{function_name}/code");
    call(plane, "lambda", Method::PUT, &path, None, &json!({"ZipFile": STANDARD.encode(zip)})).await.map(drop)
}

struct Composer<'a> {
    plane: &'a Plane,
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
        self.kinesis("CreateStream", &create).await?;
        if stream.retention_hours > 24 {
            let retention = json!({"StreamName": name, "RetentionPeriodHours": stream.retention_hours});
            self.kinesis("IncreaseStreamRetentionPeriod", &retention).await?;
        }
        if let Some(key) = &stream.kms_key_arn {
            let encryption = json!({"StreamName": name, "EncryptionType": "KMS", "KeyId": key});
            self.kinesis("StartStreamEncryption", &encryption).await?;
        }
        Ok(())
    }

    async fn gateway(&self) -> Result<String, ComposeError> {
        let stack = self.stack;
        let role_name = format!("{}-integration", stack.name);
        let mut statements = vec![json!({
            "Sid": "PutRecord", "Effect": "Allow", "Action": "kinesis:PutRecord",
            "Resource": self.plane.account().stream_arn(&stack.stream_name()),
        })];
        if let Some(key) = self.customer_key() {
            statements.push(json!({"Sid": "EncryptRecord", "Effect": "Allow", "Action": "kms:GenerateDataKey", "Resource": key}));
        }
        let description = format!("API Gateway puts the events of {} into its stream.", stack.name);
        let role = self.role(&role_name, "apigateway.amazonaws.com", &description, "put-record", &statements).await?;

        let api = json!({"name": stack.name, "protocolType": "WEBSOCKET", "routeSelectionExpression": "$request.body.action"});
        let api = self.api_gateway("", &api).await?["apiId"].as_str().unwrap_or_default().to_owned();
        let asked: BTreeSet<_> = stack.functions.values().flat_map(|function| &function.routes).collect();
        let lifecycle: BTreeSet<_> = stack.functions.values().flat_map(|function| &function.lifecycle_events).collect();

        let mut models = BTreeMap::from([("AnyJson".to_owned(), "{}".to_owned())]);
        for (route, schema) in &stack.route_schemas {
            models.insert(model_name(stack, route), schema.clone());
        }
        for (name, schema) in &models {
            let model = json!({"name": name, "contentType": "application/json", "schema": schema});
            self.api_gateway(&format!("/{api}/models"), &model).await?;
        }

        let message = self.integration(&api, Some(&role), "message").await?;
        let connect_role = lifecycle.iter().any(|event| *event == "CONNECT").then_some(role.as_str());
        let connect = self.integration(&api, connect_role, "connect").await?;
        self.respond(&api, &connect, "/200/", None).await?;
        if stack.acknowledgements {
            self.respond(&api, &message, "/200/", Some("ack")).await?;
            self.respond(&api, &message, "$default", Some("nack")).await?;
        }
        self.route(&api, "$connect", &connect, true).await?;
        let default = "$default".to_owned();
        for key in std::iter::once(&default).chain(asked) {
            self.route(&api, key, &message, stack.acknowledgements).await?;
        }
        if lifecycle.iter().any(|event| *event == "DISCONNECT") {
            let disconnect = self.integration(&api, Some(&role), "disconnect").await?;
            self.respond(&api, &disconnect, "/200/", None).await?;
            self.route(&api, "$disconnect", &disconnect, false).await?;
        }

        let deployment = self.api_gateway(&format!("/{api}/deployments"), &json!({})).await?;
        let stage = json!({
            "stageName": stack.stage,
            "deploymentId": deployment["deploymentId"],
            "defaultRouteSettings": {
                "throttlingRateLimit": stack.throttling.rate_limit,
                "throttlingBurstLimit": stack.throttling.burst_limit,
                "loggingLevel": "OFF",
                "dataTraceEnabled": false,
                "detailedMetricsEnabled": false,
            },
        });
        self.api_gateway(&format!("/{api}/stages"), &stage).await?;
        Ok(api)
    }

    /// Kinesis as `role`, or MOCK without one.
    async fn integration(&self, api: &str, role: Option<&str>, template: &str) -> Result<String, ComposeError> {
        let region = &self.plane.account().region;
        let mut integration = json!({
            "integrationType": "MOCK",
            "timeoutInMillis": 29_000,
            "templateSelectionExpression": "default",
            "requestTemplates": {"default": r#"{"statusCode":200}"#},
            "passthroughBehavior": "NEVER",
        });
        if let Some(role) = role {
            integration["integrationType"] = "AWS".into();
            integration["integrationMethod"] = "POST".into();
            integration["integrationUri"] = format!("arn:aws:apigateway:{region}:kinesis:action/PutRecord").into();
            integration["credentialsArn"] = role.into();
            integration["requestTemplates"] = json!({"default": self.stack.templates.get(template)});
        }
        let created = self.api_gateway(&format!("/{api}/integrations"), &integration).await?;
        Ok(created["integrationId"].as_str().unwrap_or_default().to_owned())
    }

    async fn respond(&self, api: &str, integration: &str, key: &str, template: Option<&str>) -> Result<(), ComposeError> {
        let mut response = json!({"integrationResponseKey": key});
        if let Some(template) = template {
            response["templateSelectionExpression"] = "default".into();
            response["responseTemplates"] = json!({"default": self.stack.templates.get(template)});
        }
        let path = format!("/{api}/integrations/{integration}/integrationresponses");
        self.api_gateway(&path, &response).await.map(drop)
    }

    async fn route(&self, api: &str, key: &str, integration: &str, two_way: bool) -> Result<(), ComposeError> {
        let mut route = json!({
            "routeKey": key, "authorizationType": "NONE", "target": format!("integrations/{integration}"),
        });
        if !matches!(key, "$connect" | "$disconnect") {
            route["modelSelectionExpression"] = "default".into();
            route["requestModels"] = json!({"default": model_name(self.stack, key)});
        }
        if two_way {
            route["routeResponseSelectionExpression"] = "$default".into();
        }
        let created = self.api_gateway(&format!("/{api}/routes"), &route).await?;
        if two_way {
            let id = created["routeId"].as_str().unwrap_or_default();
            let path = format!("/{api}/routes/{id}/routeresponses");
            self.api_gateway(&path, &json!({"routeResponseKey": "$default"})).await?;
        }
        Ok(())
    }

    async fn function(&self, api: &str, key: &str, function: &Function, zip: &Bytes) -> Result<String, ComposeError> {
        let stack = self.stack;
        let account = self.plane.account();
        let name = stack.function_name(key);
        let stream_arn = account.stream_arn(&stack.stream_name());
        let consumer = self
            .kinesis("RegisterStreamConsumer", &json!({"StreamARN": stream_arn, "ConsumerName": name}))
            .await?;
        let consumer_arn = consumer["Consumer"]["ConsumerARN"].as_str().unwrap_or_default().to_owned();
        let log_group = format!("/aws/lambda/{name}");
        self.target("logs", "Logs_20140328", "CreateLogGroup", &json!({"logGroupName": log_group})).await?;
        let retention = json!({"logGroupName": log_group, "retentionInDays": function.log_retention_days});
        self.target("logs", "Logs_20140328", "PutRetentionPolicy", &retention).await?;
        let queue_name = format!("{name}-faults");
        let queue = json!({"QueueName": queue_name, "Attributes": {
            "MessageRetentionPeriod": "1209600", "SqsManagedSseEnabled": "true",
        }});
        let queue = self.target("sqs", "AmazonSQS", "CreateQueue", &queue).await?;
        let queue_arn = account.arn("sqs", &queue_name);

        let statements = self.function_statements(api, function, &stream_arn, &consumer_arn, &queue_arn, &log_group);
        let role_name = format!("{name}-function");
        let description = format!("The function {name} reads its stream and answers its clients.");
        let role = self.role(&role_name, "lambda.amazonaws.com", &description, "flow", &statements).await?;

        let mut environment = json!(function.environment);
        environment["SLUICEGATE_CONNECTIONS_ENDPOINT"] =
            format!("{}/_aws/execute-api/{api}/{}", self.plane.endpoint_url(), stack.stage).into();
        environment["SLUICEGATE_API_ID"] = api.into();
        environment["SLUICEGATE_STAGE"] = stack.stage.as_str().into();
        environment["SLUICEGATE_FAULT_QUEUE_URL"] = queue["QueueUrl"].clone();
        let create = json!({
            "FunctionName": name,
            "Role": role,
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Architectures": [stack.architecture],
            "Code": {"ZipFile": STANDARD.encode(zip)},
            "MemorySize": function.memory_mb,
            "Timeout": function.timeout_seconds,
            "PackageType": "Zip",
            "Environment": {"Variables": environment},
            "LoggingConfig": {
                "LogFormat": "JSON", "LogGroup": log_group,
                "ApplicationLogLevel": function.log_level, "SystemLogLevel": "INFO",
            },
        });
        let created = self.lambda("/2015-03-31/functions", &create).await?;
        if function.reserved_concurrency >= 0 {
            let path = format!("/2017-10-31/functions/{name}/concurrency");
            let reserved = json!({"ReservedConcurrentExecutions": function.reserved_concurrency});
            call(self.plane, "lambda", Method::PUT, &path, None, &reserved).await?;
        }
        self.mapping(function, &created["FunctionArn"], &consumer_arn, &queue_arn).await?;
        Ok(name)
    }

    async fn mapping(
        &self,
        function: &Function,
        function_arn: &Value,
        consumer_arn: &str,
        queue_arn: &str,
    ) -> Result<(), ComposeError> {
        let mut mapping = json!({
            "FunctionName": function_arn,
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
            mapping["StartingPositionTimestamp"] = timestamp.as_str().into();
        }
        if !function.routes.is_empty() {
            let mut filters = vec![json!({"Pattern": json!({"data": {"routeKey": function.routes}}).to_string()})];
            if !function.lifecycle_events.is_empty() {
                let pattern = json!({"data": {"eventType": function.lifecycle_events}}).to_string();
                filters.push(json!({"Pattern": pattern}));
            }
            mapping["FilterCriteria"] = json!({"Filters": filters});
        }
        self.lambda("/2015-03-31/event-source-mappings", &mapping).await.map(drop)
    }

    fn function_statements(
        &self,
        api: &str,
        function: &Function,
        stream_arn: &str,
        consumer_arn: &str,
        queue_arn: &str,
        log_group: &str,
    ) -> Vec<Value> {
        let account = self.plane.account();
        let allow = |sid: &str, actions: &[&str], resources: Value| {
            json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources})
        };
        let read = [
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
        ];
        let log_streams = account.arn("logs", &format!("log-group:{log_group}:*"));
        let mut statements = vec![
            allow("ReadStream", &read, json!([stream_arn])),
            allow("SubscribeToShard", &["kinesis:SubscribeToShard"], json!([consumer_arn])),
            allow("SendFault", &["sqs:SendMessage"], json!([queue_arn])),
            allow("WriteLogs", &["logs:CreateLogStream", "logs:PutLogEvents"], json!([log_streams])),
        ];
        if !function.connection_actions.is_empty() {
            let of_action = |action: &String| account.execute_api_arn(api, &self.stack.stage, &format!("{action}/@connections/*"));
            let resources: Vec<_> = function.connection_actions.iter().map(of_action).collect();
            statements.push(allow("ManageConnections", &["execute-api:ManageConnections"], json!(resources)));
        }
        if let Some(key) = self.customer_key() {
            statements.push(allow("DecryptRecord", &["kms:Decrypt"], json!([key])));
        }
        statements
    }

    /// A customer's own key; the key that AWS manages needs no permission.
    fn customer_key(&self) -> Option<&str> {
        self.stack.stream.kms_key_arn.as_deref().filter(|key| !key.starts_with("alias/aws/"))
    }

    async fn role(
        &self,
        name: &str,
        service: &str,
        description: &str,
        policy_name: &str,
        statements: &[Value],
    ) -> Result<String, ComposeError> {
        let version = "2012-10-17";
        let trust = json!({"Version": version, "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}},
        ]});
        let policy = json!({"Version": version, "Statement": statements});
        let (trust, policy) = (trust.to_string(), policy.to_string());
        let role = [("Action", "CreateRole"), ("RoleName", name), ("AssumeRolePolicyDocument", &trust), ("Description", description)];
        self.iam(&role).await?;
        let put = [("Action", "PutRolePolicy"), ("RoleName", name), ("PolicyName", policy_name), ("PolicyDocument", &policy)];
        self.iam(&put).await?;
        Ok(format!("arn:aws:iam::{}:role/{name}", self.plane.account().id))
    }

    async fn kinesis(&self, operation: &str, body: &Value) -> Result<Value, ComposeError> {
        self.target("kinesis", "Kinesis_20131202", operation, body).await
    }

    async fn target(&self, service: &str, api: &str, operation: &str, body: &Value) -> Result<Value, ComposeError> {
        call(self.plane, service, Method::POST, "/", Some(&format!("{api}.{operation}")), body).await
    }

    async fn api_gateway(&self, below: &str, body: &Value) -> Result<Value, ComposeError> {
        call(self.plane, "apigateway", Method::POST, &format!("/v2/apis{below}"), None, body).await
    }

    async fn lambda(&self, path: &str, body: &Value) -> Result<Value, ComposeError> {
        call(self.plane, "lambda", Method::POST, path, None, body).await
    }

    async fn iam(&self, parameters: &[(&str, &str)]) -> Result<(), ComposeError> {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut form = "Version=2010-05-08".to_owned();
        for (name, value) in parameters {
            form.push_str(&format!("&{}={}", encode(name), encode(value)));
        }
        let what = format!("iam {}", parameters[0].1);
        let request = request("iam", Method::POST, "/", "application/x-www-form-urlencoded", None, form);
        send(self.plane, &what, request).await.map(drop)
    }
}

/// A model's name is alphanumeric and a route key need not be; this is how the gateway module names them.
fn model_name(stack: &Stack, route: &str) -> String {
    use sha1::{Digest as _, Sha1};
    if !stack.route_schemas.contains_key(route) {
        return "AnyJson".into();
    }
    let digest = Sha1::digest(route);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("Route{}", &hex[..12])
}

async fn call(
    plane: &Plane,
    service: &str,
    method: Method,
    path: &str,
    target: Option<&str>,
    body: &Value,
) -> Result<Value, ComposeError> {
    let (content_type, what) = match (service, target) {
        ("sqs", Some(target)) => ("application/x-amz-json-1.0", target.to_owned()),
        (_, Some(target)) => ("application/x-amz-json-1.1", target.to_owned()),
        (_, None) => ("application/json", format!("{service} {method} {path}")),
    };
    let answer = send(plane, &what, request(service, method, path, content_type, target, body.to_string())).await?;
    Ok(serde_json::from_slice(&answer).unwrap_or_default())
}

fn request(
    service: &str,
    method: Method,
    path: &str,
    content_type: &str,
    target: Option<&str>,
    body: String,
) -> Request<Bytes> {
    // The account's own key; signatures are not verified, the scope names the service.
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=sluicegate/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    );
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = method;
    if let Ok(uri) = path.parse() {
        *request.uri_mut() = uri;
    }
    let mut set = |name: header::HeaderName, value: &str| {
        if let Ok(value) = header::HeaderValue::from_str(value) {
            request.headers_mut().insert(name, value);
        }
    };
    set(header::AUTHORIZATION, &authorization);
    set(header::CONTENT_TYPE, content_type);
    set(header::HeaderName::from_static("x-amz-date"), "20260101T000000Z");
    if let Some(target) = target {
        set(header::HeaderName::from_static("x-amz-target"), target);
    }
    request
}

async fn send(plane: &Plane, what: &str, request: Request<Bytes>) -> Result<Bytes, ComposeError> {
    let response = plane.call(request).await;
    let status = response.status();
    let body = response.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    if status.is_success() {
        return Ok(body);
    }
    Err(ComposeError {
        call: what.to_owned(),
        status: status.as_u16(),
        answer: String::from_utf8_lossy(&body).into_owned(),
    })
}
