//! Calls every operation of every service with each of its members missing, of another type or too large: the answer
//! blames the client, and is never a failure of the emulator.

mod operations;

use super::api_gateway::websocket_api;
use super::lambda::with_function;
use super::{Api, Bytes, ROLE, Request, Value, json};
use operations::{cloudwatch, iam, logs, rest, sqs};

/// Replacements for a member.
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

/// The document with each of its members, at any depth, left out or replaced.
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

/// Creates everything that the documents name.
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

/// A document as a form: `Tags.member.1.Key=k`.
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

/// The first document is valid and shows that the sweep gets that far.
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
    let sts = vec![
        ("GetCallerIdentity", json!({})),
        ("AssumeRole", json!({"RoleArn": ROLE, "RoleSessionName": "swept", "DurationSeconds": "900"})),
    ];
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

/// A new operation of a service is added here too.
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
