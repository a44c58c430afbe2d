//! One call of every operation, with all required members and most of the optional ones.

use super::super::lambda::mapping;
use super::super::{QUEUE, ROLE, STREAM, Value, json};

/// The page after the name `a`.
const TOKEN: &str = "eyJBZnRlciI6ImEifQ";

pub(super) const TRUST: &str =
    r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"}}"#;
pub(super) const POLICY: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
pub(super) const URL: &str = "http://127.0.0.1:4566/000000000000/faults";
pub(super) const GROUP: &str = "arn:aws:logs:us-east-1:000000000000:log-group:g";
pub(super) const ALARM: &str = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a";
pub(super) const MANAGED: &str = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";

const OWN: &str = "arn:aws:iam::000000000000:policy/swept";

/// A service's operations, each with a document of all required members and most of the optional ones.
pub(super) type Operations = Vec<(&'static str, Value)>;

pub(super) fn iam() -> Operations {
    let role = || json!({"RoleName": "swept"});
    let tags = json!([{"Key": "k", "Value": "v"}]);
    let policy = json!({"RoleName": "swept", "PolicyName": "p"});
    let attached = json!({"RoleName": "swept", "PolicyArn": MANAGED});
    vec![
        (
            "CreateRole",
            json!({"RoleName": "swept", "AssumeRolePolicyDocument": TRUST, "Path": "/", "Description": "d", "MaxSessionDuration": "3600", "PermissionsBoundary": MANAGED, "Tags": tags}),
        ),
        ("GetRole", role()),
        ("PutRolePermissionsBoundary", json!({"RoleName": "swept", "PermissionsBoundary": MANAGED})),
        ("DeleteRolePermissionsBoundary", role()),
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
        (
            "CreatePolicy",
            json!({"PolicyName": "swept", "Path": "/", "PolicyDocument": POLICY, "Description": "d", "Tags": tags}),
        ),
        (
            "ListPolicies",
            json!({"Scope": "Local", "OnlyAttached": "false", "PathPrefix": "/", "Marker": TOKEN, "MaxItems": "1"}),
        ),
        ("ListEntitiesForPolicy", json!({"PolicyArn": OWN})),
        ("TagPolicy", json!({"PolicyArn": OWN, "Tags": tags})),
        ("ListPolicyTags", json!({"PolicyArn": OWN})),
        ("UntagPolicy", json!({"PolicyArn": OWN, "TagKeys": ["k"]})),
        ("CreatePolicyVersion", json!({"PolicyArn": OWN, "PolicyDocument": POLICY, "SetAsDefault": "true"})),
        ("GetPolicyVersion", json!({"PolicyArn": OWN, "VersionId": "v1"})),
        ("ListPolicyVersions", json!({"PolicyArn": OWN})),
        ("SetDefaultPolicyVersion", json!({"PolicyArn": OWN, "VersionId": "v1"})),
        ("DeletePolicyVersion", json!({"PolicyArn": OWN, "VersionId": "v2"})),
        ("DeletePolicy", json!({"PolicyArn": OWN})),
        ("DeleteRole", role()),
    ]
}

pub(super) fn sqs() -> Operations {
    let url = || json!({"QueueUrl": URL});
    let attributes = json!({"VisibilityTimeout": "30", "Policy": ""});
    vec![
        (
            "CreateQueue",
            json!({"QueueName": "faults", "Attributes": {"DelaySeconds": "0"}, "tags": {"k": "v"}}),
        ),
        ("GetQueueUrl", json!({"QueueName": "faults"})),
        ("ListQueues", json!({"QueueNamePrefix": "f", "MaxResults": 10, "NextToken": TOKEN})),
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

pub(super) fn logs() -> Operations {
    let group = || json!({"logGroupName": "g"});
    vec![
        (
            "CreateLogGroup",
            json!({"logGroupName": "g", "kmsKeyId": "k", "logGroupClass": "STANDARD", "tags": {"k": "v"}}),
        ),
        (
            "DescribeLogGroups",
            json!({"logGroupNamePrefix": "g", "logGroupNamePattern": "g", "nextToken": TOKEN, "limit": 1}),
        ),
        ("AssociateKmsKey", json!({"logGroupName": "g", "kmsKeyId": "k"})),
        ("DisassociateKmsKey", group()),
        ("PutRetentionPolicy", json!({"logGroupName": "g", "retentionInDays": 1})),
        ("DeleteRetentionPolicy", group()),
        ("ListTagsForResource", json!({"resourceArn": GROUP})),
        ("TagResource", json!({"resourceArn": GROUP, "tags": {"k": "v"}})),
        ("UntagResource", json!({"resourceArn": GROUP, "tagKeys": ["k"]})),
        (
            "DescribeLogStreams",
            json!({"logGroupName": "g", "logGroupIdentifier": "g", "logStreamNamePrefix": "s", "orderBy": "LastEventTime", "descending": true, "nextToken": TOKEN, "limit": 1}),
        ),
        (
            "GetLogEvents",
            json!({"logGroupName": "g", "logGroupIdentifier": "g", "logStreamName": "s", "startTime": 0, "endTime": 1, "nextToken": "f/1", "limit": 1, "startFromHead": true}),
        ),
        (
            "FilterLogEvents",
            json!({"logGroupName": "g", "logGroupIdentifier": "g", "logStreamNames": ["s"], "logStreamNamePrefix": "s", "startTime": 0, "endTime": 1, "filterPattern": "a -b ?c", "nextToken": "f/1", "limit": 1, "interleaved": true}),
        ),
        ("DeleteLogGroup", group()),
    ]
}

pub(super) fn cloudwatch() -> Operations {
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
            json!({"AlarmNames": ["a"], "AlarmNamePrefix": "a", "MaxRecords": 1, "NextToken": TOKEN}),
        ),
        ("ListTagsForResource", json!({"ResourceARN": ALARM})),
        ("TagResource", json!({"ResourceARN": ALARM, "Tags": tags})),
        ("UntagResource", json!({"ResourceARN": ALARM, "TagKeys": ["k"]})),
        ("DeleteAlarms", json!({"AlarmNames": ["a"]})),
        ("PutDashboard", json!({"DashboardName": "d", "DashboardBody": "{}", "Tags": tags})),
        ("GetDashboard", json!({"DashboardName": "d"})),
        ("ListDashboards", json!({"DashboardNamePrefix": "d", "NextToken": TOKEN})),
        ("DeleteDashboards", json!({"DashboardNames": ["d"]})),
    ]
}

/// Calls of the REST services: method, path below the resource that `API`, `INTEGRATION` or `ROUTE` stands for, and
/// document.
// long: a table of calls, one entry each
pub(super) fn rest() -> Vec<(&'static str, &'static str, Value)> {
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
    let alias = json!({"Name": "live", "FunctionVersion": "$LATEST", "Description": "d", "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}});
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
        (
            "POST",
            "/2015-03-31/functions/echo/versions",
            json!({"CodeSha256": "", "Description": "d", "RevisionId": "r"}),
        ),
        ("POST", "/2015-03-31/functions/echo/aliases", alias.clone()),
        ("PUT", "/2015-03-31/functions/echo/aliases/live", alias),
        ("POST", "/2015-03-31/functions/echo/policy", permission),
        (
            "PUT",
            "/2019-09-30/functions/echo/provisioned-concurrency?Qualifier=1",
            json!({"ProvisionedConcurrentExecutions": 1}),
        ),
        ("GET", "/2019-09-30/functions/echo/provisioned-concurrency?Qualifier=1", json!({})),
        ("GET", "/2019-09-30/functions/echo/provisioned-concurrency?List=ALL", json!({})),
        ("DELETE", "/2019-09-30/functions/echo/provisioned-concurrency?Qualifier=1", json!({})),
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
