//! A mapping on a weighted alias of real versions.

use crate::function_host::Scene;
use http::Method;
use serde_json::{Value, json};
use sluicegate_tests::control;

const FUNCTION: &str = "/2015-03-31/functions/scripted";
/// Records after which both versions must have run; the chance that one has not is one in 2^63.
const RECORDS_MAX: usize = 64;

/// docs/aws-behaviour.md#lambda-alias-weights: one version succeeds and the other fails, and the failure report names
/// the version.
#[tokio::test(flavor = "multi_thread")]
async fn weights_choose_the_version_for_each_batch_of_an_alias() {
    let scene = Scene::start(json!({"ANSWER": "null"}), 60).await;
    let versions = format!("{FUNCTION}/versions");
    assert_eq!(scene.lambda(Method::POST, &versions, json!({})).await["Version"], "1");
    let failing = json!({"Environment": {"Variables": {"MISDEED": ""}}});
    scene.lambda(Method::PUT, &format!("{FUNCTION}/configuration"), failing).await;
    control::function_is_settled(&scene.emulator, "scripted").await;
    assert_eq!(scene.lambda(Method::POST, &versions, json!({})).await["Version"], "2");
    let weights = json!({"AdditionalVersionWeights": {"2": 0.5}});
    let alias = json!({"Name": "live", "FunctionVersion": "1", "RoutingConfig": weights});
    scene.lambda(Method::POST, &format!("{FUNCTION}/aliases"), alias).await;
    scene.map_to("scripted:live").await;

    let mut failure: Option<Value> = None;
    let mut has_answered = false;
    for _ in 0..RECORDS_MAX {
        if failure.is_some() && has_answered {
            break;
        }
        let before = ended(&scene).await;
        scene.put().await;
        sluicegate_tests::eventually("the record's invocation has ended", || async {
            ended(&scene).await > before
        })
        .await;
        has_answered |= scene.log().await.iter().any(|(stream, line)| {
            stream.contains("[1]") && line.starts_with("START ") && line.ends_with("Version: 1")
        });
        failure = scene.reported().await.or(failure);
    }
    assert!(has_answered, "version 1 never ran");
    let failure = failure.expect("version 2 never ran");
    let function_arn = "arn:aws:lambda:us-east-1:000000000000:function:scripted:live";
    assert_eq!(failure["requestContext"]["functionArn"], function_arn);
    assert_eq!(failure["responseContext"]["executedVersion"], "2");
    scene.emulator.stop().await;
}

/// The number of invocations that the function's log reports.
async fn ended(scene: &Scene) -> usize {
    scene.log().await.iter().filter(|(_, line)| line.starts_with("REPORT ")).count()
}
