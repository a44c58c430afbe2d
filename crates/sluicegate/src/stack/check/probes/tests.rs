//! Probes against servers that each answer in one way.

use super::*;
use crate::stack::check::tests::server;

const PACE: Pace = Pace { every: Duration::from_millis(30), time_limit: Duration::from_millis(600) };

fn one(route: &str) -> Vec<Target> {
    targets(&BTreeMap::from([("echo".to_owned(), vec![route.to_owned()])]))
}

/// What `stream-function` does with a probe for `echo`.
fn answered(text: &str) -> Vec<String> {
    let probe: Value = serde_json::from_str(text).unwrap();
    let id = &probe["sluicegateProbe"]["id"];
    vec![
        json!({ "sluicegateProbe": { "id": id, "function": "echo", "routeKey": probe["action"] } })
            .to_string(),
    ]
}

async fn outcome(answer: crate::stack::check::tests::Answer, targets: &[Target]) -> Result<(), String> {
    let entry = Entry::open_to_all(&server(answer).await);
    run(&entry, targets, "run", PACE).await.map_err(|error| format!("{error:#}"))
}

#[test]
fn each_function_is_asked_on_each_of_its_routes() {
    let routes = BTreeMap::from([
        ("chat".to_owned(), vec!["join".to_owned(), "say".to_owned()]),
        ("echo".to_owned(), vec!["$default".to_owned()]),
    ]);
    let found: Vec<_> = targets(&routes).into_iter().map(|target| (target.function, target.route)).collect();
    let expected = [("chat", "join"), ("chat", "say"), ("echo", "$default")];
    assert_eq!(found, expected.map(|(function, route)| (function.to_owned(), route.to_owned())));
}

#[test]
fn a_probe_names_its_route_and_its_function() {
    let message: Value = serde_json::from_str(&probe(&one("join")[0], "7")).unwrap();
    assert_eq!(message, json!({ "action": "join", "sluicegateProbe": { "id": "7", "function": "echo" } }));
    let message: Value = serde_json::from_str(&probe(&one("$default")[0], "7")).unwrap();
    assert_eq!(message["action"], Value::Null);
}

#[test]
fn probes_stay_below_the_stages_rate() {
    let limit = Duration::from_secs(300);
    for (rate, every_ms) in
        [(500.0, 1_000), (2.0, 1_000), (1.0, 2_000), (0.1, 20_000), (0.000_1, 300_000), (0.0, 1_000)]
    {
        assert_eq!(Pace::below(rate, limit).every, Duration::from_millis(every_ms), "{rate}");
    }
}

#[tokio::test]
async fn an_answered_probe_passes() {
    outcome(|_, text| answered(&text), &one("join")).await.unwrap();
}

#[tokio::test]
async fn a_stack_that_needs_time_passes() {
    let answer = |count, text: String| {
        if count < 3 { vec![r#"{"message":"Internal server error"}"#.into()] } else { answered(&text) }
    };
    outcome(answer, &one("join")).await.unwrap();
}

#[tokio::test]
async fn a_route_whose_schema_admits_no_probe_is_skipped() {
    outcome(|_, _| vec![r#"{"message":"Bad request body"}"#.into()], &one("join")).await.unwrap();
}

#[tokio::test]
async fn the_message_itself_is_no_answer() {
    outcome(|_, text| vec![text], &one("join")).await.unwrap_err();
}

#[tokio::test]
async fn a_function_that_does_not_answer_is_named() {
    let error =
        outcome(|_, _| vec![r#"{"message":"Too Many Requests"}"#.into()], &one("join")).await.unwrap_err();
    assert!(
        error.contains("echo did not answer on route join") && error.contains("Too Many Requests"),
        "{error}"
    );
}

#[tokio::test]
async fn a_stack_without_functions_is_connected_to() {
    outcome(|_, _| vec![], &[]).await.unwrap();
}
