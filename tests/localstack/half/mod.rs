//! The half behind the stream on the open LocalStack: the modules `stream` and `function`, unmodified, and suites hop by
//! hop. What it cannot show: the gateway (LocalStack answers 501 there), IAM's enforcement, push delivery, bisecting.

mod changes;
mod dead_letters;
mod gateway;
mod hops;

use crate::interruption::Interruption;
use crate::{case, run_cases};
use anyhow::{Context as _, ensure};
use gateway::Gateway;
use libtest_mimic::{Arguments, Conclusion, Trial};
use serde_json::Value;
use sluicegate_tests::functions;
use sluicegate_tests::tier::choice::Target;
use sluicegate_tests::tier::localstack_open::LocalStackOpen;
use sluicegate_tests::tier::places::Place;
use sluicegate_tests::tier::terraform::Stack;
use sluicegate_tests::tier::{health, packages};
use sluicegate_tests::{eventually, sdk};
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Output;
use std::sync::Arc;
use tokio::process::Command;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// The root below the project.
const ROOT: &str = "tests/localstack/terraform";

/// What the cases work with. It keeps nothing running.
pub struct Half {
    gateway: Arc<Gateway>,
    stack: Arc<Stack>,
    kinesis: aws_sdk_kinesis::Client,
    stream_name: String,
    aws_endpoint: String,
    sluicegate: PathBuf,
}

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;
type Case = (&'static str, fn(Arc<Half>) -> Running);

/// Names the cases after their functions.
macro_rules! cases {
    ($($module:ident::$name:ident),+ $(,)?) => {
        &[$((concat!("half::", stringify!($name)), |half| Box::pin(async move { $module::$name(&half).await }))),+]
    };
}

/// One after the other: the last one changes the stack.
const CASES: &[Case] = cases![
    changes::a_plan_after_an_apply_is_empty,
    hops::a_message_comes_back,
    hops::messages_of_a_connection_keep_their_order,
    hops::a_function_with_routes_sees_those_alone,
    hops::a_client_that_left_is_no_failure,
    dead_letters::a_record_that_cannot_be_read_is_kept_whole,
    dead_letters::what_a_function_gave_up_is_redriven_in_order,
    dead_letters::a_batch_that_ran_out_of_retries_is_redriven_to_changed_code,
];

/// Names of the cases.
pub fn names() -> impl Iterator<Item = &'static str> {
    CASES.iter().map(|(name, _)| *name)
}

/// Starts LocalStack, applies the root, runs the cases, destroys what was applied, and sees that nothing is left.
pub async fn run(
    place: Place,
    arguments: Arguments,
    interruption: Interruption,
) -> anyhow::Result<Conclusion> {
    let localstack = LocalStackOpen::start(place).await?;
    let result = on(&localstack, arguments, interruption).await;
    let result = result.with_context(|| format!("the end of LocalStack's log:\n{}", localstack.last_log()));
    localstack.stop().await?;
    result
}

async fn on(
    localstack: &LocalStackOpen,
    arguments: Arguments,
    interruption: Interruption,
) -> anyhow::Result<Conclusion> {
    let gateway = Gateway::start().await;
    let packages = spawn_blocking(|| {
        let folder = packages::build(Target::Process)?;
        std::fs::write(folder.path().join("functions/scripted.zip"), functions::zip("scripted"))?;
        anyhow::Ok((folder, functions::binary("sluicegate")))
    });
    let (packages, sluicegate) = packages.await??;
    let aws_endpoint = localstack.aws_endpoint();
    println!("applying {ROOT} to {aws_endpoint}");
    let api = format!("-var=api={}", gateway.api());
    let stack = Stack::apply(&aws_endpoint, ROOT, packages, vec![api]).await?;
    let stream_name =
        stack.outputs().await?["stream_name"]["value"].as_str().context("no stream")?.to_owned();
    let kinesis = sdk::kinesis(&aws_endpoint);
    let copying = gateway.copy_records_to(kinesis.clone(), stream_name.clone()).await;
    let (gateway, stack) = (Arc::new(gateway), Arc::new(stack));
    let half = Half {
        gateway: gateway.clone(),
        stack: stack.clone(),
        kinesis,
        stream_name,
        aws_endpoint,
        sluicegate,
    };
    let half = Arc::new(half);
    let trials = CASES.iter().map(|case| trial(case, &half, &interruption)).collect();
    let conclusion = run_cases(arguments, trials).await;
    drop(copying);
    stack.destroy().await?;
    nothing_is_left(localstack, &half).await?;
    gateway.emulator.emulator.stop().await;
    conclusion
}

fn trial((name, run): &'static Case, half: &Arc<Half>, interruption: &Interruption) -> Trial {
    let (half, runtime, interruption) = (half.clone(), Handle::current(), interruption.clone());
    Trial::ignorable_test(*name, move || case(&runtime, interruption, run(half)))
}

/// After `terraform destroy`, LocalStack itself has nothing more of what was applied.
async fn nothing_is_left(localstack: &LocalStackOpen, half: &Half) -> anyhow::Result<()> {
    let streams = half.kinesis.list_streams().send().await?.stream_names;
    ensure!(streams.is_empty(), "destroy left streams behind: {streams:?}");
    for (path, list) in [("functions/", "Functions"), ("event-source-mappings/", "EventSourceMappings")] {
        let answer = health::get(localstack.address(), &format!("/2015-03-31/{path}"), "lambda").await?;
        let answer: Value = serde_json::from_str(&answer).with_context(|| answer.clone())?;
        ensure!(answer[list].as_array().is_some_and(Vec::is_empty), "destroy left behind: {answer}");
    }
    let queues = half.dlq(&["list"]).await?;
    let words = String::from_utf8_lossy(&queues.stderr);
    ensure!(words.contains("found no queue"), "destroy left queues behind: {words}");
    eventually("functions are stopped", || async { localstack.functions().is_empty() }).await;
    Ok(())
}

impl Half {
    /// `sluicegate dlq`, whatever comes of it.
    async fn dlq(&self, arguments: &[&str]) -> std::io::Result<Output> {
        let mut sluicegate = Command::new(&self.sluicegate);
        sluicegate.arg("dlq").args(arguments).kill_on_drop(true);
        sluicegate.env("AWS_ENDPOINT_URL", &self.aws_endpoint).env("AWS_REGION", "us-east-1");
        sluicegate.env("AWS_ACCESS_KEY_ID", "developer").env("AWS_SECRET_ACCESS_KEY", "secret");
        for name in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_KINESIS"] {
            sluicegate.env_remove(name);
        }
        sluicegate.output().await
    }

    /// A command of `sluicegate dlq` on one function's queue, and the objects that it prints.
    async fn dead_letters(&self, command: &[&str], function: &str) -> Vec<Value> {
        let queue = format!("half-{function}-dlq");
        let output = self.dlq(&[command, &["--json", "--queue", &queue]].concat()).await.expect("it runs");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    }
}
