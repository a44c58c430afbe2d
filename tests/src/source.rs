//! A stream of a test's own, whose records a function of its own gets.

use crate::{control, eventually, sdk};
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::StreamStatus;
use http::Method;
use local::plane::Plane;
use serde_json::{Value, json};

/// A stream.
pub struct Source<'a> {
    plane: &'a Plane,
    /// Its name.
    pub name: &'static str,
    /// AWS's own client.
    pub kinesis: Client,
}

impl<'a> Source<'a> {
    /// Creates a stream and waits until it takes records.
    ///
    /// # Panics
    /// Where the plane refuses it.
    pub async fn create(plane: &'a Plane, name: &'static str, shards: i32) -> Self {
        let kinesis = sdk::kinesis(&plane.endpoint_url());
        kinesis.create_stream().stream_name(name).shard_count(shards).send().await.expect("a stream");
        let source = Self { plane, name, kinesis };
        eventually("the stream is active", || async {
            let told = source.kinesis.describe_stream_summary().stream_name(name).send().await;
            let told = told.ok().and_then(|told| told.stream_description_summary);
            told.is_some_and(|told| told.stream_status == StreamStatus::Active)
        })
        .await;
        source
    }

    /// `arn:aws:kinesis:{region}:{account}:stream/{name}`
    pub fn arn(&self) -> String {
        format!("arn:aws:kinesis:us-east-1:{}:stream/{}", self.plane.account().id, self.name)
    }

    /// Puts a record; answers its shard's id.
    ///
    /// # Panics
    /// Where the stream does not take it.
    pub async fn put(&self, partition_key: &str, data: &str) -> String {
        let put = self.kinesis.put_record().stream_name(self.name).partition_key(partition_key);
        put.data(Blob::new(data)).send().await.expect("the stream takes a record").shard_id
    }

    /// Every record of a shard, from its beginning.
    ///
    /// # Panics
    /// Where it cannot be read.
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

    /// Hands all records to a function; answers the mapping's id.
    ///
    /// # Panics
    /// Where the plane refuses it.
    pub async fn map(&self, function: &str, more: Value) -> String {
        let mut settings = json!({
            "EventSourceArn": self.arn(), "FunctionName": function, "StartingPosition": "TRIM_HORIZON",
        });
        if let (Value::Object(settings), Value::Object(more)) = (&mut settings, more) {
            settings.extend(more);
        }
        let path = "/2015-03-31/event-source-mappings";
        let (status, mapping) = control::rest(self.plane, "lambda", Method::POST, path, &settings).await;
        assert!(status.is_success(), "{status} {mapping}");
        mapping["UUID"].as_str().expect("a mapping has an id").to_owned()
    }

    /// Ends a mapping, and waits until it is gone.
    ///
    /// # Panics
    /// Where the plane refuses it.
    pub async fn unmap(&self, mapping: &str) {
        let path = format!("/2015-03-31/event-source-mappings/{mapping}");
        let (status, answer) = control::rest(self.plane, "lambda", Method::DELETE, &path, &Value::Null).await;
        assert!(status.is_success(), "{status} {answer}");
        eventually("the mapping is gone", || async {
            control::rest(self.plane, "lambda", Method::GET, &path, &Value::Null).await.0 == 404
        })
        .await;
    }

    /// Deletes the stream, and waits until it is gone.
    ///
    /// # Panics
    /// Where the plane refuses it.
    pub async fn delete(&self) {
        self.kinesis.delete_stream().stream_name(self.name).send().await.expect("it is deleted");
        eventually("the stream is gone", || async {
            self.kinesis.describe_stream_summary().stream_name(self.name).send().await.is_err()
        })
        .await;
    }
}
