//! Aliases, their weights, permissions and mappings, as recorded on AWS (docs/aws-behaviour.md#lambda-aliases).

use super::lambda::{FUNCTIONS, MAPPINGS, mapping, with_function};
use super::{Api, STREAM, Value, json};
use crate::core::identity::Permissions as _;
use http::StatusCode;

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";
const ALIASES: &str = "/2015-03-31/functions/echo/aliases";
const SOURCE: &str = "arn:aws:execute-api:us-east-1:000000000000:api/*";

/// A function with versions 1 and 2.
async fn with_versions() -> Api {
    let api = Api::new().await;
    with_function(&api).await;
    api.publish(Value::Null).await;
    api.configure(json!({"Environment": {"Variables": {"GREETING": "ho"}}})).await;
    api.publish(Value::Null).await;
    api
}

fn alias(name: &str, version: &str, weights: Value) -> Value {
    json!({"Name": name, "FunctionVersion": version, "RoutingConfig": {"AdditionalVersionWeights": weights}})
}

#[tokio::test]
async fn an_alias_lives_as_recorded() {
    let api = with_versions().await;
    let weighted = json!({"AdditionalVersionWeights": {"2": 0.2}});
    let mut request = alias("live", "1", json!({"2": 0.2}));
    request["Description"] = "custom-alias".into();
    let (status, created) = api.rest("POST", ALIASES, request).await;
    assert_eq!((status, &created["RoutingConfig"]), (StatusCode::CREATED, &weighted));
    assert_eq!(created["AliasArn"], json!(format!("{ARN}:live")));
    assert_eq!((&created["FunctionVersion"], &created["Name"]), (&json!("1"), &json!("live")));
    assert_eq!(api.made("GET", &format!("{ALIASES}/live"), Value::Null).await, created);
    let shown = api.made("GET", &format!("{FUNCTIONS}/echo?Qualifier=live"), Value::Null).await;
    assert_eq!(shown["Configuration"]["FunctionArn"], json!(format!("{ARN}:live")));
    assert_eq!(shown["Configuration"]["Version"], "1");

    let plain = api.made("POST", ALIASES, alias("beta", "2", json!({}))).await;
    assert_eq!((&plain["RoutingConfig"], &plain["Description"]), (&Value::Null, &json!("")));
    let names = |listed: Value| -> Vec<Value> {
        listed["Aliases"].as_array().unwrap().iter().map(|alias| alias["Name"].clone()).collect()
    };
    assert_eq!(names(api.made("GET", ALIASES, Value::Null).await), ["beta", "live"]);
    // An alias is listed with each version that it leads to.
    let of_version = api.made("GET", &format!("{ALIASES}?FunctionVersion=2"), Value::Null).await;
    assert_eq!(names(of_version), ["beta", "live"]);
    let page = api.made("GET", &format!("{ALIASES}?MaxItems=1"), Value::Null).await;
    assert_eq!((names(page.clone()), page["NextMarker"].is_string()), (vec![json!("beta")], true));

    let path = format!("{ALIASES}/live");
    let wrong = json!({"RevisionId": "wrong", "Description": "d"});
    assert_eq!(api.refused("PUT", &path, wrong).await.0, StatusCode::PRECONDITION_FAILED);
    let update = json!({"RoutingConfig": {}, "RevisionId": created["RevisionId"]});
    let updated = api.made("PUT", &path, update).await;
    assert_eq!((&updated["RoutingConfig"], &updated["Description"]), (&Value::Null, &json!("custom-alias")));
    assert_ne!(updated["RevisionId"], created["RevisionId"]);
    let (_, message) = api.refused("PUT", &format!("{ALIASES}/none"), json!({"Description": ""})).await;
    assert_eq!(message, format!("Alias not found: {ARN}:none"));
    for name in ["live", "none"] {
        api.made("DELETE", &format!("{ALIASES}/{name}"), Value::Null).await;
    }
    let (_, message) = api.refused("GET", &path, Value::Null).await;
    assert_eq!(message, format!("Cannot find alias arn: {ARN}:live"));
}

#[tokio::test]
async fn aliases_are_refused_as_recorded() {
    let api = with_versions().await;
    api.made("POST", ALIASES, alias("custom", "1", json!({"2": 0.5}))).await;
    api.made("POST", ALIASES, alias("custom-latest", "$LATEST", json!({}))).await;
    for (request, expected) in [
        (
            alias("a", "1", json!({"1": 0.5})),
            "Invalid function version 1. Function version 1 is already included in routing configuration."
                .to_owned(),
        ),
        (alias("a", "10", json!({"2": 0.5})), format!("Function not found: {ARN}:10")),
        (alias("a", "1", json!({"10": 0.5})), format!("Function not found: {ARN}:10")),
        (
            alias("a", "$LATEST", json!({"1": 0.5})),
            "$LATEST is not supported for an alias pointing to more than 1 version".into(),
        ),
        (alias("custom", "1", json!({})), format!("Alias already exists: {ARN}:custom")),
        (
            alias("a", "$LATEST.PUBLISHED", json!({})),
            "FunctionVersion: $LATEST.PUBLISHED is not supported by the emulator".into(),
        ),
    ] {
        let (_, message) = api.refused("POST", ALIASES, request.clone()).await;
        assert_eq!(message, expected, "{request}");
    }
    let unknown = "/2015-03-31/functions/unknown/aliases";
    let (_, message) = api.refused("POST", unknown, alias("a", "1", json!({"2": 0.5}))).await;
    assert_eq!(message, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:unknown:1");

    api.role("other", &["kinesis:*"], &[STREAM]).await;
    api.configure(json!({"Role": "arn:aws:iam::000000000000:role/other"})).await;
    api.publish(Value::Null).await;
    let (_, message) = api.refused("POST", ALIASES, alias("a", "1", json!({"3": 0.5}))).await;
    assert!(message.contains("same execution role"), "{message}");
}

#[tokio::test]
async fn a_version_that_an_alias_leads_to_is_not_deleted() {
    let api = with_versions().await;
    api.made("POST", ALIASES, alias("live", "1", json!({"2": 0.1}))).await;
    for version in ["1", "2"] {
        let path = format!("{FUNCTIONS}/echo?Qualifier={version}");
        let (status, message) = api.refused("DELETE", &path, Value::Null).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert_eq!(message, "Unable to delete version because the following aliases reference it: [live]");
    }
    api.made("PUT", &format!("{ALIASES}/live"), json!({"RoutingConfig": {}})).await;
    api.made("DELETE", &format!("{FUNCTIONS}/echo?Qualifier=2"), Value::Null).await;
}

#[tokio::test]
async fn each_qualifier_has_a_policy_of_its_own() {
    let api = with_versions().await;
    let alias = api.made("POST", ALIASES, alias("live", "1", json!({}))).await;
    let path = |qualifier: &str| format!("{FUNCTIONS}/echo/policy?Qualifier={qualifier}");
    let permission = |id: &str| json!({"StatementId": id, "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com", "SourceArn": SOURCE});
    let may = |target: &str| {
        let arn = format!("arn:aws:lambda:us-east-1:000000000000:function:{target}");
        let source = "arn:aws:execute-api:us-east-1:000000000000:api/v1/$connect";
        api.emulator
            .app
            .aws_api
            .iam
            .check_service("apigateway.amazonaws.com", "lambda:InvokeFunction", &arn, source)
            .is_ok()
    };
    let added = api.made("POST", &path("live"), permission("gateway")).await;
    assert!(added["Statement"].as_str().unwrap().contains(&format!("{ARN}:live")));
    assert_eq!((may("echo:live"), may("echo"), may("echo:1")), (true, false, false));
    let policy = api.made("GET", &path("live"), Value::Null).await;
    assert_ne!(policy["RevisionId"], alias["RevisionId"]);
    let read = api.made("GET", &format!("{ALIASES}/live"), Value::Null).await;
    assert_eq!(read["RevisionId"], policy["RevisionId"]);
    // Of the function and of the version there is none.
    for none in [format!("{FUNCTIONS}/echo/policy"), path("1"), path("42")] {
        let (_, message) = api.refused("GET", &none, Value::Null).await;
        assert_eq!(message, "The resource you requested does not exist.", "{none}");
    }
    for (method, path, body, expected) in [
        ("POST", path("live"), permission("gateway"), "The statement id (gateway) provided already exists. Please provide a new statement id, or remove the existing statement.".to_owned()),
        ("POST", path("$LATEST"), permission("s"), "We currently do not support adding policies for $LATEST.".into()),
        ("POST", path("none"), permission("s"), format!("Cannot find alias arn: {ARN}:none")),
        ("POST", path("42"), permission("s"), format!("Function not found: {ARN}:42")),
        ("POST", path("valid-with-$"), permission("s"), format!("Function not found: {ARN}:valid-with-$")),
        ("POST", path("1"), permission("example.com"), "1 validation error detected: Value 'example.com' at 'statementId' failed to satisfy constraint: Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)".into()),
        ("DELETE", format!("{FUNCTIONS}/echo/policy/s"), Value::Null, "No policy is associated with the given resource.".into()),
        ("DELETE", format!("{FUNCTIONS}/none/policy/s"), Value::Null, "No policy found for: arn:aws:lambda:us-east-1:000000000000:function:none".into()),
        ("DELETE", format!("{FUNCTIONS}/echo/policy/gateway?Qualifier=live&RevisionId=wrong"), Value::Null, "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id".into()),
    ] {
        let (_, message) = api.refused(method, &path, body).await;
        assert_eq!(message, expected, "{method} {path}");
    }
    api.made("DELETE", &format!("{FUNCTIONS}/echo/policy/gateway?Qualifier=live"), Value::Null).await;
    assert!(!may("echo:live"));
    api.made("POST", &path("live"), permission("gateway")).await;
    api.made("DELETE", &format!("{ALIASES}/live"), Value::Null).await;
    assert!(!may("echo:live"), "an alias's permissions go with it");
}

#[tokio::test]
async fn a_mapping_invokes_what_its_name_says() {
    let api = with_versions().await;
    api.made("POST", ALIASES, alias("live", "1", json!({"2": 0.5}))).await;
    let on = |name: &str| {
        let mut request = mapping(STREAM);
        request["FunctionName"] = name.into();
        request
    };
    let mut made = Vec::new();
    for (name, shown) in [
        ("echo", ARN.to_owned()),
        ("function:echo:$LATEST", format!("{ARN}:$LATEST")),
        ("echo:1", format!("{ARN}:1")),
        (&format!("{ARN}:live"), format!("{ARN}:live")),
    ] {
        let created = api.made("POST", MAPPINGS, on(name)).await;
        assert_eq!(created["FunctionArn"], json!(shown), "{name}");
        made.push(created["UUID"].as_str().unwrap().to_owned());
    }
    let (status, _) = api.refused("POST", MAPPINGS, on(&format!("{ARN}:$LATEST"))).await;
    assert_eq!(status, StatusCode::CONFLICT, "a whole ARN with $LATEST is the function's own");
    let configs = api.emulator.app.mappings.configs();
    let mut names: Vec<_> = configs.iter().map(|config| config.function_name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["echo", "echo:$LATEST", "echo:1", "echo:live"]);
    let listed = api.made("GET", &format!("{MAPPINGS}?FunctionName=echo:live"), Value::Null).await;
    assert_eq!(listed["EventSourceMappings"].as_array().map(Vec::len), Some(1));
    let moved = api.made("PUT", &format!("{MAPPINGS}/{}", made[3]), json!({"FunctionName": "echo:2"})).await;
    assert_eq!(moved["FunctionArn"], json!(format!("{ARN}:2")));
    assert!(
        api.emulator.app.aws_api.state()["eventSourceMappings"]
            .get(format!("echo:2 from {STREAM}"))
            .is_some()
    );
}

#[tokio::test]
async fn the_state_shows_versions_aliases_and_their_policies() {
    let api = with_versions().await;
    api.made("POST", ALIASES, alias("live", "1", json!({"2": 0.25}))).await;
    let state = api.emulator.app.aws_api.state();
    let function = &state["functions"]["echo"];
    assert_eq!(function["aliases"]["live"], json!({"functionVersion": "1", "weights": {"2": 0.25}}));
    let greeting = |number: &str| {
        function["versions"][number]["settings"]["Environment"]["Variables"]["GREETING"].clone()
    };
    assert_eq!((greeting("1"), greeting("2")), (json!("hello"), json!("ho")));
}

/// docs/aws-behaviour.md#lambda-provisioned-concurrency
#[tokio::test]
async fn provisioned_concurrency_is_of_published_versions_without_weights() {
    let api = with_versions().await;
    let of =
        |qualifier: &str| format!("/2019-09-30/functions/echo/provisioned-concurrency?Qualifier={qualifier}");
    let wanted = |executions: u32| json!({"ProvisionedConcurrentExecutions": executions});
    let refused = async |qualifier: &str, executions: u32| {
        api.refused("PUT", &of(qualifier), wanted(executions)).await.1
    };
    let alias = json!({"Name": "live", "FunctionVersion": "1"});
    api.made("POST", &format!("{FUNCTIONS}/echo/aliases"), alias).await;
    assert!(refused("%24LATEST", 1).await.contains("unpublished function versions"));
    let (status, _) = api.refused("GET", &of("live"), Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    api.made("PUT", "/2017-10-31/functions/echo/concurrency", json!({"ReservedConcurrentExecutions": 3}))
        .await;
    assert!(refused("live", 4).await.contains("reservedConcurrentExecution"));

    let made = api.made("PUT", &of("live"), wanted(2)).await;
    assert_eq!(made["Status"], "IN_PROGRESS");
    assert_eq!(api.made("GET", &of("live"), Value::Null).await["Status"], "READY");
    assert!(refused("2", 2).await.contains("reservedConcurrentExecution"), "of all together");
    let weights = json!({"RoutingConfig": {"AdditionalVersionWeights": {"2": 0.5}}});
    let path = format!("{FUNCTIONS}/echo/aliases/live");
    let (_, message) = api.refused("PUT", &path, weights.clone()).await;
    assert!(message.contains("Alias with weights"), "{message}");
    let all = "/2019-09-30/functions/echo/provisioned-concurrency?List=ALL";
    let listed = api.made("GET", all, Value::Null).await;
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:echo:live";
    assert_eq!(listed["ProvisionedConcurrencyConfigs"][0]["FunctionArn"], arn);
    api.made("DELETE", &of("live"), Value::Null).await;
    api.made("PUT", &path, weights).await;
    assert!(refused("live", 1).await.contains("Alias with weights"));
}
