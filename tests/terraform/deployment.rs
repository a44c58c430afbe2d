//! The stack applied to an emulator, used, changed piece by piece, and destroyed.

use crate::configuration::{Invocation, Tree};
use crate::serve::{Served, write_packages};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use sluicegate_tests::client::Client;
use sluicegate_tests::endpoint::{Endpoint, TargetKind};
use sluicegate_tests::functions::packages;
use sluicegate_tests::sdk::Caller;
use sluicegate_tests::tier::packages::architecture;
use sluicegate_tests::{control, suite};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Read after `stack.auto.tfvars`, since its name comes later.
const CHANGED_VALUES: &str = "z_changed.auto.tfvars";
const MESSAGE_TEMPLATE: &str = "modules/gateway/templates/message.vtl";
/// Messages sent at once, to see how many invocations they take.
const BURST: usize = 10;

pub fn run(tree: &Tree) -> anyhow::Result<()> {
    let served = Served::start()?;
    let empty = served.state();
    let (folder, bundle) = (tempfile::tempdir()?, tempfile::tempdir()?);
    write_packages(bundle.path())?;
    let terraform = tree.deployment(folder.path(), &served.emulator.endpoint_url())?;
    let values = vec![
        format!("-var=bundle={}", bundle.path().display()),
        format!("-var=architecture={}", architecture()),
    ];
    let stack = Stack { served: &served, terraform, values, bundle: bundle.path() };

    stack.apply("the stack")?;
    served.runtime.block_on(suite::run_all(Arc::new(stack.endpoint()?)));
    stack.terraform.plan_is_clean(&stack.values)?;
    for (what, make_and_show) in CHANGES {
        make_and_show(&stack).with_context(|| format!("after a change of {what}"))?;
        stack.terraform.plan_is_clean(&stack.values).with_context(|| format!("after a change of {what}"))?;
    }
    stack.timed("destroy", "the stack")?;
    let left = served.state();
    ensure!(left == empty, "terraform destroy leaves something behind: {left:#}");
    Ok(())
}

/// A change: makes it, applies it, and sees it in the flow. They build on each other.
type Change = (&'static str, fn(&Stack<'_>) -> anyhow::Result<()>);
const CHANGES: [Change; 6] = [
    ("the batch size", change_batch_size),
    ("the number of shards", change_shard_count),
    ("a template", change_template),
    ("the routes", change_routes),
    ("the function's code", change_code),
    ("acknowledgements", change_acknowledgements),
];

struct Stack<'a> {
    served: &'a Served,
    terraform: Invocation<'a>,
    values: Vec<String>,
    bundle: &'a Path,
}

impl Stack<'_> {
    fn apply(&self, what: &str) -> anyhow::Result<()> {
        self.timed("apply", what)
    }

    /// The time is told and not judged: most of it is the provider's own.
    fn timed(&self, action: &str, what: &str) -> anyhow::Result<()> {
        let begun = Instant::now();
        let arguments = [action, "-auto-approve", "-input=false"].map(str::to_owned);
        self.terraform.run(arguments.iter().chain(&self.values))?;
        println!("terraform {action} of {what}: {:.1} s", begun.elapsed().as_secs_f64());
        Ok(())
    }

    fn endpoint(&self) -> anyhow::Result<Endpoint> {
        let outputs: Value = serde_json::from_str(&self.terraform.run(["output", "-json"])?)?;
        let output = |name: &str| {
            let value = outputs[name]["value"].as_str().map(str::to_owned);
            value.with_context(|| format!("the stack has no output {name}"))
        };
        Ok(Endpoint {
            emulator: TargetKind::Local,
            websocket_uri: output("websocket_uri")?,
            aws_endpoint: Some(self.served.emulator.endpoint_url()),
            connections_endpoint: output("connections_endpoint")?,
            stream_name: output("stream_name")?,
            caller: Caller::developer(),
        })
    }

    /// What one client receives after it sent some messages: as many as are asked for.
    fn exchange(&self, sent: &[Value], answers: usize) -> anyhow::Result<Vec<Value>> {
        let uri = self.endpoint()?.websocket_uri;
        Ok(self.served.runtime.block_on(async {
            let mut client = Client::connect(&uri).await;
            for message in sent {
                client.send(message.to_string()).await;
            }
            let mut received = Vec::new();
            while received.len() < answers {
                received.push(client.receive_json().await);
            }
            received
        }))
    }

    fn write(&self, file: &str, text: &str) -> anyhow::Result<()> {
        let path = self.terraform.folder().join(file);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// How often the function was invoked so far, as its log tells.
    fn invocations(&self) -> usize {
        let group = json!({"logGroupName": "/aws/lambda/sluicegate-echo"});
        let call = control::json(&self.served.emulator, "Logs_20140328.FilterLogEvents", &group);
        let answer = self.served.runtime.block_on(call);
        let messages = answer["events"].as_array().into_iter().flatten();
        messages
            .filter(|event| {
                event["message"].as_str().is_some_and(|text| text.contains(r#""type":"platform.start""#))
            })
            .count()
    }
}

fn change_batch_size(stack: &Stack<'_>) -> anyhow::Result<()> {
    stack.write(CHANGED_VALUES, "functions = { echo = { batch_size = 1 } }")?;
    stack.apply("a changed batch size")?;
    let before = stack.invocations();
    let burst: Vec<_> = (0..BURST).map(|n| json!({"n": n})).collect();
    let received = stack.exchange(&burst, BURST)?;
    ensure!(received == burst, "what comes back is {received:?}");
    let invocations = stack.invocations() - before;
    ensure!(invocations == BURST, "{BURST} messages took {invocations} invocations of one record each");
    Ok(())
}

/// One shard becomes two; the next values say nothing of it, and make it one again.
fn change_shard_count(stack: &Stack<'_>) -> anyhow::Result<()> {
    let values = "stream = { shard_count = 2 }\nfunctions = { echo = { batch_size = 1 } }";
    stack.write(CHANGED_VALUES, values)?;
    stack.apply("a changed number of shards")?;
    let burst: Vec<_> = (0..BURST).map(|n| json!({"n": n})).collect();
    let received = stack.exchange(&burst, BURST)?;
    ensure!(received == burst, "what comes back is {received:?}");
    let endpoint = stack.endpoint()?;
    let list = endpoint.kinesis().list_shards().stream_name(&endpoint.stream_name);
    let shards = stack.served.runtime.block_on(list.send())?.shards.unwrap_or_default();
    let parents: Vec<_> = shards.iter().map(|shard| shard.parent_shard_id.as_deref()).collect();
    ensure!(parents == [None, Some("shardId-000000000000"), Some("shardId-000000000000")], "{shards:?}");
    Ok(())
}

fn change_template(stack: &Stack<'_>) -> anyhow::Result<()> {
    let template = std::fs::read_to_string(stack.terraform.folder().join(MESSAGE_TEMPLATE))?;
    let changed = template.replace(r#"""payload"":$payload"#, r#"""payload"":{""stamped"":$payload}"#);
    ensure!(changed != template, "{MESSAGE_TEMPLATE} does not write the payload as this test knows it");
    stack.write(MESSAGE_TEMPLATE, &changed)?;
    stack.apply("a changed template")?;
    let received = stack.exchange(&[json!({"n": 1})], 1)?;
    ensure!(received == [json!({"stamped": {"n": 1}})], "what comes back is {received:?}");
    Ok(())
}

fn change_routes(stack: &Stack<'_>) -> anyhow::Result<()> {
    stack.write(CHANGED_VALUES, r#"functions = { echo = { batch_size = 1, routes = ["shout"] } }"#)?;
    stack.apply("a new route")?;
    // The first one goes to $default, which the function asks for no more: the second overtakes it for good.
    let received = stack.exchange(&[json!({"n": 1}), json!({"action": "shout"})], 1)?;
    ensure!(received == [json!({"stamped": {"action": "shout"}})], "what comes back is {received:?}");
    Ok(())
}

/// The relay's code under echo's name: asked for nothing in particular, it tells a client its id.
fn change_code(stack: &Stack<'_>) -> anyhow::Result<()> {
    std::fs::write(stack.bundle.join("echo.zip"), &packages()["relay"])?;
    stack.apply("changed code")?;
    let received = stack.exchange(&[json!({"action": "shout"})], 1)?;
    let is_the_relays = received[0]["action"] == "relay" && received[0]["connectionId"].is_string();
    ensure!(is_the_relays, "what comes back is {received:?}");
    Ok(())
}

/// On, and off again: what the provider sends for an argument that was taken away must be something AWS accepts.
fn change_acknowledgements(stack: &Stack<'_>) -> anyhow::Result<()> {
    let values = r#"functions = { echo = { batch_size = 1, routes = ["shout"] } }"#;
    stack.write(CHANGED_VALUES, &format!("{values}\nacknowledgements = true"))?;
    stack.apply("acknowledgements")?;
    let received = stack.exchange(&[json!({"n": 1})], 1)?;
    ensure!(received[0]["ack"]["sequenceNumber"].is_string(), "what comes back is {received:?}");
    stack.terraform.plan_is_clean(&stack.values)?;
    stack.write(CHANGED_VALUES, values)?;
    stack.apply("no acknowledgements")?;
    // What `stack deploy` does by itself: the deployment was made before the removal.
    let replace = [
        "apply",
        "-auto-approve",
        "-input=false",
        "-replace=module.gateway.aws_apigatewayv2_deployment.this",
    ];
    stack.terraform.run(replace.map(str::to_owned).iter().chain(&stack.values))?;
    let received = stack.exchange(&[json!({"action": "shout"})], 1)?;
    ensure!(received[0]["action"] == "relay", "what comes back is {received:?}");
    Ok(())
}
