//! Every operation of every service, with each of its members missing, of another type or too large: a mistake of the
//! client is told as one, never as a failure of the emulator.

use super::api_gateway::websocket_api;
use super::lambda::{mapping, with_function};
use super::{Api, Bytes, QUEUE, ROLE, Request, STREAM, Value, json};

const TRUST: &str = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"}}"#;
const POLICY: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const URL: &str = "http://127.0.0.1:4566/000000000000/faults";
const GROUP: &str = "arn:aws:logs:us-east-1:000000000000:log-group:g";
const ALARM: &str = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a";
const MANAGED: &str = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";

/// A service's operations, each with a document that has all members it needs and most of those it may have.
type Operations = Vec<(&'static str, Value)>;

fn iam() -> Operations {
    let role = || json!({"RoleName": "swept"});
    let tags = json!([{"Key": "k", "Value": "v"}]);
    let policy = json!({"RoleName": "swept", "PolicyName": "p"});
    let attached = json!({"RoleName": "swept", "PolicyArn": MANAGED});
    vec![
        (
            "CreateRole",
            json!({"RoleName": "swept", "AssumeRolePolicyDocument": TRUST, "Path": "/", "Description": "d", "MaxSessionDuration": "3600", "Tags": tags}),
        ),
        ("GetRole", role()),
        ("ListRoles", json!({"PathPrefix": "/"})),
        ("UpdateRole", json!({"RoleName": "swept", "Description": "d", "MaxSessionDuration": "3600"})),
        ("UpdateAssumeRolePolicy", json!({"RoleName": "swept", "PolicyDocument": TRUST})),
        ("TagRole", json!({"RoleName": "swept", "Tags": tags})),
        ("ListRoleTags", role()),
        ("UntagRole", json!({"RoleName": "swept", "TagKeys": ["k"]})),
        ("ListInstanceProfilesForRole", role()),
        ("PutRolePolicy", json!({"RoleName": "swept", "PolicyName": "p", "PolicyDocument": POLICY})),
        ("GetRolePolicy", policy.clone()),
        ("ListRolePolicies", role()),
        ("DeleteRolePolicy", policy),
        ("AttachRolePolicy", attached.clone()),
        ("ListAttachedRolePolicies", role()),
        ("DetachRolePolicy", attached),
        ("GetPolicy", json!({"PolicyArn": MANAGED})),
        ("GetPolicyVersion", json!({"PolicyArn": MANAGED, "VersionId": "v1"})),
        ("DeleteRole", role()),
    ]
}

fn sqs() -> Operations {
    let url = || json!({"QueueUrl": URL});
    let attributes = json!({"VisibilityTimeout": "30", "Policy": ""});
    vec![
        (
            "CreateQueue",
            json!({"QueueName": "faults", "Attributes": {"DelaySeconds": "0"}, "tags": {"k": "v"}}),
        ),
        ("GetQueueUrl", json!({"QueueName": "faults"})),
        ("ListQueues", json!({"QueueNamePrefix": "f", "MaxResults": 10, "NextToken": "t"})),
        ("GetQueueAttributes", json!({"QueueUrl": URL, "AttributeNames": ["All"]})),
        ("SetQueueAttributes", json!({"QueueUrl": URL, "Attributes": attributes})),
        ("ListQueueTags", url()),
        ("TagQueue", json!({"QueueUrl": URL, "Tags": {"k": "v"}})),
        ("UntagQueue", json!({"QueueUrl": URL, "TagKeys": ["k"]})),
        ("SendMessage", json!({"QueueUrl": URL, "MessageBody": "b", "DelaySeconds": 0})),
        (
            "ReceiveMessage",
            json!({"QueueUrl": URL, "AttributeNames": ["All"], "MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"], "MaxNumberOfMessages": 1, "VisibilityTimeout": 0, "WaitTimeSeconds": 0}),
        ),
        ("DeleteMessage", json!({"QueueUrl": URL, "ReceiptHandle": "m#1"})),
        ("ChangeMessageVisibility", json!({"QueueUrl": URL, "ReceiptHandle": "m#1", "VisibilityTimeout": 1})),
        ("PurgeQueue", url()),
        ("DeleteQueue", url()),
    ]
}

fn logs() -> Operations {
    let group = || json!({"logGroupName": "g"});
    vec![
        (
            "CreateLogGroup",
            json!({"logGroupName": "g", "kmsKeyId": "k", "logGroupClass": "STANDARD", "tags": {"k": "v"}}),
        ),
        (
            "DescribeLogGroups",
            json!({"logGroupNamePrefix": "g", "logGroupNamePattern": "g", "nextToken": "t", "limit": 1}),
        ),
        ("PutRetentionPolicy", json!({"logGroupName": "g", "retentionInDays": 1})),
        ("DeleteRetentionPolicy", group()),
        ("ListTagsForResource", json!({"resourceArn": GROUP})),
        ("TagResource", json!({"resourceArn": GROUP, "tags": {"k": "v"}})),
        ("UntagResource", json!({"resourceArn": GROUP, "tagKeys": ["k"]})),
        (
            "DescribeLogStreams",
            json!({"logGroupName": "g", "logGroupIdentifier": "g", "logStreamNamePrefix": "s", "orderBy": "LastEventTime", "descending": true, "nextToken": "t", "limit": 1}),
        ),
        (
            "GetLogEvents",
            json!({"logGroupName": "g", "logGroupIdentifier": "g", "logStreamName": "s", "startTime": 0, "endTime": 1, "nextToken": "f/1", "limit": 1, "startFromHead": true}),
        ),
        (
            "FilterLogEvents",
            json!({"logGroupName": "g", "logGroupIdentifier": "g", "logStreamNames": ["s"], "logStreamNamePrefix": "s", "startTime": 0, "endTime": 1, "filterPattern": "a -b ?c", "nextToken": "1", "limit": 1, "interleaved": true}),
        ),
        ("DeleteLogGroup", group()),
    ]
}

fn cloudwatch() -> Operations {
    let tags = json!([{"Key": "k", "Value": "v"}]);
    let metric = json!({"Namespace": "n", "MetricName": "m", "Dimensions": [{"Name": "a", "Value": "b"}]});
    let query = json!([{"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": true}]);
    vec![
        (
            "PutMetricAlarm",
            json!({"AlarmName": "a", "MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Dimensions": [{"Name": "a", "Value": "b"}], "Period": 60, "EvaluationPeriods": 1, "DatapointsToAlarm": 1, "Threshold": 1.5, "ComparisonOperator": "GreaterThanThreshold", "ActionsEnabled": true, "AlarmActions": ["arn:aws:sns:us-east-1:000000000000:t"], "Tags": tags}),
        ),
        (
            "PutMetricAlarm",
            json!({"AlarmName": "b", "Metrics": query, "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}),
        ),
        (
            "DescribeAlarms",
            json!({"AlarmNames": ["a"], "AlarmNamePrefix": "a", "MaxRecords": 1, "NextToken": "t"}),
        ),
        ("ListTagsForResource", json!({"ResourceARN": ALARM})),
        ("TagResource", json!({"ResourceARN": ALARM, "Tags": tags})),
        ("UntagResource", json!({"ResourceARN": ALARM, "TagKeys": ["k"]})),
        ("DeleteAlarms", json!({"AlarmNames": ["a"]})),
        ("PutDashboard", json!({"DashboardName": "d", "DashboardBody": "{}", "Tags": tags})),
        ("GetDashboard", json!({"DashboardName": "d"})),
        ("ListDashboards", json!({"DashboardNamePrefix": "d", "NextToken": "t"})),
        ("DeleteDashboards", json!({"DashboardNames": ["d"]})),
    ]
}

/// Calls of the REST services: method, path below what `API`, `INTEGRATION`, `ROUTE` stand for, and document.
fn rest() -> Vec<(&'static str, &'static str, Value)> {
    let function = "/2015-03-31/functions/echo";
    let template = json!({"$default": "{}"});
    let permission = json!({"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com", "SourceArn": "arn:aws:execute-api:us-east-1:000000000000:a/*", "SourceAccount": "000000000000"});
    let settings = json!({"Role": ROLE, "Runtime": "provided.al2023", "Handler": "h", "Description": "d", "Timeout": 3, "MemorySize": 128, "Environment": {"Variables": {"A": "b"}}, "KMSKeyArn": "k", "TracingConfig": {"Mode": "Active"}, "EphemeralStorage": {"Size": 512}, "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", "LogGroup": "/g"}, "SnapStart": {"ApplyOn": "None"}, "VpcConfig": {"SubnetIds": []}, "Layers": [], "DeadLetterConfig": {}, "FileSystemConfigs": []});
    let mut create = settings.clone();
    create["FunctionName"] = json!("other");
    create["Code"] = json!({"ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="});
    create["Architectures"] = json!(["x86_64"]);
    create["PackageType"] = json!("Zip");
    create["Publish"] = json!(false);
    create["Tags"] = json!({"k": "v"});
    let mut feed = mapping(STREAM);
    for (member, value) in [
        ("BatchSize", json!(1)),
        ("MaximumBatchingWindowInSeconds", json!(0)),
        ("ParallelizationFactor", json!(1)),
        ("BisectBatchOnFunctionError", json!(true)),
        ("MaximumRetryAttempts", json!(1)),
        ("MaximumRecordAgeInSeconds", json!(60)),
        ("TumblingWindowInSeconds", json!(0)),
        ("FunctionResponseTypes", json!(["ReportBatchItemFailures"])),
        ("DestinationConfig", json!({"OnFailure": {"Destination": QUEUE}})),
        ("FilterCriteria", json!({"Filters": [{"Pattern": "{\"a\":[1]}"}]})),
        ("StartingPositionTimestamp", json!(1)),
        ("Tags", json!({"k": "v"})),
    ] {
        feed[member] = value;
    }
    let integration = json!({"integrationType": "AWS", "integrationMethod": "POST", "integrationUri": "arn:aws:apigateway:us-east-1:kinesis:action/PutRecord", "credentialsArn": ROLE, "requestTemplates": template, "templateSelectionExpression": "\\$default", "passthroughBehavior": "NEVER", "timeoutInMillis": 100, "description": "d", "connectionType": "INTERNET", "contentHandlingStrategy": "CONVERT_TO_TEXT", "requestParameters": {}, "payloadFormatVersion": "1.0"});
    let response = json!({"integrationResponseKey": "$default", "responseTemplates": template, "templateSelectionExpression": "\\$default", "responseParameters": {}, "contentHandlingStrategy": "CONVERT_TO_TEXT"});
    let route = json!({"routeKey": "swept", "target": "integrations/INTEGRATION", "authorizationType": "NONE", "apiKeyRequired": false, "modelSelectionExpression": "m", "requestModels": {"m": "n"}, "operationName": "o", "routeResponseSelectionExpression": "$default", "authorizationScopes": [], "requestParameters": {}});
    let stage = json!({"stageName": "v1", "autoDeploy": true, "description": "d", "stageVariables": {"a": "b"}, "tags": {"k": "v"}, "accessLogSettings": {"destinationArn": GROUP, "format": "$context.requestId"}, "defaultRouteSettings": {"dataTraceEnabled": true, "detailedMetricsEnabled": true, "loggingLevel": "INFO", "throttlingBurstLimit": 1, "throttlingRateLimit": 1.5}, "routeSettings": {"swept": {"throttlingBurstLimit": 1}}, "deploymentId": "d"});
    let authorizer = json!({"name": "a", "authorizerType": "REQUEST", "authorizerUri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:echo/invocations", "authorizerCredentialsArn": ROLE, "identitySource": ["route.request.header.Auth"], "authorizerResultTtlInSeconds": 0});
    let api = json!({"name": "n", "protocolType": "WEBSOCKET", "routeSelectionExpression": "$request.body.action", "description": "d", "tags": {"k": "v"}, "apiKeySelectionExpression": "$request.header.x-api-key", "disableExecuteApiEndpoint": false, "disableSchemaValidation": false, "version": "1"});
    vec![
        (
            "PATCH",
            "/account",
            json!({"patchOperations": [{"op": "replace", "path": "/cloudwatchRoleArn", "value": ROLE}]}),
        ),
        ("POST", "/v2/apis", api.clone()),
        ("PATCH", "/v2/apis/API", api),
        (
            "POST",
            "/v2/apis/API/models",
            json!({"name": "m", "schema": "{}", "contentType": "application/json", "description": "d"}),
        ),
        ("POST", "/v2/apis/API/integrations", integration.clone()),
        ("PATCH", "/v2/apis/API/integrations/INTEGRATION", integration),
        ("POST", "/v2/apis/API/integrations/INTEGRATION/integrationresponses", response),
        ("POST", "/v2/apis/API/authorizers", authorizer),
        ("POST", "/v2/apis/API/routes", route.clone()),
        ("PATCH", "/v2/apis/API/routes/ROUTE", route),
        (
            "POST",
            "/v2/apis/API/routes/ROUTE/routeresponses",
            json!({"routeResponseKey": "$default", "modelSelectionExpression": "m", "responseModels": {}, "responseParameters": {}}),
        ),
        ("POST", "/v2/apis/API/deployments", json!({"description": "d", "stageName": "v1"})),
        ("POST", "/v2/apis/API/stages", stage.clone()),
        ("PATCH", "/v2/apis/API/stages/v1", stage),
        (
            "POST",
            "/v2/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Fapis%2FAPI",
            json!({"tags": {"k": "v"}}),
        ),
        ("POST", "/2015-03-31/functions", create),
        ("PUT", "/2015-03-31/functions/echo/configuration", settings),
        (
            "PUT",
            "/2015-03-31/functions/echo/code",
            json!({"ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==", "Architectures": ["x86_64"], "Publish": false, "DryRun": false, "RevisionId": "r"}),
        ),
        ("POST", "/2015-03-31/functions/echo/policy", permission),
        ("PUT", "/2017-10-31/functions/echo/concurrency", json!({"ReservedConcurrentExecutions": 1})),
        (
            "POST",
            "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Aecho",
            json!({"Tags": {"k": "v"}}),
        ),
        ("POST", "/2015-03-31/event-source-mappings", feed),
        (
            "PUT",
            "/2015-03-31/event-source-mappings/u",
            json!({"BatchSize": 1, "Enabled": true, "FunctionName": "echo"}),
        ),
        ("GET", function, Value::Null),
    ]
}

/// What may stand where something else belongs.
fn wrong_values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(1.5),
        json!(1e308),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!("a\0b\u{ffff}"),
        json!("${aws:username}"),
        json!("x".repeat(70_000)),
        json!([]),
        json!([[]]),
        json!([null]),
        json!(["x"]),
        json!({}),
        json!({"": ""}),
        json!({"x": {"x": [{}]}}),
    ]
}

/// The document with each of its members, at whatever depth, left out or replaced.
fn spoilt(document: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    let mut with = |key: &dyn Fn(&mut Value) -> Option<&mut Value>, values: Vec<Value>| {
        for value in values {
            let mut changed = document.clone();
            if let Some(place) = key(&mut changed) {
                *place = value;
                found.push(changed);
            }
        }
    };
    match document {
        Value::Object(members) => {
            for (name, value) in members {
                with(&|document| document.get_mut(name.as_str()), wrong_values());
                with(&|document| document.get_mut(name.as_str()), spoilt(value));
            }
            for name in members.keys() {
                let mut without = members.clone();
                without.remove(name);
                found.push(Value::Object(without));
            }
            let mut more = members.clone();
            more.insert("Unheard".into(), json!(1));
            found.push(Value::Object(more));
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                with(&|document| document.get_mut(index), wrong_values());
                with(&|document| document.get_mut(index), spoilt(value));
            }
        }
        _ => {}
    }
    found
}

/// Everything that the documents speak of exists.
async fn filled() -> (Api, [String; 3]) {
    let api = Api::new().await;
    with_function(&api).await;
    let (id, integration, route) = websocket_api(&api).await;
    for (target, document) in [
        ("AmazonSQS.CreateQueue", json!({"QueueName": "faults"})),
        ("Logs_20140328.CreateLogGroup", json!({"logGroupName": "g"})),
    ] {
        assert!(by_target(&api, target, &document).await < 300, "{target}");
    }
    (api, [id, integration, route])
}

async fn by_target(api: &Api, target: &str, document: &Value) -> u16 {
    let request = Request::post("/").header("x-amz-target", target).body(Bytes::from(document.to_string()));
    api.send(request.unwrap()).await.0.status.as_u16()
}

/// A document as a form has it: `Tags.member.1.Key=k`.
fn form(prefix: &str, value: &Value, fields: &mut Vec<(String, String)>) {
    let below = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| form(&below(name), value, fields)),
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                form(&below(&format!("member.{}", index + 1)), value, fields);
            }
        }
        Value::String(text) => fields.push((prefix.to_owned(), text.clone())),
        other => fields.push((prefix.to_owned(), other.to_string())),
    }
}

async fn by_form(api: &Api, version: &str, action: &str, document: &Value) -> u16 {
    let mut fields = Vec::new();
    form("", document, &mut fields);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    api.query(version, action, &fields).await.0.as_u16()
}

/// The first is the sound document, which shows that the sweep gets past the door.
async fn sweep<F: Future<Output = u16>>(what: &str, document: &Value, send: impl Fn(Value) -> F) {
    for spoilt in std::iter::once(document.clone()).chain(spoilt(document)) {
        let shown: String = spoilt.to_string().chars().take(400).collect();
        let status = send(spoilt).await;
        assert!(status < 500, "{what} answers {status} to {shown}");
    }
}

#[tokio::test]
async fn no_json_call_is_answered_with_a_failure() {
    let (api, _) = filled().await;
    for (service, operations) in
        [("AmazonSQS", sqs()), ("Logs_20140328", logs()), ("GraniteServiceVersion20100801", cloudwatch())]
    {
        for (operation, document) in operations {
            let target = format!("{service}.{operation}");
            sweep(&target, &document, |document| {
                let (api, target) = (&api, &target);
                async move { by_target(api, target, &document).await }
            })
            .await;
        }
    }
}

#[tokio::test]
async fn no_form_is_answered_with_a_failure() {
    let (api, _) = filled().await;
    let sts = vec![("GetCallerIdentity", json!({})), ("AssumeRole", json!({"RoleArn": ROLE}))];
    for (version, operations) in [("2010-05-08", iam()), ("2010-08-01", cloudwatch()), ("2011-06-15", sts)] {
        for (operation, document) in operations {
            sweep(operation, &document, |document| {
                let api = &api;
                async move { by_form(api, version, operation, &document).await }
            })
            .await;
        }
    }
}

#[tokio::test]
async fn no_rest_call_is_answered_with_a_failure() {
    let (api, [id, integration, route]) = filled().await;
    for (method, path, document) in rest() {
        let path = path.replace("API", &id).replace("INTEGRATION", &integration).replace("ROUTE", &route);
        let document: Value =
            serde_json::from_str(&document.to_string().replace("INTEGRATION", &integration)).unwrap();
        sweep(&format!("{method} {path}"), &document, |document| {
            let (api, path) = (&api, &path);
            async move { api.rest(method, path, document).await.0.as_u16() }
        })
        .await;
    }
}

/// An operation that is added to a service is added here too.
#[test]
fn the_sweep_knows_every_operation() {
    for (source, operations) in [
        (include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/services/iam/mod.rs")), iam()),
        (include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/services/sqs/mod.rs")), sqs()),
        (include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/services/logs/mod.rs")), logs()),
        (include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/services/cloudwatch/mod.rs")), cloudwatch()),
    ] {
        let lines =
            source.lines().map(str::trim).filter(|line| line.contains("=> self.") || line.ends_with("=> {"));
        let served = lines.filter_map(|line| line.strip_prefix('"')?.split('"').next());
        let served: Vec<_> = served.collect();
        assert!(served.len() > 5, "{served:?}");
        for name in served {
            assert!(operations.iter().any(|(known, _)| *known == name), "{name} is not swept");
        }
    }
}
