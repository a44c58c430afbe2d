//! Rollbacks and canaries against an emulator in this process.

use super::*;
use bytes::Bytes;
use emulator::package::{Packing, package};
use emulator::provision::compose;
use emulator::provision::stack::Stack;
use emulator::{Emulator, EmulatorOptions};
use http::Method;
use serde_json::json;
use std::path::Path;
use tokio::net::TcpListener;

fn alias(version: &str, second: Option<(&str, f64)>) -> Alias {
    Alias { version: version.into(), second: second.map(|(version, share)| (version.into(), share)) }
}

#[test]
fn a_rollback_goes_to_the_version_before_or_ends_a_canary() {
    let on = |version: &str| alias(version, None);
    for (from, published, to, expected) in [
        (on("3"), vec![1, 2, 3], None, Ok(on("2"))),
        // Version 2 was deleted, and 4 published by a canary that failed.
        (on("3"), vec![1, 3, 4], None, Ok(on("1"))),
        (alias("3", Some(("4", 0.1))), vec![3, 4], None, Ok(on("3"))),
        (on("3"), vec![1, 2, 3], Some(1), Ok(on("1"))),
        (on("1"), vec![1, 2], None, Err("no version was published before 1")),
        (on("3"), vec![3], Some(2), Err("there is no version 2; there are [3]")),
        (on("$LATEST"), vec![1], None, Err("it is on $LATEST")),
    ] {
        let target = target(&from, &published, to).map_err(|error| error.to_string());
        assert_eq!(target, expected.map_err(str::to_owned), "{from:?} {published:?} {to:?}");
    }
}

/// How long a test waits for what must come.
const DEADLINE: Duration = Duration::from_secs(60);
/// Ends before it is ready, as a broken release does.
const BROKEN: &str = "#!/bin/sh\nexit 1\n";

fn developer(endpoint: &str) -> Calls {
    let endpoint = endpoint.to_owned();
    let calls = Calls::new(move |name| match name {
        "AWS_ENDPOINT_URL" => Some(endpoint.clone()),
        "AWS_REGION" => Some("us-east-1".into()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("developer".into()),
        _ => None,
    });
    calls.unwrap()
}

/// A stack with one function, whose code is a script, in two versions of which the first is at work.
struct Scene {
    emulator: Emulator,
    name: String,
    calls: Calls,
}

impl Scene {
    async fn start() -> Self {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let stack = Stack::read(&project, &[]).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let emulator = Emulator::start(listener, EmulatorOptions::default()).await.unwrap();
        let zip: Bytes = package(BROKEN.as_bytes(), Packing::Stored).unwrap().into();
        let zips = BTreeMap::from([("echo".to_owned(), zip)]);
        let composed = compose(&emulator, &stack, &zips).await.unwrap();
        let calls = developer(&emulator.endpoint_url());
        let scene = Self { emulator, name: composed.functions["echo"].clone(), calls };
        scene.until(Method::PUT, "/configuration", json!({ "Timeout": 5 })).await;
        scene.until(Method::POST, "/versions", json!({})).await;
        scene
    }

    /// Repeats a call until the change before it is through.
    async fn until(&self, method: Method, below: &str, body: Value) {
        let path = format!("/2015-03-31/functions/{}{below}", self.name);
        let made = async {
            while !self.calls.lambda(method.clone(), &path, &body).await.unwrap().0.is_success() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(DEADLINE, made).await.expect("a change that ends");
    }

    async fn alias(&self) -> Alias {
        self.calls.alias(&self.name).await.unwrap().unwrap()
    }

    fn candidates(&self) -> [Candidate; 1] {
        [Candidate {
            name: self.name.clone(),
            log_group: format!("/aws/lambda/{}", self.name),
            alarms: vec![format!("{}-errors", self.name)],
            stable: "1".into(),
            fresh: "2".into(),
        }]
    }

    async fn rollback(&self, args: &RollbackArgs) -> anyhow::Result<()> {
        let names = BTreeMap::from([("echo".to_owned(), self.name.clone())]);
        Rollback::of(developer(&self.emulator.endpoint_url()), names, args).await?.apply().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_puts_the_version_before_in_place() {
    let scene = Scene::start().await;
    assert_eq!(scene.alias().await, alias("1", None), "a stack begins with its first version");
    scene.calls.set_alias(&scene.name, &alias("2", None)).await.unwrap();
    let mut args = RollbackArgs { function: None, to: None, yes: true };
    scene.rollback(&args).await.unwrap();
    assert_eq!(scene.alias().await, alias("1", None));
    let nothing = scene.rollback(&args).await.unwrap_err();
    assert_eq!(nothing.to_string(), "there is nothing to roll back");
    args = RollbackArgs { function: Some("echo".into()), to: Some(2), yes: true };
    scene.rollback(&args).await.unwrap();
    assert_eq!(scene.alias().await, alias("2", None), "forward too, by its number");
    scene.calls.set_alias(&scene.name, &alias("1", Some(("2", 0.1)))).await.unwrap();
    scene.rollback(&RollbackArgs { function: None, to: None, yes: true }).await.unwrap();
    assert_eq!(scene.alias().await, alias("1", None), "a canary is ended");
    scene.emulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_stops_at_the_first_failure_of_the_new_version() {
    let scene = Scene::start().await;
    let look_every = Duration::from_millis(50);
    let trial = Trial { share: 1.0, window: DEADLINE, look_every };
    let candidates = scene.candidates();
    let invoke = async {
        let path = format!("/2015-03-31/functions/{}:current/invocations", scene.name);
        while scene.alias().await.second.is_none() {
            tokio::task::yield_now().await;
        }
        scene.calls.lambda(Method::POST, &path, &json!({})).await.unwrap();
    };
    let (stopped, ()) = tokio::join!(canary::run(&scene.calls, &candidates, trial), invoke);
    let stopped = stopped.unwrap_err().to_string();
    assert!(stopped.starts_with(&format!("version 2 of {} fails: invocation ", scene.name)), "{stopped}");
    canary::take_back(&scene.calls, &candidates).await.unwrap();
    assert_eq!(scene.alias().await, alias("1", None));

    // Its window ends without a failure: what is older than the canary does not count.
    let trial = Trial { share: 1.0, window: look_every, look_every };
    canary::run(&scene.calls, &candidates, trial).await.unwrap();
    scene.emulator.stop().await;
}

#[tokio::test]
async fn a_held_deployment_tries_what_it_published() {
    let outputs = |published: &str| {
        let map = |value: &str| json!({ "value": { "echo": value } });
        json!({
            "published_versions": map(published), "function_names": map("s-echo"), "log_group_names": map("/g"),
            "alarm_arns": { "value": {
                "echo-errors": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:s-echo-errors",
                "write-throttles": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:s-write-throttles",
            } },
        })
    };
    let calls = developer("http://127.0.0.1:9");
    let trial = Trial { share: 0.1, window: DEADLINE, look_every: DEADLINE };
    let held = Held { calls, trial, stable: BTreeMap::from([("echo".into(), "2".into())]) };
    assert_eq!(held.candidates(&outputs("2")).unwrap(), []);
    let found = held.candidates(&outputs("3")).unwrap();
    assert_eq!((found[0].stable.as_str(), found[0].fresh.as_str()), ("2", "3"));
    assert_eq!(found[0].alarms, ["s-echo-errors"]);
    let own = BTreeMap::from([("echo".into(), "1".into())]);
    assert_eq!(held.pins(&own), r#"-var=pinned_versions={"echo":"1"}"#);
}

/// As `dev` does after each build: what nothing invokes any more is deleted.
#[tokio::test(flavor = "multi_thread")]
async fn new_code_takes_the_place_of_the_version_at_work() {
    let scene = Scene::start().await;
    let zip: Bytes = package(b"#!/bin/sh\nexit 2\n", Packing::Stored).unwrap().into();
    emulator::provision::update_code(&scene.emulator, &scene.name, &zip).await.unwrap();
    assert_eq!(scene.alias().await, alias("3", None));
    assert_eq!(scene.calls.versions(&scene.name).await.unwrap(), [2, 3]);
    emulator::provision::update_code(&scene.emulator, &scene.name, &zip).await.unwrap();
    assert_eq!(scene.alias().await, alias("3", None), "the same code is the same version");
    scene.emulator.stop().await;
}
