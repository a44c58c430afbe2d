//! Batches of real records: as the gateway wrote them for each client, with a new message each time.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use emulator::services::kinesis::Record;
use emulator::services::lambda::event_source_mapping::event::{EventFrame, event};
use serde_json::{Value, json};
use sluicegate_benches::clients::Clients;
use sluicegate_benches::emulator::BenchEmulator;
use sluicegate_benches::function::RunningFunction;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SHARD: &str = "shardId-000000000000";

/// Makes batches without repeated messages or sequence numbers.
pub struct Batches {
    frame: EventFrame,
    /// The record in the stream for one message of each client.
    events: Vec<Value>,
    messages: u64,
}

impl Batches {
    /// Lets every client send a message, and reads the gateway's records from the stream.
    pub async fn learn(emulator: &BenchEmulator, clients: &mut Clients) -> anyhow::Result<Self> {
        for client in 0..clients.count() {
            clients.send(client, json!({"client": client}).to_string()).await?;
        }
        let mut events = vec![Value::Null; clients.count()];
        for event in emulator.records(clients.count()).await? {
            let client = event["payload"]["client"].as_u64().context("a record has no known client")?;
            let place = events.get_mut(client as usize).context("a record has no known client")?;
            *place = event;
        }
        let account = emulator.emulator.account();
        let frame = EventFrame {
            event_source_arn: account.stream_arn(&emulator.stack.stream_name()),
            invoke_identity_arn: format!("arn:aws:iam::{}:role/function", account.id),
            region: account.region().to_owned(),
        };
        Ok(Self { frame, events, messages: 0 })
    }

    /// Invokes a function with a batch, spread evenly over the clients, and waits until each client has its replies.
    /// Returns how long the function took.
    pub async fn run(
        &mut self,
        function: &mut RunningFunction,
        clients: &mut Clients,
        records: usize,
    ) -> anyhow::Result<Duration> {
        let (event, expected) = self.next(records);
        let begun = Instant::now();
        function.invoke(event).await?;
        let took = begun.elapsed();
        clients.expect(&expected).await?;
        Ok(took)
    }

    fn next(&mut self, records: usize) -> (Bytes, Vec<Vec<String>>) {
        let mut expected = vec![Vec::new(); self.events.len()];
        let arrived_ms = emulator::core::clock::now_ms();
        let records: Vec<_> = (0..records)
            .map(|index| {
                let client = index % self.events.len();
                self.messages += 1;
                let payload = json!({"msg": "Hello World!", "n": self.messages});
                expected[client].push(payload.to_string());
                let mut event = self.events[client].clone();
                event["payload"] = payload;
                Arc::new(Record {
                    sequence_number: format!("{:056}", self.messages).into(),
                    partition_key: event["connectionId"].as_str().unwrap_or_default().to_owned(),
                    data: STANDARD.encode(event.to_string()),
                    arrived_ms,
                })
            })
            .collect();
        (event(&self.frame, SHARD, &records).into(), expected)
    }
}
