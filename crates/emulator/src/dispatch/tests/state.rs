//! The normalised state is equal for emulators that serve the same, whatever their ids and hosts.

use super::api_gateway::websocket_api;
use super::lambda::{mapping, with_function};
use super::{Api, json};

async fn build(api: &Api, name: &str) {
    let (id, ..) = websocket_api(api).await;
    api.made("PATCH", &format!("/v2/apis/{id}"), json!({"name": "flow", "description": name})).await;
    let deployment =
        api.made("POST", &format!("/v2/apis/{id}/deployments"), json!({"description": name})).await;
    let stage = json!({"stageName": "v1", "deploymentId": deployment["deploymentId"]});
    api.made("POST", &format!("/v2/apis/{id}/stages"), stage).await;
    let consumer = with_function(api).await;
    let endpoint = format!("http://{}/_aws/execute-api/{id}/v1", api.host);
    let environment = json!({"Environment": {"Variables": {"ENDPOINT": endpoint}}});
    api.made("PUT", "/2015-03-31/functions/echo/configuration", environment).await;
    api.made("POST", "/2015-03-31/event-source-mappings", mapping(&consumer)).await;
}

#[tokio::test]
async fn emulators_that_serve_the_same_have_equal_states() {
    let (one, other) = (Api::at("127.0.0.1:4566").await, Api::at("localhost:49152").await);
    build(&one, "one").await;
    build(&other, "other").await;
    assert_eq!(one.emulator.app.aws_api.state(), other.emulator.app.aws_api.state());
    let endpoint = &one.emulator.app.aws_api.state()["functions"]["echo"]["settings"]["Environment"]["Variables"]
        ["ENDPOINT"];
    assert_eq!(endpoint, "http://{host}/_aws/execute-api/{api:flow}/v1");
}

#[tokio::test]
async fn what_is_served_differently_shows() {
    let (one, other) = (Api::new().await, Api::new().await);
    build(&one, "same").await;
    build(&other, "same").await;
    other.made("PUT", "/2015-03-31/functions/echo/configuration", json!({"Timeout": 9})).await;
    assert_ne!(one.emulator.app.aws_api.state(), other.emulator.app.aws_api.state());
}

#[tokio::test]
async fn an_edit_that_is_not_deployed_shows_as_edited_alone() {
    let api = Api::new().await;
    build(&api, "x").await;
    let before = api.emulator.app.aws_api.state();
    let apis = api.made("GET", "/v2/apis", serde_json::Value::Null).await;
    let id = apis["items"][0]["apiId"].as_str().unwrap().to_owned();
    api.made("POST", &format!("/v2/apis/{id}/routes"), json!({"routeKey": "new"})).await;
    let after = api.emulator.app.aws_api.state();
    let stages = |state: &serde_json::Value| state["apiGateway"]["apis"]["flow"]["stages"].clone();
    assert_ne!(before["apiGateway"]["apis"]["flow"]["edited"], after["apiGateway"]["apis"]["flow"]["edited"]);
    assert_eq!(stages(&before), stages(&after));
}
