//! An event of a client, as API Gateway wrote it into the stream.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::record::Record;

/// A message of a client, or its connect or disconnect. Cheap to clone.
///
/// # Shape
/// The record's data is one JSON object. `payload` and `connectionId` are always there, the rest may be absent:
/// ```json
/// {"payload": {"msg": "Hello World!"}, "connectionId": "L0SM9cOFvHcCIhw=", "routeKey": "$default",
///  "eventType": "MESSAGE", "requestId": "c6af9ac6", "requestTimeEpoch": "1583348638390",
///  "connectedAt": "1583348600000", "sourceIp": "192.0.2.1", "apiId": "a1b2c3d4", "stage": "v1"}
/// ```
/// A record of any other shape never reaches a handler: it goes to the dead-letter queue as `undecodable`.
#[derive(Clone, Debug)]
pub struct Event {
    body: Arc<Body>,
    sequence_number: Arc<str>,
    arrival_epoch_ms: i64,
    trace_id: Option<Arc<str>>,
}

/// Why an event is in the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[non_exhaustive]
pub enum EventType {
    /// A client has connected: for [`Function::lifecycle`](crate::Function::lifecycle), where a function's
    /// `lifecycle_events` ask for it. The payload is `null`.
    ///
    /// The connection is not established yet: posts to it may find it [gone](crate::Delivery::Gone).
    #[serde(rename = "CONNECT")]
    Connect,
    /// A client has sent a message. Events without a type are messages.
    #[default]
    #[serde(rename = "MESSAGE")]
    Message,
    /// A client has left; otherwise as [`Connect`](Self::Connect).
    #[serde(rename = "DISCONNECT")]
    Disconnect,
    /// A type that this version does not know.
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    payload: Box<RawValue>,
    connection_id: Box<str>,
    #[serde(default, deserialize_with = "text")]
    route_key: Option<Box<str>>,
    #[serde(default, deserialize_with = "event_type")]
    event_type: EventType,
    #[serde(default, deserialize_with = "text")]
    request_id: Option<Box<str>>,
    #[serde(default, deserialize_with = "epoch_ms")]
    request_time_epoch: Option<u64>,
    #[serde(default, deserialize_with = "epoch_ms")]
    connected_at: Option<u64>,
    #[serde(default, deserialize_with = "text")]
    source_ip: Option<Box<str>>,
    #[serde(default, deserialize_with = "text")]
    api_id: Option<Box<str>>,
    #[serde(default, deserialize_with = "text")]
    stage: Option<Box<str>>,
}

impl Event {
    /// Reads the event from a record that came with an invocation of this trace.
    pub(crate) fn decode(record: &Record, trace_id: Option<Arc<str>>) -> Result<Self, serde_json::Error> {
        Ok(Self {
            body: Arc::new(serde_json::from_slice(&record.data)?),
            sequence_number: record.sequence_number.as_str().into(),
            arrival_epoch_ms: record.arrival_epoch_ms,
            trace_id,
        })
    }

    /// The client's message as JSON text, digit for digit; `null` when a client comes or leaves.
    ///
    /// Text that is not JSON arrives as a JSON string of that text. At most 128 KB.
    #[must_use]
    pub fn payload(&self) -> &str {
        self.body.payload.get()
    }

    /// Reads the client's message as a type of yours.
    ///
    /// # Errors
    /// When the message has another shape, or holds what the type cannot: half of a surrogate pair in a `String`
    /// (`"\ud83d"`, which JavaScript writes for text cut inside an emoji), a number beyond an `f64`, more than 128
    /// levels. [`payload`](Self::payload) has all of these. That is for good, so `?` in a handler sends the record to the dead-letter
    /// queue; answer the client instead where it should learn of its mistake.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.payload())
    }

    /// The client's message, if it is a JSON string (or was not JSON at all).
    #[must_use]
    pub fn text(&self) -> Option<String> {
        serde_json::from_str(self.payload()).ok()
    }

    /// The connection that the event came from, as API Gateway names it.
    #[must_use]
    pub fn connection_id(&self) -> &str {
        &self.body.connection_id
    }

    /// The route that the message matched: `$default`, `$connect`, `$disconnect` or one of your own.
    #[must_use]
    pub fn route_key(&self) -> Option<&str> {
        self.body.route_key.as_deref()
    }

    /// Whether the client sent a message, connected or disconnected.
    #[must_use]
    pub fn event_type(&self) -> EventType {
        self.body.event_type
    }

    pub(crate) fn is_message(&self) -> bool {
        self.event_type() == EventType::Message
    }

    /// API Gateway's id of the frame.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.body.request_id.as_deref()
    }

    /// When API Gateway received the frame, in milliseconds since 1970.
    #[must_use]
    pub fn request_time_epoch_ms(&self) -> Option<u64> {
        self.body.request_time_epoch
    }

    /// When the client connected, in milliseconds since 1970.
    #[must_use]
    pub fn connected_at_epoch_ms(&self) -> Option<u64> {
        self.body.connected_at
    }

    /// The client's address.
    #[must_use]
    pub fn source_ip(&self) -> Option<&str> {
        self.body.source_ip.as_deref()
    }

    /// The WebSocket API that the client is connected to.
    #[must_use]
    pub fn api_id(&self) -> Option<&str> {
        self.body.api_id.as_deref()
    }

    /// The API's stage that the client is connected to.
    #[must_use]
    pub fn stage(&self) -> Option<&str> {
        self.body.stage.as_deref()
    }

    /// The record's place in the stream: decimal digits, rising within a shard, the same on each redelivery.
    ///
    /// Together with [`connection_id`](Self::connection_id) this is a key to make a handler's effects idempotent.
    #[must_use]
    pub fn sequence_number(&self) -> &str {
        &self.sequence_number
    }

    /// When Kinesis took the record, in milliseconds since 1970.
    #[must_use]
    pub fn arrival_epoch_ms(&self) -> i64 {
        self.arrival_epoch_ms
    }

    /// The X-Ray trace of the invocation that brought the event, as `Root=1-…;Parent=…;Sampled=…`.
    ///
    /// The environment variable `_X_AMZN_TRACE_ID` is not set: see [`runtime`](crate::runtime).
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }
}

/// A detail that is no text is left out: it is no reason to refuse the event.
fn text<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Box<str>>, D::Error> {
    let raw = Box::<RawValue>::deserialize(value)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// No type is a message; a type of an unknown name is [`EventType::Other`].
fn event_type<'de, D: Deserializer<'de>>(value: D) -> Result<EventType, D::Error> {
    let raw = Box::<RawValue>::deserialize(value)?;
    Ok(serde_json::from_str(raw.get()).unwrap_or_default())
}

/// A time as a string of digits, as this project's templates write it, or as a number. An empty one is unknown.
fn epoch_ms<'de, D: Deserializer<'de>>(value: D) -> Result<Option<u64>, D::Error> {
    let raw = Box::<RawValue>::deserialize(value)?;
    Ok(raw.get().trim_matches('"').parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(data: &str) -> Result<Event, serde_json::Error> {
        let record = Record {
            event_id: "shardId-000000000000:1".into(),
            sequence_number: "1".into(),
            partition_key: "c".into(),
            data: data.into(),
            arrival_epoch_ms: 0,
            source_arn: None,
        };
        Event::decode(&record, None)
    }

    #[test]
    fn the_reference_event_of_2019_has_only_payload_and_connection() {
        let event = decode(r#"{"payload": {"msg":"Hello World!"}, "connectionId": "c="}"#).unwrap();
        assert_eq!(event.payload(), r#"{"msg":"Hello World!"}"#);
        assert_eq!(event.connection_id(), "c=");
        assert_eq!(event.event_type(), EventType::Message);
        assert_eq!((event.route_key(), event.request_time_epoch_ms()), (None, None));
    }

    #[test]
    fn numbers_survive_digit_for_digit() {
        let event = decode(r#"{"payload":[12345678901234567890123,1.0,1e3],"connectionId":"c"}"#).unwrap();
        assert_eq!(event.payload(), "[12345678901234567890123,1.0,1e3]");
    }

    #[test]
    fn odd_details_do_not_refuse_the_event() {
        let event = decode(
            r#"{"payload":null,"connectionId":"c","eventType":"CONNECT","requestTimeEpoch":"7","connectedAt":8,
                "sourceIp":7,"routeKey":"$connect","stage":null,"new":{}}"#,
        )
        .unwrap();
        assert_eq!(event.event_type(), EventType::Connect);
        assert_eq!((event.request_time_epoch_ms(), event.connected_at_epoch_ms()), (Some(7), Some(8)));
        let event_without =
            decode(r#"{"payload":1,"connectionId":"c","requestTimeEpoch":"","connectedAt":""}"#).unwrap();
        assert_eq!(
            (event_without.request_time_epoch_ms(), event_without.connected_at_epoch_ms()),
            (None, None)
        );
        assert_eq!((event.source_ip(), event.stage(), event.route_key()), (None, None, Some("$connect")));
        assert_eq!(
            decode(r#"{"payload":1,"connectionId":"c","eventType":"X"}"#).unwrap().event_type(),
            EventType::Other
        );
    }

    #[test]
    fn text_that_is_no_json_comes_as_a_string() {
        let event = decode(r#"{"payload":"plain \"text\"","connectionId":"c"}"#).unwrap();
        assert_eq!(event.text().as_deref(), Some(r#"plain "text""#));
        assert_eq!(decode(r#"{"payload":{},"connectionId":"c"}"#).unwrap().text(), None);
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for data in [
            "",
            "hello",
            "[]",
            r#"{"payload":1}"#,
            r#"{"connectionId":"c"}"#,
            r#"{"payload":1,"connectionId":7}"#,
        ] {
            assert!(decode(data).is_err(), "{data}");
        }
    }
}
