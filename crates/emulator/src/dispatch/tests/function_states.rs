//! How a function's state and revision change, and what is refused meanwhile (docs/aws-behaviour.md#lambda-function-states).

use super::lambda::{FUNCTIONS, MAPPINGS, function, mapping, with_function, zip};
use super::{Api, STREAM, Value, json};
use http::StatusCode;
use std::time::Duration;

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";
const SETTLE_TIME: Duration = Duration::from_secs(60);
const IN_PROGRESS: &str = "The operation cannot be performed at this time. An update is in progress for resource: arn:aws:lambda:us-east-1:000000000000:function:echo";

async fn pass() {
    tokio::time::pause();
    tokio::time::advance(SETTLE_TIME).await;
    tokio::time::resume();
}

async fn configuration(api: &Api, qualifier: &str) -> Value {
    api.made("GET", &format!("{FUNCTIONS}/echo{qualifier}/configuration"), Value::Null).await
}

fn states(shown: &Value) -> [&Value; 6] {
    [
        "State",
        "StateReason",
        "StateReasonCode",
        "LastUpdateStatus",
        "LastUpdateStatusReason",
        "LastUpdateStatusReasonCode",
    ]
    .map(|member| &shown[member])
}

#[tokio::test]
async fn states_and_revisions_follow_each_change() {
    let api = Api::settling("127.0.0.1:4566", SETTLE_TIME).await;
    with_function(&api).await;
    let (reason, code, none) = (json!("The function is being created."), json!("Creating"), Value::Null);
    let (pending, active, in_progress, successful) =
        (json!("Pending"), json!("Active"), json!("InProgress"), json!("Successful"));
    let created = configuration(&api, "").await;
    assert_eq!(states(&created), [&pending, &reason, &code, &none, &none, &none]);
    pass().await;
    let settled = configuration(&api, "").await;
    assert_eq!(states(&settled), [&active, &none, &none, &successful, &none, &none]);
    assert_ne!(settled["RevisionId"], created["RevisionId"]);

    let updates = [
        ("configuration", json!({"Timeout": 5})),
        // Nothing changes; it is an update all the same.
        ("configuration", json!({"Timeout": 5})),
        ("code", json!({"ZipFile": zip("two")})),
    ];
    let mut revisions = vec![settled["RevisionId"].clone()];
    for (below, update) in updates {
        let updated = api.made("PUT", &format!("{FUNCTIONS}/echo/{below}"), update).await;
        assert_eq!(states(&updated), [&active, &none, &none, &in_progress, &reason, &code]);
        revisions.push(updated["RevisionId"].clone());
        pass().await;
        revisions.push(configuration(&api, "").await["RevisionId"].clone());
    }
    let tags = format!("/2017-03-31/tags/{}", ARN.replace(':', "%3A"));
    api.made("POST", &tags, json!({"Tags": {"k": "v"}})).await;
    revisions.push(configuration(&api, "").await["RevisionId"].clone());
    api.made("DELETE", &format!("{tags}?tagKeys=k"), Value::Null).await;
    revisions.push(configuration(&api, "").await["RevisionId"].clone());
    let different: std::collections::HashSet<_> = revisions.iter().map(Value::to_string).collect();
    assert_eq!(different.len(), revisions.len(), "{revisions:?}");
}

#[tokio::test]
async fn a_function_that_changes_takes_no_other_change() {
    let api = Api::settling("127.0.0.1:4566", SETTLE_TIME).await;
    with_function(&api).await;
    let changes = [
        ("PUT", "configuration", json!({"Timeout": 5})),
        ("PUT", "code", json!({"ZipFile": zip("two")})),
        ("POST", "versions", json!({})),
    ];
    let pending = "The operation cannot be performed at this time. The function is currently in the following state: Pending";
    let invoke = ("POST", "invocations", Value::Null);
    for (method, below, body) in changes.iter().cloned().chain([invoke]) {
        let (status, message) = api.refused(method, &format!("{FUNCTIONS}/echo/{below}"), body).await;
        assert_eq!((status, message.as_str()), (StatusCode::CONFLICT, pending), "{below}");
    }
    // What does not touch its code goes on.
    api.made("POST", MAPPINGS, mapping(STREAM)).await;
    api.made("PUT", "/2017-10-31/functions/echo/concurrency", json!({"ReservedConcurrentExecutions": 1}))
        .await;
    pass().await;
    api.configure(json!({"Timeout": 5})).await;
    for (method, below, body) in changes {
        let (status, message) = api.refused(method, &format!("{FUNCTIONS}/echo/{below}"), body).await;
        assert_eq!((status, message.as_str()), (StatusCode::CONFLICT, IN_PROGRESS), "{below}");
    }
    pass().await;
    api.publish(json!({})).await;
}

#[tokio::test]
async fn a_published_version_is_pending_with_its_function() {
    let api = Api::settling("127.0.0.1:4566", SETTLE_TIME).await;
    api.role("flow", &["kinesis:*"], &[STREAM]).await;
    let mut request = function();
    request["Publish"] = true.into();
    let created = api.made("POST", FUNCTIONS, request).await;
    assert_eq!((&created["State"], &created["Version"]), (&json!("Pending"), &json!("1")));
    pass().await;
    let first = configuration(&api, ":1").await;
    assert_eq!((&first["State"], &first["LastUpdateStatus"]), (&json!("Active"), &json!("Successful")));
    assert_ne!(first["RevisionId"], created["RevisionId"]);

    let update = json!({"ZipFile": zip("two"), "Publish": true});
    let second = api.made("PUT", &format!("{FUNCTIONS}/echo/code"), update).await;
    assert_eq!((&second["State"], &second["LastUpdateStatus"]), (&json!("Pending"), &Value::Null));
    let latest = configuration(&api, "").await;
    assert_eq!((&latest["State"], &latest["LastUpdateStatus"]), (&json!("Active"), &json!("InProgress")));
    pass().await;
    api.configure(json!({"Timeout": 5})).await;
    pass().await;
    let third = api.publish(json!({})).await;
    assert_eq!((&third["State"], &third["LastUpdateStatus"]), (&json!("Active"), &json!("Successful")));
}

/// The limit is of the JSON text: 4,096 bytes with its quotes and braces.
#[tokio::test]
async fn the_environment_is_measured_as_json() {
    let api = Api::new().await;
    api.role("flow", &["kinesis:*"], &[STREAM]).await;
    let with = |bytes: usize| {
        let mut request = function();
        request["Environment"]["Variables"] = json!({"LARGE_VAR": "x".repeat(bytes)});
        request
    };
    let around = r#"{"LARGE_VAR":""}"#.len();
    let (_, message) = api.refused("POST", FUNCTIONS, with(4_097 - around)).await;
    let measured = format!("{{\"LARGE_VAR\":\"{}\"}}", "x".repeat(4_097 - around));
    assert_eq!(
        message,
        format!(
            "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {measured}"
        )
    );
    api.made("POST", FUNCTIONS, with(4_096 - around)).await;
    // An environment without variables is shown as it was given.
    let shown = api.configure(json!({"Environment": {"Variables": {}}})).await;
    assert_eq!(shown["Environment"], json!({"Variables": {}}));
    assert_eq!(api.configure(json!({"Environment": {}})).await["Environment"], Value::Null);
}

#[tokio::test]
async fn tags_are_refused_as_recorded() {
    let api = Api::new().await;
    with_function(&api).await;
    let path = |arn: &str| format!("/2017-03-31/tags/{}", arn.replace(':', "%3A"));
    let many = |count: usize| -> Value {
        (0..count).map(|n| (format!("{n}_key"), json!("v"))).collect::<serde_json::Map<_, _>>().into()
    };
    let too_many = "Number of tags exceeds resource tag limit.";
    let versions = "Tags on function aliases and versions are not supported. Please specify a function ARN.";
    let mapping =
        "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:00000000-0000-0000-0000-000000000000";
    let absent = format!("Event source mapping not found: {mapping}");
    let missing = format!("Function not found: {ARN}s");
    for (arn, tags, expected) in [
        (ARN, many(51), too_many),
        (ARN, json!({}), "An error occurred and the request cannot be processed."),
        (&format!("{ARN}:1"), many(1), versions),
        (&format!("{ARN}:$LATEST"), many(1), versions),
        (&format!("{ARN}s"), many(1), &missing),
        (mapping, many(1), &absent),
    ] {
        let (_, message) = api.refused("POST", &path(arn), json!({"Tags": tags})).await;
        assert_eq!(message, expected, "{arn}");
    }
    for method in ["GET", "DELETE"] {
        let (status, message) =
            api.refused(method, &format!("{}?tagKeys=k", path(mapping)), Value::Null).await;
        assert_eq!((status, message.as_str()), (StatusCode::NOT_FOUND, absent.as_str()));
    }
    for arn in
        ["arn:aws:something", "arn:aws:lambda:us-east-1:000000000000:foobar:f", &format!("{mapping}:alias")]
    {
        let (_, message) = api.refused("GET", &path(arn), Value::Null).await;
        assert!(
            message.starts_with(&format!("1 validation error detected: Value '{arn}' at 'resource'")),
            "{message}"
        );
    }
    let (_, message) = api.refused("DELETE", &path(ARN), Value::Null).await;
    assert_eq!(
        message,
        "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null"
    );
    api.made("POST", &path(ARN), json!({"Tags": many(50)})).await;
    let (_, message) = api.refused("POST", &path(ARN), json!({"Tags": {"a": "b"}})).await;
    assert_eq!(message, too_many);
    let mut request = function();
    request["FunctionName"] = "other".into();
    request["Tags"] = many(51);
    assert_eq!(api.refused("POST", FUNCTIONS, request).await.1, too_many);
}

/// Whoever reads an error's own members meets those that its model has.
#[tokio::test]
async fn errors_have_their_models_members() {
    let api = Api::new().await;
    with_function(&api).await;
    let missing = api.rest("GET", &format!("{FUNCTIONS}/none"), Value::Null).await.1;
    assert!(missing["Message"].is_string() && missing["message"].is_null() && missing["Type"] == "User");
    let invalid = api.rest("DELETE", &format!("{FUNCTIONS}/echo?Qualifier=$LATEST"), Value::Null).await.1;
    assert!(invalid["message"].is_string() && invalid["Message"].is_null() && invalid["Type"] == "User");
    let malformed = api.rest("GET", &format!("{FUNCTIONS}/e!"), Value::Null).await.1;
    assert!(malformed["message"].is_string() && malformed["Type"].is_null());
}
