//! A stream for one test, with a function that receives its records.

use crate::{control, eventually, sdk};
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{ConsumerStatus, Shard, StreamStatus};
use emulator::Emulator;
use http::{Method, StatusCode};
use serde_json::{Value, json};

const MAPPINGS: &str = "/2015-03-31/event-source-mappings";

pub struct Source<'a> {
    emulator: &'a Emulator,
    pub name: &'static str,
    /// AWS's SDK client.
    pub kinesis: Client,
}

impl<'a> Source<'a> {
    /// Creates a stream and waits until it is active.
    pub async fn create(emulator: &'a Emulator, name: &'static str, shards: i32) -> Self {
        let kinesis = sdk::kinesis(&emulator.endpoint_url());
        kinesis.create_stream().stream_name(name).shard_count(shards).send().await.expect("a stream");
        let source = Self { emulator, name, kinesis };
        eventually("the stream is active", || async {
            let reported = source.kinesis.describe_stream_summary().stream_name(name).send().await;
            let reported = reported.ok().and_then(|reported| reported.stream_description_summary);
            reported.is_some_and(|reported| reported.stream_status == StreamStatus::Active)
        })
        .await;
        source
    }

    /// `arn:aws:kinesis:{region}:{account}:stream/{name}`
    pub fn arn(&self) -> String {
        format!("arn:aws:kinesis:us-east-1:{}:stream/{}", self.emulator.account().id, self.name)
    }

    /// Registers a consumer and waits until it is active; returns its ARN.
    pub async fn consumer(&self, name: &str) -> String {
        let register = self.kinesis.register_stream_consumer().stream_arn(self.arn()).consumer_name(name);
        let arn = register.send().await.expect("a consumer").consumer.expect("a description").consumer_arn;
        eventually("the consumer is active", || async {
            let reported = self.kinesis.describe_stream_consumer().consumer_arn(&arn).send().await;
            let reported = reported.ok().and_then(|reported| reported.consumer_description);
            reported.is_some_and(|reported| reported.consumer_status == ConsumerStatus::Active)
        })
        .await;
        arn
    }

    /// Every shard, open or closed.
    pub async fn shards(&self) -> Vec<Shard> {
        self.kinesis
            .list_shards()
            .stream_name(self.name)
            .send()
            .await
            .expect("shards")
            .shards
            .unwrap_or_default()
    }

    /// Puts a record; returns its shard's id.
    pub async fn put(&self, partition_key: &str, data: &str) -> String {
        let put = self.kinesis.put_record().stream_name(self.name).partition_key(partition_key);
        put.data(Blob::new(data)).send().await.expect("the stream takes a record").shard_id
    }

    /// Every record of a shard, from its beginning.
    pub async fn records(&self, shard: &str) -> Vec<(String, String)> {
        let iterator = self.kinesis.get_shard_iterator().stream_name(self.name).shard_id(shard);
        let iterator = iterator.shard_iterator_type(aws_sdk_kinesis::types::ShardIteratorType::TrimHorizon);
        let iterator = iterator.send().await.expect("an iterator").shard_iterator;
        let read = self.kinesis.get_records().set_shard_iterator(iterator).send().await.expect("records");
        let text = |data: &Blob| String::from_utf8_lossy(data.as_ref()).into_owned();
        read.records
            .iter()
            .map(|record| (record.partition_key.clone().unwrap_or_default(), text(&record.data)))
            .collect()
    }

    /// Maps all records to a function, with the settings in `more`; returns the mapping's id.
    pub async fn map(&self, function: &str, more: Value) -> String {
        let mapping = self.create_mapping(function, more).await;
        mapping["UUID"].as_str().expect("a mapping has an id").to_owned()
    }

    /// Like [`Source::map`]; returns the emulator's response.
    pub async fn create_mapping(&self, function: &str, more: Value) -> Value {
        let mut settings = json!({
            "EventSourceArn": self.arn(), "FunctionName": function, "StartingPosition": "TRIM_HORIZON",
        });
        if let (Value::Object(settings), Value::Object(more)) = (&mut settings, more) {
            settings.extend(more);
        }
        let (status, mapping) =
            control::rest(self.emulator, "lambda", Method::POST, MAPPINGS, &settings).await;
        assert!(status.is_success(), "{status} {mapping}");
        mapping
    }

    /// Calls an operation on a mapping; returns the status and the document.
    pub async fn call_mapping(&self, method: Method, mapping: &str, body: &Value) -> (StatusCode, Value) {
        control::rest(self.emulator, "lambda", method, &format!("{MAPPINGS}/{mapping}"), body).await
    }

    /// Changes a mapping; returns its new state.
    pub async fn change(&self, mapping: &str, settings: Value) -> String {
        let (status, answer) = self.call_mapping(Method::PUT, mapping, &settings).await;
        assert!(status.is_success(), "{status} {answer}");
        answer["State"].as_str().expect("a state").to_owned()
    }

    /// Waits until a mapping is in a state.
    pub async fn mapping_is(&self, mapping: &str, state: &str) {
        eventually(&format!("the mapping is {state}"), || async {
            self.call_mapping(Method::GET, mapping, &Value::Null).await.1["State"] == state
        })
        .await;
    }

    /// Deletes a mapping and waits until it is gone.
    pub async fn unmap(&self, mapping: &str) {
        let (status, answer) = self.call_mapping(Method::DELETE, mapping, &Value::Null).await;
        assert!(status.is_success(), "{status} {answer}");
        eventually("the mapping is gone", || async {
            self.call_mapping(Method::GET, mapping, &Value::Null).await.0 == StatusCode::NOT_FOUND
        })
        .await;
    }

    /// Deletes the stream and waits until it is gone.
    pub async fn delete(&self) {
        self.kinesis.delete_stream().stream_name(self.name).send().await.expect("it is deleted");
        eventually("the stream is gone", || async {
            self.kinesis.describe_stream_summary().stream_name(self.name).send().await.is_err()
        })
        .await;
    }
}
