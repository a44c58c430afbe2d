//! The batches that a function received, read from the lines that the scripted function logs.

use crate::control;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emulator::Emulator;
use serde_json::{Value, json};

/// One batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The id of the shard.
    pub shard: String,
    /// `eventSourceARN` of its first record.
    pub source_arn: String,
    /// Each record's partition key and text, in order.
    pub records: Vec<(String, String)>,
}

impl Batch {
    /// The records' texts.
    pub fn data(&self) -> Vec<&str> {
        self.records.iter().map(|(_, data)| data.as_str()).collect()
    }
}

/// Every batch that a function has received so far, in the order of its invocations.
pub async fn batches(emulator: &Emulator, function: &str) -> Vec<Batch> {
    let mut ask = json!({"logGroupName": format!("/aws/lambda/{function}"), "filterPattern": "EVENT"});
    let mut batches = Vec::new();
    loop {
        let answer = control::json(emulator, "Logs_20140328.FilterLogEvents", &ask).await;
        batches.extend(answer["events"].as_array().into_iter().flatten().filter_map(batch));
        match answer["nextToken"].as_str() {
            Some(token) => ask["nextToken"] = token.into(),
            None => return batches,
        }
    }
}

fn batch(event: &Value) -> Option<Batch> {
    let event = event["message"].as_str()?.strip_prefix("EVENT ")?;
    let event: Value = serde_json::from_str(event.trim()).expect("the event is JSON");
    let records = event["Records"].as_array().expect("a batch has records");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let record = |record: &Value| {
        let data = STANDARD.decode(text(&record["kinesis"]["data"])).expect("base64");
        (text(&record["kinesis"]["partitionKey"]), String::from_utf8(data).expect("UTF-8"))
    };
    Some(Batch {
        shard: text(&records[0]["eventID"]).split(':').next().unwrap_or_default().to_owned(),
        source_arn: text(&records[0]["eventSourceARN"]),
        records: records.iter().map(record).collect(),
    })
}
