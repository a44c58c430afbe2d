//! Published versions, as they were recorded on AWS (docs/aws-behaviour.md#lambda-versions).

use super::lambda::{FUNCTIONS, function, with_function, zip};
use super::{Api, STREAM, Value, json};
use http::StatusCode;

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";

impl Api {
    async fn get(&self, below: &str) -> Value {
        self.made("GET", &format!("{FUNCTIONS}/{below}"), Value::Null).await
    }

    pub(super) async fn publish(&self, body: Value) -> Value {
        self.made("POST", &format!("{FUNCTIONS}/echo/versions"), body).await
    }

    pub(super) async fn configure(&self, settings: Value) -> Value {
        self.made("PUT", &format!("{FUNCTIONS}/echo/configuration"), settings).await
    }

    /// Each version's number and description.
    async fn versions(&self) -> Vec<(String, String)> {
        let listed = self.get("echo/versions").await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let versions = listed["Versions"].as_array().unwrap();
        versions.iter().map(|version| (text(&version["Version"]), text(&version["Description"]))).collect()
    }
}

fn pairs(versions: &[(&str, &str)]) -> Vec<(String, String)> {
    versions.iter().map(|(number, text)| ((*number).into(), (*text).into())).collect()
}

#[tokio::test]
async fn a_version_is_published_once_until_something_changes() {
    let api = Api::new().await;
    with_function(&api).await;
    api.configure(json!({"Description": "First version :)"})).await;
    let before = api.get("echo").await["Configuration"]["RevisionId"].clone();
    let first = api.publish(json!({"Description": "First version description :)"})).await;
    assert_eq!((&first["Version"], &first["FunctionArn"]), (&json!("1"), &json!(format!("{ARN}:1"))));
    assert_eq!(first["Description"], "First version description :)");
    let latest = api.get("echo").await["Configuration"].take();
    assert_eq!(latest["Description"], "First version :)");
    assert_ne!(latest["RevisionId"], before, "publishing changes $LATEST's revision");

    api.configure(json!({"Description": "Second version :))"})).await;
    let second = api.publish(Value::Null).await;
    assert_eq!((&second["Version"], &second["Description"]), (&json!("2"), &json!("Second version :))")));
    let again = api.publish(json!({"Description": "Third version description :)))"})).await;
    assert_eq!(again["Version"], "2");
    assert_eq!(
        (&again["RevisionId"], &again["Description"]),
        (&second["RevisionId"], &second["Description"])
    );
    let expected = [
        ("$LATEST", "Second version :))"),
        ("1", "First version description :)"),
        ("2", "Second version :))"),
    ];
    assert_eq!(api.versions().await, pairs(&expected));

    api.made("DELETE", &format!("{FUNCTIONS}/echo?Qualifier=1"), Value::Null).await;
    let expected = [("$LATEST", "Second version :))"), ("2", "Second version :))")];
    assert_eq!(api.versions().await, pairs(&expected));
    // One that is not there is gone already; a number is not used again.
    api.made("DELETE", &format!("{FUNCTIONS}/echo?Qualifier=1233"), Value::Null).await;
    api.made("DELETE", &format!("{FUNCTIONS}/echo?Qualifier=2"), Value::Null).await;
    assert_eq!(api.publish(Value::Null).await["Version"], "3");
}

#[tokio::test]
async fn a_version_keeps_its_code_and_settings() {
    let api = Api::new().await;
    with_function(&api).await;
    api.publish(Value::Null).await;
    api.configure(json!({"MemorySize": 256})).await;
    for content in ["two", "three", "four"] {
        let update = json!({"ZipFile": zip(content)});
        api.made("PUT", &format!("{FUNCTIONS}/echo/code"), update).await;
    }
    let hosted = || {
        let mut configs = api.emulator.app.functions.configs();
        configs.sort_by_key(|config| config.target());
        configs
    };
    let configs = hosted();
    let [latest, version] = &configs[..] else { panic!("{configs:?}") };
    assert_eq!((latest.target(), version.target()), ("echo".into(), "echo:1".into()));
    assert_eq!((latest.memory_mb, version.memory_mb), (256, 128));
    let code = |dir: &std::path::Path| std::fs::read_to_string(dir.join("bootstrap")).unwrap();
    assert_eq!((code(&latest.code_dir), code(&version.code_dir)), ("four".into(), "one".into()));
    let read = api.get("echo?Qualifier=1").await["Configuration"].take();
    assert_eq!((&read["MemorySize"], &read["FunctionArn"]), (&json!(128), &json!(format!("{ARN}:1"))));

    // Reserved concurrency is the whole function's.
    let path = "/2017-10-31/functions/echo/concurrency";
    api.made("PUT", path, json!({"ReservedConcurrentExecutions": 3})).await;
    assert!(hosted().iter().all(|config| config.reserved_concurrency == Some(3)));
    let (status, _) = api
        .refused(
            "PUT",
            "/2017-10-31/functions/echo:1/concurrency",
            json!({"ReservedConcurrentExecutions": 3}),
        )
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);

    let stale = version.code_dir.to_path_buf();
    drop(configs);
    api.made("DELETE", &format!("{FUNCTIONS}/echo:1"), Value::Null).await;
    assert!(!stale.exists() && hosted().len() == 1);
    api.made("DELETE", &format!("{FUNCTIONS}/echo"), Value::Null).await;
    assert!(hosted().is_empty());
}

#[tokio::test]
async fn create_and_update_publish_where_asked() {
    let api = Api::new().await;
    api.role("flow", &["kinesis:*"], &[STREAM]).await;
    let mut request = function();
    request["Publish"] = true.into();
    let created = api.made("POST", FUNCTIONS, request).await;
    assert_eq!((&created["Version"], &created["FunctionArn"]), (&json!("1"), &json!(ARN)));
    assert_eq!(api.publish(Value::Null).await["Version"], "1");
    let update = |content: &str| json!({"ZipFile": zip(content), "Publish": true});
    let updated = api.made("PUT", &format!("{FUNCTIONS}/echo/code"), update("two")).await;
    assert_eq!((&updated["Version"], &updated["FunctionArn"]), (&json!("2"), &json!(format!("{ARN}:2"))));
    let updated = api.made("PUT", &format!("{FUNCTIONS}/echo/code"), update("two")).await;
    assert_eq!(updated["Version"], "2");
    let all = api.get("?FunctionVersion=ALL&MaxItems=2").await;
    let names: Vec<_> =
        all["Functions"].as_array().unwrap().iter().map(|found| found["FunctionArn"].clone()).collect();
    assert_eq!(names, [json!(format!("{ARN}:$LATEST")), json!(format!("{ARN}:1"))]);
    assert!(all["Functions"].as_array().unwrap().iter().all(|found| found["State"].is_null()));
    let marker = all["NextMarker"].as_str().unwrap();
    let rest = api.get(&format!("?FunctionVersion=ALL&Marker={marker}")).await;
    assert_eq!(rest["Functions"][0]["FunctionArn"], json!(format!("{ARN}:2")));
    assert_eq!(api.get("").await["Functions"][0]["FunctionArn"], json!(ARN));
}

#[tokio::test]
async fn publishing_has_preconditions() {
    let api = Api::new().await;
    with_function(&api).await;
    let path = format!("{FUNCTIONS}/echo/versions");
    let (status, message) = api.refused("POST", &path, json!({"RevisionId": "wrong"})).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED);
    assert!(
        message.ends_with("Call the GetFunction/GetAlias API to retrieve the latest Revision Id"),
        "{message}"
    );
    let current = api.get("echo").await["Configuration"].take();
    let sha256 = current["CodeSha256"].as_str().unwrap();
    let (_, message) = api.refused("POST", &path, json!({"CodeSha256": "none"})).await;
    let expected = format!(
        "CodeSHA256 (none) is different from current CodeSHA256 in $LATEST ({sha256}). Please try again with the CodeSHA256 in $LATEST."
    );
    assert_eq!(message, expected);
    let request = json!({"CodeSha256": sha256, "RevisionId": current["RevisionId"]});
    assert_eq!(api.publish(request).await["Version"], "1");
}

#[tokio::test]
async fn what_is_not_there_is_told_with_its_qualifier() {
    let api = Api::new().await;
    with_function(&api).await;
    let latest = api.get("echo:$LATEST").await["Configuration"].take();
    assert_eq!(
        (&latest["FunctionArn"], &latest["Version"]),
        (&json!(format!("{ARN}:$LATEST")), &json!("$LATEST"))
    );
    let missing = |qualifier: &str| format!("Function not found: {ARN}{qualifier}");
    let none = "arn:aws:lambda:us-east-1:000000000000:function:none";
    for (method, path, expected) in [
        ("GET", "echo?Qualifier=1221", missing(":1221")),
        ("GET", "echo:1221/configuration", missing(":1221")),
        ("GET", "echo?Qualifier=$latest", missing(":$latest")),
        ("GET", "echo?Qualifier=live", missing(":live")),
        ("GET", "none:$LATEST", format!("Function not found: {none}:$LATEST")),
        ("POST", "none/invocations", format!("Function not found: {none}:$LATEST")),
        ("POST", "echo/invocations?Qualifier=live", missing(":live")),
        ("DELETE", "none?Qualifier=1", format!("Function not found: {none}")),
        ("DELETE", "none", format!("Function not found: {none}")),
        ("DELETE", "echo?Qualifier=$LATEST", "$LATEST version cannot be deleted without deleting the function.".into()),
        ("DELETE", "echo?Qualifier=live", "Deletion of aliases is not currently supported.".into()),
        ("PUT", "echo:1/configuration", "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.".into()),
        ("GET", "echo?Qualifier=$LATEST.PUBLISHED", "Qualifier: $LATEST.PUBLISHED is not supported by the emulator".into()),
    ] {
        let body = if method == "PUT" { json!({"Timeout": 5}) } else { Value::Null };
        let (_, message) = api.refused(method, &format!("{FUNCTIONS}/{path}"), body).await;
        assert_eq!(message, expected, "{method} {path}");
    }
}
