//! Questions that change parts of an API and look at what becomes of it. What they make beside Terraform's own, they
//! remove.

use super::messages::who;
use super::{NotHere, Observed};
use crate::seen::Seen;
use crate::stack::Stack;
use anyhow::Context as _;
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const GATEWAY: &str = "apigateway";
/// Rounds of messages to two routes, and messages to the first of them in each.
const ROUNDS: usize = 5;
const FLOOD: usize = 30;
/// Between two rounds: the stage's rate is one a second.
const REST: Duration = Duration::from_millis(1_500);

/// Whether a route is admitted when the stage's limit is used up on another.
pub async fn throttled_routes(stack: &Stack) -> Observed {
    let address = stack.address("main")?;
    let end = Instant::now() + stack.times.ready;
    // Other questions use up the rate of handshakes.
    let mut client = loop {
        match address.connect("/throttled").await {
            Ok(client) => break client,
            Err(error) if Instant::now() > end => return Err(error),
            Err(_) => sleep(Duration::from_secs(1)).await,
        }
    };
    let mut admitted = 0;
    for _ in 0..ROUNDS {
        for _ in 0..FLOOD {
            client.say(&who()).await?;
        }
        client.say(r#"{"ask":"relayed"}"#).await?;
        let mut left = FLOOD + 1;
        while left > 0 {
            let Some(Seen::Text(text)) = client.hear(stack.times.silence).await? else { break };
            left -= 1;
            // What Kinesis answers to the other route's message.
            admitted += usize::from(text.contains("SequenceNumber"));
        }
        sleep(REST).await;
    }
    let conclusion = match admitted {
        0 | 1 => "the routes share the stage's limit".to_owned(),
        ROUNDS.. => "each route has the stage's limit to itself".to_owned(),
        _ => format!("unclear: the other route was admitted {admitted} of {ROUNDS} times"),
    };
    Ok(vec![Seen::Concluded(conclusion)])
}

/// What an update to the empty string makes of a route's response selection expression.
pub async fn empty_expression(stack: &Stack) -> Observed {
    let routes = format!("/v2/apis/{}/routes", stack.api_id("strict")?);
    let body = json!({"routeKey": "emptied", "routeResponseSelectionExpression": "$default"});
    let (status, route) = stack.aws.create(&routes, &body).await?;
    anyhow::ensure!(status.is_success(), "the route is refused: {status} {route}");
    let route = format!("{routes}/{}", route["routeId"].as_str().context("the route has no id")?);
    let (mut seen, _) =
        call(stack, Method::PATCH, &route, &json!({"routeResponseSelectionExpression": ""})).await?;
    let (_, read) = call(stack, Method::GET, &route, &Value::Null).await?;
    let left = read["routeResponseSelectionExpression"].as_str().unwrap_or("none");
    seen.push(Seen::Concluded(format!("the route's expression is then: {left}")));
    Ok(seen)
}

/// The log group that a stage with execution logs writes to.
pub async fn execution_log_group(stack: &Stack) -> Observed {
    let (_, account) = call(stack, Method::GET, "/account", &Value::Null).await?;
    if account["cloudwatchRoleArn"].as_str().is_none_or(str::is_empty) {
        return Err(
            NotHere("API Gateway has no role for logs in this account, and the probe sets none").into()
        );
    }
    let api = stack.api_id("main")?;
    let stages = format!("/v2/apis/{api}/stages");
    let (_, main) = call(stack, Method::GET, &format!("{stages}/v1"), &Value::Null).await?;
    let stage = json!({
        "stageName": "logged", "deploymentId": main["deploymentId"], "stageVariables": {"ask": "nothing"},
        "defaultRouteSettings": {"loggingLevel": "INFO", "throttlingRateLimit": 10.0, "throttlingBurstLimit": 10},
    });
    let (status, answer) = stack.aws.create(&stages, &stage).await?;
    anyhow::ensure!(status.is_success(), "the stage is refused: {status} {answer}");
    let groups = logged_groups(stack, api).await;
    // Terraform removes the deployment before the API, and a stage would hold it.
    call(stack, Method::DELETE, &format!("{stages}/logged"), &Value::Null).await?;
    let groups = groups?;
    for group in &groups {
        stack.aws.call("logs", "Logs_20140328.DeleteLogGroup", &json!({"logGroupName": group})).await?;
    }
    Ok(if groups.is_empty() {
        vec![Seen::Nothing]
    } else {
        groups.into_iter().map(Seen::Concluded).collect()
    })
}

/// The groups that appear under either name when a message is handled.
async fn logged_groups(stack: &Stack, api: &str) -> anyhow::Result<Vec<String>> {
    let mut client = stack.address("main")?.connect("/logged").await?;
    let end = Instant::now() + stack.times.ready;
    while Instant::now() < end {
        client.say(&who()).await?;
        client.hear(stack.times.answer).await?;
        let mut groups = Vec::new();
        for prefix in [format!("/aws/apigateway/{api}/"), format!("API-Gateway-Execution-Logs_{api}/")] {
            let body = json!({"logGroupNamePrefix": prefix});
            let found = stack.aws.call("logs", "Logs_20140328.DescribeLogGroups", &body).await?;
            let found = found["logGroups"].as_array().cloned().unwrap_or_default();
            groups.extend(found.iter().filter_map(|group| Some(group["logGroupName"].as_str()?.to_owned())));
        }
        if !groups.is_empty() {
            return Ok(groups);
        }
        sleep(stack.times.look_every.max(stack.times.silence)).await;
    }
    Ok(Vec::new())
}

/// Whether a stage can be deleted while a custom domain's mapping points at it.
pub async fn mapped_stage(stack: &Stack) -> Observed {
    let Some((domain, certificate)) = &stack.domain else {
        return Err(NotHere("it needs a custom domain: only with --domain and --certificate-arn").into());
    };
    let api = stack.api_id("strict")?;
    let stages = format!("/v2/apis/{api}/stages");
    let (status, answer) = stack.aws.create(&stages, &json!({"stageName": "mapped"})).await?;
    anyhow::ensure!(status.is_success(), "the stage is refused: {status} {answer}");
    let configuration =
        json!([{"certificateArn": certificate, "endpointType": "REGIONAL", "securityPolicy": "TLS_1_2"}]);
    let name = json!({"domainName": domain, "domainNameConfigurations": configuration});
    let (status, answer) = stack.aws.create("/v2/domainnames", &name).await?;
    anyhow::ensure!(status.is_success(), "the domain is refused: {status} {answer}");
    let seen = delete_mapped(stack, domain, api, &format!("{stages}/mapped")).await;
    let (removed, _) =
        call(stack, Method::DELETE, &format!("/v2/domainnames/{domain}"), &Value::Null).await?;
    anyhow::ensure!(
        removed == [Seen::Status(204)] || removed == [Seen::Status(202)],
        "THE DOMAIN {domain} IS LEFT in API Gateway: delete it ({removed:?})"
    );
    seen
}

async fn delete_mapped(stack: &Stack, domain: &str, api: &str, stage: &str) -> Observed {
    let mappings = format!("/v2/domainnames/{domain}/apimappings");
    let (status, mapping) = stack.aws.create(&mappings, &json!({"apiId": api, "stage": "mapped"})).await?;
    anyhow::ensure!(status.is_success(), "the mapping is refused: {status} {mapping}");
    let seen = call(stack, Method::DELETE, stage, &Value::Null).await.map(|(seen, _)| seen);
    let mapping = mapping["apiMappingId"].as_str().unwrap_or_default();
    call(stack, Method::DELETE, &format!("{mappings}/{mapping}"), &Value::Null).await?;
    seen
}

/// A call of API Gateway's API: its status, its words if it is a refusal, and its document.
async fn call(stack: &Stack, method: Method, path: &str, body: &Value) -> anyhow::Result<(Vec<Seen>, Value)> {
    let url = format!("{}{path}", stack.aws.service(GATEWAY));
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = stack.aws.rest(Some(GATEWAY), method, &url, body).await?;
    let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let mut seen = vec![Seen::Status(answer.status.as_u16())];
    if !answer.status.is_success() {
        let words = document["message"].as_str().or(document["Message"].as_str()).unwrap_or_default();
        seen.push(Seen::Refused(words.to_owned()));
    }
    Ok((seen, document))
}
