//! The project's own stack on an emulator in this process, and its function's dead-letter queue.

use anyhow::{Context as _, ensure};
use emulator::fault_injection::Faults;
use serde_json::json;
use sluicegate_benches::emulator::{BenchEmulator, Order};
use sluicegate_benches::{PATIENCE, binaries};
use tokio::time::{Duration, Instant, sleep};

/// A running emulator with echo on it.
pub struct EchoEmulator {
    emulator: BenchEmulator,
    /// `ws://127.0.0.1:{port}/{stage}`
    pub uri: String,
    queue_url: String,
}

impl EchoEmulator {
    /// Builds `functions/echo` as deployed, and starts it on a free port.
    pub async fn start() -> anyhow::Result<Self> {
        let emulator = BenchEmulator::start(&Order::of(&binaries::echo()?)).await?;
        let queue = format!("{}-dlq", emulator.stack.function_name("echo"));
        let queue_url = format!("http://localhost/{}/{queue}", emulator.emulator.account().id);
        Ok(Self { uri: emulator.uri(), emulator, queue_url })
    }

    pub fn faults(&self) -> &Faults {
        self.emulator.emulator.faults()
    }

    pub async fn stop(&self) {
        self.emulator.emulator.stop().await;
    }

    /// Waits until so many records are in the function's dead-letter queue, and empties it.
    pub async fn take_faults(&self, count: usize) -> anyhow::Result<()> {
        let url = &self.queue_url;
        let ask = json!({"QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages"]});
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.emulator.sqs("GetQueueAttributes", &ask).await?;
            let found = answer["Attributes"]["ApproximateNumberOfMessages"].as_str().unwrap_or_default();
            let found: usize = found.parse().context("the queue does not count its messages")?;
            if found >= count {
                ensure!(found == count, "{found} records are in the dead-letter queue, not {count}");
                self.emulator.sqs("PurgeQueue", &json!({ "QueueUrl": url })).await?;
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{found} of {count} records are in the dead-letter queue");
            sleep(Duration::from_millis(20)).await;
        }
    }
}
