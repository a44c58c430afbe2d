//! Probe messages, by which a deployment checks that each function is reached on each of its routes.
//!
//! ```json
//! {"action": "orders", "sluicegateProbe": {"id": "7f3a", "function": "shop-orders"}}
//! ```
//! The named function sends `{"sluicegateProbe": {"id": …, "function": …, "routeKey": …}}` to the sender, and no other
//! does anything. No handler sees a probe, nothing is remembered of it, and it is counted by itself.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::time::timeout_at;

use crate::attempt::Delivered;
use crate::batch::{Batch, Runner};
use crate::event::Event;
use crate::limits::PROBE_BYTES_MAX;

/// Looked for before anything is parsed: other messages pay no more than this search.
const MARK: &str = "\"sluicegateProbe\"";

#[derive(Deserialize, Serialize)]
struct Message<P> {
    #[serde(rename = "sluicegateProbe")]
    probe: P,
}

/// What a probe asks for.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Probe {
    /// Names the probe in its answer.
    id: Box<str>,
    /// The deployed name of the function that is to answer.
    function: Box<str>,
}

impl Probe {
    /// The probe in an event, if there is one.
    pub fn read(event: &Event) -> Option<Self> {
        let payload = event.payload();
        if !event.is_message() || payload.len() > PROBE_BYTES_MAX || !payload.contains(MARK) {
            return None;
        }
        serde_json::from_str::<Message<Self>>(payload).ok().map(|message| message.probe)
    }

    fn answer(&self, route_key: Option<&str>) -> Bytes {
        let probe = Answer { id: &self.id, function: &self.function, route_key };
        // Text and nothing else, so that this cannot fail.
        serde_json::to_vec(&Message { probe }).unwrap_or_default().into()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    id: &'a str,
    function: &'a str,
    route_key: Option<&'a str>,
}

impl Runner {
    /// The probe in a record, if probes are answered and it holds one.
    pub(crate) fn probe(&self, delivered: &Delivered) -> Option<Probe> {
        delivered.event().filter(|_| self.answers_probes).and_then(Probe::read)
    }

    /// Answers a probe once. If that fails, whoever sent it sends another.
    pub(crate) async fn answer_probe(&self, probe: &Probe, delivered: &Delivered, batch: &Batch<'_>) {
        batch.tally.probed();
        if *probe.function != *self.function_name {
            return;
        }
        let answer = probe.answer(delivered.event().and_then(Event::route_key));
        let post = self.connections.post(delivered.connection_id(), answer);
        match timeout_at(batch.window.handle_until, post).await {
            Ok(Ok(_)) => tracing::debug!("answered a probe"),
            Ok(Err(error)) => tracing::warn!(%error, "cannot answer a probe"),
            Err(_) => tracing::warn!("cannot answer a probe before Lambda's deadline"),
        }
    }
}
