//! Events for a function under test: generated, recorded, or no events at all.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::record::{KinesisEvent, Record};

/// An action of a client, or a record with any content.
#[derive(Clone, Debug)]
pub struct TestEvent {
    connection_id: String,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Event { payload: String, details: Map<String, Value> },
    Raw(Vec<u8>),
}

impl TestEvent {
    /// A client sends a message, on the route `$default`.
    ///
    /// # Panics
    /// Panics if the payload cannot be written as JSON.
    #[expect(clippy::expect_used, reason = "a test that cannot be written down must fail at once")]
    pub fn message(connection_id: &str, payload: impl Serialize) -> Self {
        let payload = serde_json::to_string(&payload).expect("the payload can be written as JSON");
        Self::json(connection_id, &payload)
    }

    /// A client sends a message of exactly this JSON text, on the route `$default`.
    #[must_use]
    pub fn json(connection_id: &str, payload: &str) -> Self {
        Self::event(connection_id, payload, "MESSAGE", "$default")
    }

    /// A client connects.
    #[must_use]
    pub fn connect(connection_id: &str) -> Self {
        Self::event(connection_id, "null", "CONNECT", "$connect")
    }

    /// A client leaves.
    #[must_use]
    pub fn disconnect(connection_id: &str) -> Self {
        Self::event(connection_id, "null", "DISCONNECT", "$disconnect")
    }

    /// A record with this data, which need not be an event. The connection is only its partition key.
    pub fn record(connection_id: &str, data: impl Into<Vec<u8>>) -> Self {
        Self { connection_id: connection_id.to_owned(), content: Content::Raw(data.into()) }
    }

    /// The records of a batch that Lambda has delivered, from the JSON of its event.
    ///
    /// # Errors
    /// Fails if the text is not a Lambda event for Kinesis.
    pub fn recorded(lambda_event: &str) -> Result<Vec<Self>, serde_json::Error> {
        let event: KinesisEvent = serde_json::from_str(lambda_event)?;
        let records = event.records.into_iter().map(Record::from);
        Ok(records.map(|record| Self::record(&record.partition_key, record.data)).collect())
    }

    fn event(connection_id: &str, payload: &str, event_type: &str, route_key: &str) -> Self {
        let event = Self {
            connection_id: connection_id.to_owned(),
            content: Content::Event { payload: payload.to_owned(), details: Map::new() },
        };
        event
            .with("eventType", event_type)
            .with("routeKey", route_key)
            .with("requestId", "test-frame")
            .with("sourceIp", "192.0.2.1")
            .with("apiId", "test-api")
            .with("stage", "v1")
            .with("requestTimeEpoch", "1583348638390")
            .with("connectedAt", "1583348600000")
    }

    /// The same event on another route.
    #[must_use]
    pub fn route(self, route_key: &str) -> Self {
        self.with("routeKey", route_key)
    }

    /// The same event with another member, such as `sourceIp`; a raw record has no members.
    #[must_use]
    pub fn with(mut self, detail: &str, value: impl Into<Value>) -> Self {
        if let Content::Event { details, .. } = &mut self.content {
            details.insert(detail.to_owned(), value.into());
        }
        self
    }

    /// The record as number `number` of the shard.
    pub(super) fn into_record(self, number: u64) -> Record {
        let data = match self.content {
            Content::Raw(data) => data,
            Content::Event { payload, details } => {
                // By hand, so that the payload's text stays as the test wrote it.
                let mut data =
                    format!(r#"{{"payload":{payload},"connectionId":{}"#, json!(self.connection_id));
                for (name, value) in details {
                    data.push_str(&format!(",{}:{value}", json!(name)));
                }
                data.push('}');
                data.into_bytes()
            }
        };
        let sequence_number = format!("4959{number:052}");
        Record {
            event_id: format!("shardId-000000000000:{sequence_number}"),
            sequence_number,
            partition_key: self.connection_id,
            data,
            arrival_epoch_ms: 1_583_348_638_400,
            source_arn: Some("arn:aws:kinesis:eu-west-1:123456789012:stream/test".into()),
        }
    }
}
