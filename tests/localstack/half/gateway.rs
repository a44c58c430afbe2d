//! What stands in for the gateway: an emulator's, with real clients. Its records are copied to LocalStack's stream, and
//! functions on LocalStack post to its `@connections`.

use aws_sdk_kinesis::types::ShardIteratorType;
use emulator::EmulatorOptions;
use serde_json::{Value, json};
use sluicegate_tests::client::Client;
use sluicegate_tests::test_emulator::TestEmulator;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// The routes that functions ask for beside `$default`. The emulator's own function sees nothing.
const VALUES: &str = r#"functions = { echo = { enabled = false, routes = ["relay", "broken"] } }"#;
/// Between two reads of the gateway's stream: a shard may be read five times a second.
const READ_EVERY: Duration = Duration::from_millis(250);

/// An emulator's gateway.
pub struct Gateway {
    pub emulator: TestEmulator,
}

impl Gateway {
    pub async fn start() -> Self {
        Self { emulator: TestEmulator::with(VALUES, EmulatorOptions::default()).await }
    }

    /// As the gateway module's output `api` has it.
    pub fn api(&self) -> Value {
        let (id, stage) = (&self.emulator.composed.api_id, &self.emulator.stack.stage);
        json!({
            "id": id, "stage": stage, "stage_execution_arn": format!("arn:aws:execute-api:us-east-1:000000000000:{id}/{stage}"),
            "connections_endpoint": self.emulator.connections_endpoint(),
        })
    }

    /// A connected client, and its connection's id, which the relay says.
    pub async fn client(&self) -> (Client, String) {
        let mut client = self.emulator.client().await;
        client.send(r#"{"action":"relay"}"#).await;
        // The echo function sees every event, and answers too.
        let answers = [client.receive_json().await, client.receive_json().await];
        let id = answers.iter().find_map(|answer| answer["connectionId"].as_str());
        (client, id.unwrap_or_else(|| panic!("the relay says no id: {answers:?}")).to_owned())
    }

    /// Copies each record to another stream, in order, from now on.
    pub async fn copy_records_to(&self, kinesis: aws_sdk_kinesis::Client, stream_name: String) -> Copying {
        let own = self.emulator.endpoint();
        let iterator = own.kinesis().get_shard_iterator().stream_name(&own.stream_name);
        let iterator =
            iterator.shard_id("shardId-000000000000").shard_iterator_type(ShardIteratorType::Latest);
        let mut iterator = iterator.send().await.expect("an iterator").shard_iterator;
        Copying(tokio::spawn(async move {
            loop {
                let read = own.kinesis().get_records().set_shard_iterator(iterator.take()).send().await;
                let read = read.expect("the gateway's stream can be read");
                for record in read.records {
                    let put = kinesis.put_record().stream_name(&stream_name);
                    let put = put.set_partition_key(record.partition_key).set_data(Some(record.data));
                    put.send().await.expect("LocalStack's stream takes a record");
                }
                iterator = read.next_shard_iterator;
                sleep(READ_EVERY).await;
            }
        }))
    }
}

/// Records are copied until it is dropped.
pub struct Copying(JoinHandle<()>);

impl Drop for Copying {
    fn drop(&mut self) {
        self.0.abort();
    }
}
