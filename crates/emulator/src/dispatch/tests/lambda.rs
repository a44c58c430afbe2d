//! Lambda: functions and mappings, from their requests to what runs.

use super::{Api, QUEUE, ROLE, STREAM};
use crate::services::lambda::event_source_mapping::config::StartingPosition;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};
use std::io::{Cursor, Write as _};
use std::time::Duration;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

pub(super) const FUNCTIONS: &str = "/2015-03-31/functions";
pub(super) const MAPPINGS: &str = "/2015-03-31/event-source-mappings";
/// How long a mapping may take to finish what is in flight.
const DELETION_MAX: Duration = Duration::from_secs(30);

pub(super) fn zip(content: &str) -> String {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
    writer.write_all(content.as_bytes()).unwrap();
    STANDARD.encode(writer.finish().unwrap().into_inner())
}

fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }
}

pub(super) fn function() -> Value {
    json!({
        "FunctionName": "echo", "Role": ROLE, "Runtime": "provided.al2023", "Handler": "bootstrap",
        "Code": {"ZipFile": zip("one")}, "Architectures": [architecture()],
        "Environment": {"Variables": {"GREETING": "hello"}},
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/aws/lambda/echo"},
    })
}

/// A stream, its consumer, and a function whose role may read from it; returns the consumer's ARN.
pub(super) async fn with_function(api: &Api) -> String {
    let consumer = api.stream().await;
    let actions = ["kinesis:*", "sqs:SendMessage"];
    api.role("flow", &actions, &[STREAM, &consumer, QUEUE]).await;
    api.made("POST", FUNCTIONS, function()).await;
    consumer
}

pub(super) fn mapping(source: &str) -> Value {
    json!({"FunctionName": "echo", "EventSourceArn": source, "StartingPosition": "LATEST"})
}

#[tokio::test]
async fn a_function_reaches_the_host_with_its_code_and_settings() {
    let api = Api::new().await;
    with_function(&api).await;
    let config = api.hosted().unwrap();
    assert_eq!(std::fs::read_to_string(config.code_dir.join("bootstrap")).unwrap(), "one");
    assert_eq!((config.memory_mb, config.timeout_s), (128, 3));
    assert_eq!(config.environment["GREETING"], "hello");
    assert_eq!(
        (config.log_group.as_str(), config.application_log_level.as_deref()),
        ("/aws/lambda/echo", Some("INFO"))
    );

    let update = json!({"MemorySize": 256, "Environment": {"Variables": {}}, "Description": ""});
    let updated = api.made("PUT", &format!("{FUNCTIONS}/echo/configuration"), update).await;
    assert_eq!((&updated["MemorySize"], &updated["Environment"]), (&json!(256), &json!({"Variables": {}})));
    let code = api.made("PUT", &format!("{FUNCTIONS}/echo/code"), json!({"ZipFile": zip("two")})).await;
    assert_ne!(code["CodeSha256"], updated["CodeSha256"]);
    let config = api.hosted().unwrap();
    assert_eq!((config.memory_mb, config.environment.len()), (256, 0));
    assert_eq!(std::fs::read_to_string(config.code_dir.join("bootstrap")).unwrap(), "two");

    let name = "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Aecho";
    api.made("DELETE", &format!("{FUNCTIONS}/{name}"), Value::Null).await;
    assert!(api.hosted().is_none());
    assert_eq!(std::fs::read_to_string(config.code_dir.join("bootstrap")).unwrap(), "two");
    let code = config.code_dir.to_path_buf();
    drop(config);
    assert!(!code.exists());
    let (status, message) = api.refused("GET", &format!("{FUNCTIONS}/echo"), Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(message, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:echo");
}

#[tokio::test]
async fn a_log_group_is_made_where_the_role_may_make_it() {
    let api = Api::new().await;
    with_function(&api).await;
    assert!(!api.emulator.app.aws_api.logs.inspect(|groups| groups.contains_key("/aws/lambda/echo")));
    let arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
    api.query("2010-05-08", "AttachRolePolicy", &[("RoleName", "flow"), ("PolicyArn", arn)]).await;
    api.made("PUT", &format!("{FUNCTIONS}/echo/configuration"), json!({"Timeout": 5})).await;
    assert!(api.emulator.app.aws_api.logs.inspect(|groups| groups.contains_key("/aws/lambda/echo")));
}

/// A process that starts with settings finds their code, however often the function changes meanwhile.
#[tokio::test]
async fn code_is_kept_for_as_long_as_anything_names_it() {
    let api = Api::new().await;
    with_function(&api).await;
    let mut configs = vec![api.hosted().unwrap()];
    for content in ["two", "three", "two", "four", "four"] {
        api.made("PUT", &format!("{FUNCTIONS}/echo/code"), json!({"ZipFile": zip(content)})).await;
        configs.push(api.hosted().unwrap());
    }
    let folders: Vec<_> = configs.iter().map(|config| config.code_dir.to_path_buf()).collect();
    for (folder, content) in folders.iter().zip(["one", "two", "three", "two", "four", "four"]) {
        assert_eq!(std::fs::read_to_string(folder.join("bootstrap")).unwrap(), content);
    }
    drop(configs);
    let kept: Vec<bool> = folders.iter().map(|folder| folder.exists()).collect();
    assert_eq!(kept, [false, false, false, false, true, true]);
    assert_eq!(folders[4], folders[5], "the same code again is the same folder");
}

#[tokio::test]
async fn what_a_function_cannot_have_is_refused_by_name() {
    let api = Api::new().await;
    api.role("flow", &["kinesis:*"], &[STREAM]).await;
    let with = |member: &str, value: Value| {
        let mut function = function();
        function[member] = value;
        function
    };
    let foreign = if architecture() == "arm64" { "x86_64" } else { "arm64" };
    let cases = [
        (with("Role", "arn:aws:iam::000000000000:role/none".into()), "cannot be assumed by Lambda"),
        (with("Runtime", "nodejs20.x".into()), "nodejs20.x"),
        (with("Architectures", json!([foreign])), foreign),
        (with("VpcConfig", json!({"SubnetIds": ["s"]})), "must coexist"),
        (
            with("VpcConfig", json!({"SubnetIds": ["s"], "SecurityGroupIds": ["g"]})),
            "permissions to call CreateNetworkInterface",
        ),
        (with("Layers", json!(["l"])), "Layers: l"),
        (with("Layers", json!(vec!["arn:aws:lambda:us-east-1:1:layer:l:1"; 6])), "Layers: 6"),
        (with("PackageType", "Image".into()), "PackageType"),
        (with("Code", json!({"S3Bucket": "b", "S3Key": "k"})), "S3Bucket"),
        (with("MemorySize", 64.into()), "MemorySize"),
        (with("Timeout", 901.into()), "Timeout"),
        (with("Environment", json!({"Variables": {"AWS_REGION": "x"}})), "AWS_REGION"),
        (with("Environment", json!({"Variables": {"BIG": "x".repeat(4_096)}})), "4KB"),
        (with("DurableConfig", json!({})), "DurableConfig"),
        (with("Tags", json!({"aws:k": "v"})), "aws:k"),
    ];
    for (request, named) in cases {
        let (_, message) = api.refused("POST", FUNCTIONS, request).await;
        assert!(message.contains(named), "{message} does not name {named}");
    }
    assert!(api.hosted().is_none() && api.mapped().is_none());
}

#[tokio::test]
async fn a_vpc_is_kept_where_the_role_may_make_interfaces() {
    let api = Api::new().await;
    api.role("flow", &["ec2:CreateNetworkInterface"], &["*"]).await;
    let mut request = function();
    request["VpcConfig"] = json!({"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]});
    let created = api.made("POST", FUNCTIONS, request).await;
    let kept = json!({
        "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"], "VpcId": "", "Ipv6AllowedForDualStack": false,
    });
    assert_eq!(created["VpcConfig"], kept);
    let none = json!({"VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []}});
    let updated = api.made("PUT", &format!("{FUNCTIONS}/echo/configuration"), none).await;
    assert_eq!(updated["VpcConfig"], Value::Null);
}

#[tokio::test]
async fn a_mapping_on_a_consumer_reads_back_and_reaches_the_data_plane() {
    let api = Api::new().await;
    let consumer = with_function(&api).await;
    let mut request = mapping(&consumer);
    request["BatchSize"] = 16.into();
    request["FunctionResponseTypes"] = json!(["ReportBatchItemFailures"]);
    request["DestinationConfig"] = json!({"OnFailure": {"Destination": QUEUE}});
    request["FilterCriteria"] = json!({"Filters": [{"Pattern": "{\"data\":{\"routeKey\":[\"relay\"]}}"}]});
    let (status, created) = api.rest("POST", MAPPINGS, request).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert_eq!(
        (&created["State"], &created["LastProcessingResult"]),
        (&json!("Creating"), &json!("No records processed"))
    );
    let config = api.mapped().unwrap();
    assert_eq!((config.batch_size, config.report_batch_item_failures), (16, true));
    assert_eq!(
        (config.on_failure_arn.as_deref(), config.starting_position),
        (Some(QUEUE), StartingPosition::Latest)
    );

    let path = format!("{MAPPINGS}/{}", created["UUID"].as_str().unwrap());
    let metrics = json!({"MetricsConfig": {"Metrics": ["EventCount"]}});
    assert_eq!(api.made("PUT", &path, metrics.clone()).await["MetricsConfig"], metrics["MetricsConfig"]);
    let update = json!({
        "BatchSize": 50, "Enabled": false, "FilterCriteria": {"Filters": []}, "MetricsConfig": {"Metrics": []},
    });
    assert_eq!(api.made("PUT", &path, update).await["MetricsConfig"], Value::Null);
    let changed = api.mapped().unwrap();
    assert_eq!((changed.uuid, changed.batch_size, changed.enabled), (config.uuid, 50, false));
    assert_eq!((changed.filters, changed.on_failure_arn.as_deref()), (Vec::<String>::new(), Some(QUEUE)));

    let (status, message) = api.refused("POST", MAPPINGS, mapping(&consumer)).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(message.contains("already exists"));
    api.made("DELETE", &path, Value::Null).await;
    let forgotten = async {
        loop {
            match api.rest("GET", &path, Value::Null).await {
                (StatusCode::NOT_FOUND, _) => break,
                (_, read) => assert_eq!(read["State"], "Deleting"),
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DELETION_MAX, forgotten).await.expect("nothing is in flight");
    assert!(api.mapped().is_none());
}

/// Page by page, as SDKs list them.
#[tokio::test]
async fn mappings_are_listed_by_function_source_and_page() {
    let api = Api::new().await;
    let consumer = with_function(&api).await;
    for source in [&consumer, STREAM] {
        api.made("POST", MAPPINGS, mapping(source)).await;
    }
    let of_source = api.made("GET", &format!("{MAPPINGS}?EventSourceArn={STREAM}"), Value::Null).await;
    assert_eq!(of_source["EventSourceMappings"].as_array().map(Vec::len), Some(1));
    let of_none = api.made("GET", &format!("{MAPPINGS}?FunctionName=another"), Value::Null).await;
    assert_eq!(of_none["EventSourceMappings"], json!([]));
    let first = api.made("GET", &format!("{MAPPINGS}?MaxItems=1"), Value::Null).await;
    let marker = first["NextMarker"].as_str().expect("another page");
    let second = api.made("GET", &format!("{MAPPINGS}?MaxItems=1&Marker={marker}"), Value::Null).await;
    assert_eq!(second["NextMarker"], Value::Null);
    let uuid = |page: &Value| page["EventSourceMappings"][0]["UUID"].clone();
    assert!(uuid(&first).is_string() && uuid(&second).is_string() && uuid(&first) != uuid(&second));
    let (_, message) = api.refused("GET", &format!("{MAPPINGS}?MaxItems=0"), Value::Null).await;
    assert!(message.contains("MaxItems"), "{message}");
}

#[tokio::test]
async fn a_mapping_needs_its_source_its_role_and_legal_settings() {
    let api = Api::new().await;
    let consumer = with_function(&api).await;
    let with = |member: &str, value: Value| {
        let mut mapping = mapping(&consumer);
        mapping[member] = value;
        mapping
    };
    let missing = "arn:aws:kinesis:us-east-1:000000000000:stream/none";
    let foreign_queue = "arn:aws:sqs:us-east-1:000000000000:other";
    let cases = [
        (
            with("EventSourceArn", missing.into()),
            "Stream not found: arn:aws:kinesis:us-east-1:000000000000:stream/none",
        ),
        (with("EventSourceArn", QUEUE.into()), QUEUE),
        (with("StartingPosition", "AT_TIMESTAMP".into()), "StartingPositionTimestamp"),
        (
            with("StartingPosition", "invalid".into()),
            "1 validation error detected: Value 'invalid' at 'startingPosition' failed to satisfy constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
        ),
        (with("FunctionName", "none".into()), "Function does not exist"),
        (with("FunctionName", "echo:1".into()), "Function does not exist"),
        (with("EventSourceArn", Value::Null), "Unrecognized event source."),
        (with("BatchSize", 20_000.into()), "BatchSize"),
        (with("TumblingWindowInSeconds", 30.into()), "TumblingWindowInSeconds"),
        (with("ScalingConfig", json!({"MaximumConcurrency": 2})), "ScalingConfig"),
        (with("FilterCriteria", json!({"Filters": [{"Pattern": "no json"}]})), "Invalid filter pattern"),
        (
            with("DestinationConfig", json!({"OnFailure": {"Destination": foreign_queue}})),
            "SendMessage on SQS",
        ),
        (
            with("DestinationConfig", json!({"OnFailure": {"Destination": "arn:aws:sns:us-east-1:0:t"}})),
            "sns",
        ),
    ];
    for (request, named) in cases {
        let (_, message) = api.refused("POST", MAPPINGS, request).await;
        assert!(message.contains(named), "{message} does not name {named}");
    }
    let policy =
        json!({"Statement": {"Effect": "Allow", "Action": "kinesis:*", "Resource": STREAM}}).to_string();
    let arguments = [("RoleName", "flow"), ("PolicyName", "p"), ("PolicyDocument", policy.as_str())];
    api.query("2010-05-08", "PutRolePolicy", &arguments).await;
    let (_, message) = api.refused("POST", MAPPINGS, mapping(&consumer)).await;
    assert!(message.contains("kinesis:SubscribeToShard"), "{message}");
}
