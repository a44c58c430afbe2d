//! The project's own stack on a plane in this process, and what is in its function's fault queue.

use anyhow::{Context as _, ensure};
use emulator::fault_injection::Faults;
use serde_json::json;
use sluicegate_benches::plane::{BenchPlane, Order};
use sluicegate_benches::{PATIENCE, built};
use tokio::time::{Duration, Instant, sleep};

/// A running plane with echo on it.
pub struct EchoPlane {
    plane: BenchPlane,
    /// `ws://127.0.0.1:{port}/{stage}`
    pub uri: String,
    queue_url: String,
}

impl EchoPlane {
    /// Builds `functions/echo` as it is deployed, and starts it on a free port.
    pub async fn start() -> anyhow::Result<Self> {
        let plane = BenchPlane::start(&Order::of(&built::echo()?)).await?;
        let queue = format!("{}-faults", plane.stack.function_name("echo"));
        let queue_url = format!("http://localhost/{}/{queue}", plane.plane.account().id);
        Ok(Self { uri: plane.uri(), plane, queue_url })
    }

    /// What goes wrong on it.
    pub fn faults(&self) -> &Faults {
        self.plane.plane.faults()
    }

    /// Ends it.
    pub async fn stop(&self) {
        self.plane.plane.stop().await;
    }

    /// Waits until so many records are in the function's fault queue, and empties it.
    pub async fn take_faults(&self, count: usize) -> anyhow::Result<()> {
        let url = &self.queue_url;
        let ask = json!({"QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages"]});
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.plane.sqs("GetQueueAttributes", &ask).await?;
            let found = answer["Attributes"]["ApproximateNumberOfMessages"].as_str().unwrap_or_default();
            let found: usize = found.parse().context("the queue does not count its messages")?;
            if found >= count {
                ensure!(found == count, "{found} records are in the fault queue, not {count}");
                self.plane.sqs("PurgeQueue", &json!({ "QueueUrl": url })).await?;
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{found} of {count} records are in the fault queue");
            sleep(Duration::from_millis(20)).await;
        }
    }
}
