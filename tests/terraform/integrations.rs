//! A stack of the integrations that WebSocket stacks use, functions and a queue: applied without drift, used, changed
//! under a client's feet, and destroyed.

use crate::configuration::Tree;
use crate::serve::Served;
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use sluicegate_tests::client::Client;
use sluicegate_tests::tier::packages::architecture;
use sluicegate_tests::{PATIENCE, control, functions};
use std::time::{Duration, Instant};

/// What $connect's function answers, and the member of a reply that has the greeting.
type Deployment = (u16, &'static str);
const OPEN: Deployment = (200, "reply");
const CLOSED: Deployment = (401, "answer");
/// Between two looks at the queue.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The trial.
pub fn run(tree: &Tree) -> anyhow::Result<()> {
    let served = Served::start()?;
    let queue = json!({"QueueName": "orders"});
    let create = control::json(&served.emulator, "AmazonSQS.CreateQueue", &queue);
    let queue = served.runtime.block_on(create)["QueueUrl"].as_str().map(str::to_owned).context("a queue")?;
    let before = served.state();
    let (folder, package) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let zip = package.path().join("scripted.zip");
    std::fs::write(&zip, functions::zip("scripted"))?;
    let terraform = tree.stack("integrations", folder.path(), &served.emulator.endpoint_url())?;
    let run = |action: &str, (connect_status, reply): Deployment| {
        let mut arguments = vec![
            format!("-var=zip={}", zip.display()),
            format!("-var=architecture={}", architecture()),
            "-var=queue_arn=arn:aws:sqs:us-east-1:000000000000:orders".to_owned(),
            format!("-var=connect_status={connect_status}"),
            format!("-var=reply={reply}"),
        ];
        if action == "plan" {
            return terraform.plan_is_clean(&arguments).with_context(|| format!("after {reply}"));
        }
        arguments.splice(..0, [action, "-auto-approve", "-input=false"].map(str::to_owned));
        terraform.run(arguments).map(drop)
    };
    run("apply", OPEN)?;
    run("plan", OPEN)?;
    let outputs: Value = serde_json::from_str(&terraform.run(["output", "-json"])?)?;
    let uri = outputs["websocket_uri"]["value"].as_str().context("the stack has no URI")?;

    let mut client = served.runtime.block_on(Client::connect(uri));
    let mut use_it = |(_, reply): Deployment, order: &str| {
        served.runtime.block_on(async {
            client.send(json!({"action": "order", "order": {"of": order}}).to_string()).await;
            ensure!(client.exchange(&json!({"action": "proxy"})).await == "from the proxy");
            client.send(json!({"action": "greet", "name": "Ada"}).to_string()).await;
            let greeted = client.receive_json().await;
            ensure!(greeted == json!({reply: "hello"}), "the reply is {greeted}");
            let ordered = take_message(&served, &queue).await?;
            ensure!(ordered == json!({"of": order}), "the queue has {ordered}");
            Ok(())
        })
    };
    use_it(OPEN, "tea")?;
    run("apply", CLOSED)?;
    run("plan", CLOSED)?;
    use_it(CLOSED, "coffee").context("on a connection from before")?;
    let refused = served.runtime.block_on(Client::try_connect(uri, &[])).err();
    let status = refused.map(|response| response.status().as_u16());
    ensure!(status == Some(CLOSED.0), "a handshake that $connect refuses is answered with {status:?}");

    run("destroy", CLOSED)?;
    let left = served.state();
    ensure!(left == before, "terraform destroy leaves something behind: {left:#}");
    Ok(())
}

/// The queue's next message, which is gone from it then.
async fn take_message(served: &Served, queue: &str) -> anyhow::Result<Value> {
    let begun = Instant::now();
    loop {
        let receive = json!({"QueueUrl": queue});
        let received = control::json(&served.emulator, "AmazonSQS.ReceiveMessage", &receive).await;
        if let Some(body) = received["Messages"][0]["Body"].as_str() {
            let receipt = &received["Messages"][0]["ReceiptHandle"];
            let delete = json!({"QueueUrl": queue, "ReceiptHandle": receipt});
            control::json(&served.emulator, "AmazonSQS.DeleteMessage", &delete).await;
            return Ok(serde_json::from_str(body)?);
        }
        ensure!(begun.elapsed() < PATIENCE, "no message reaches the queue");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
