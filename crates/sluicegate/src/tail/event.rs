//! A record as an event, and which events to show. Pure.

use crate::stream::Record;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// What the gateway's mapping template writes, as far as it is shown.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event<'a> {
    #[serde(borrow)]
    pub payload: &'a RawValue,
    pub connection_id: String,
    pub route_key: String,
    pub event_type: String,
}

impl<'a> Event<'a> {
    /// `None`: somebody else put the record.
    pub fn of(record: &'a Record) -> Option<Self> {
        serde_json::from_slice(&record.data).ok()
    }
}

/// Which events to show: those that fit all that is given.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Filter {
    /// Show only the events of this connection
    #[arg(long, value_name = "ID")]
    connection: Option<String>,
    /// Show only the events of this route, such as $default
    #[arg(long, value_name = "KEY")]
    route: Option<String>,
}

impl Filter {
    pub fn fits(&self, record: &Record, event: Option<&Event<'_>>) -> bool {
        let connection = event.map_or(record.partition_key.as_str(), |event| &event.connection_id);
        let route = event.map(|event| event.route_key.as_str());
        self.connection.as_deref().is_none_or(|wanted| wanted == connection)
            && self.route.as_deref().is_none_or(|wanted| Some(wanted) == route)
    }
}

/// The whole record as JSON: its event as it is, or its data in base64.
pub fn as_json(record: &Record) -> String {
    let mut line = json!({
        "arrivalEpochMs": record.arrival_ms,
        "partitionKey": record.partition_key,
        "sequenceNumber": record.sequence_number,
        "shardId": record.shard,
    });
    // As text: a number keeps every digit.
    match serde_json::from_slice::<&RawValue>(&record.data) {
        Ok(event) => {
            let line = line.to_string();
            format!("{},\"event\":{}}}", &line[..line.len() - 1], event.get().replace(['\r', '\n'], " "))
        }
        Err(_) => {
            line["data"] = Value::from(STANDARD.encode(&record.data));
            line.to_string()
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn record(data: &str) -> Record {
        Record {
            shard: "shardId-000000000000".into(),
            sequence_number: "7".into(),
            arrival_ms: 1_708_326_702_789,
            partition_key: "L0SM9cOFvHcCIhw=".into(),
            data: data.into(),
        }
    }

    pub fn message(payload: &str) -> Record {
        record(&format!(
            r#"{{"payload":{payload},"connectionId":"L0SM9cOFvHcCIhw=","routeKey":"$default","eventType":"MESSAGE"}}"#
        ))
    }

    #[test]
    fn filters_must_all_fit() {
        let filter = |connection: Option<&str>, route: Option<&str>| Filter {
            connection: connection.map(Into::into),
            route: route.map(Into::into),
        };
        let own = Some("L0SM9cOFvHcCIhw=");
        for (filter, of_message, of_foreign) in [
            (filter(None, None), true, true),
            (filter(own, None), true, true),
            (filter(Some("other"), None), false, false),
            (filter(None, Some("$default")), true, false),
            (filter(own, Some("join")), false, false),
            (filter(own, Some("$default")), true, false),
        ] {
            let (message, foreign) = (message("1"), record("no event"));
            assert_eq!(filter.fits(&message, Event::of(&message).as_ref()), of_message, "{filter:?}");
            assert_eq!(filter.fits(&foreign, Event::of(&foreign).as_ref()), of_foreign, "{filter:?}");
        }
    }

    #[test]
    fn json_is_one_line_with_every_digit() {
        let line = as_json(&message("{\"n\":\n12345678901234567890.0}"));
        assert!(
            line.contains(r#""payload":{"n": 12345678901234567890.0}"#) && !line.contains('\n'),
            "{line}"
        );
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&value["sequenceNumber"], &value["event"]["routeKey"]),
            (&json!("7"), &json!("$default"))
        );
        let foreign: Value = serde_json::from_str(&as_json(&record("\u{0}"))).unwrap();
        assert_eq!(foreign["data"], "AA==");
    }
}
