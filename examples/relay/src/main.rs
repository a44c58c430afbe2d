//! Delivers messages from one client to another.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stream_function::{Connection, Delivery, Event, RunError, SendError, run};

/// What a client sends: `{"action":"relay"}` asks for its own id, with `to` and `data` it writes to another client.
#[derive(Deserialize)]
struct Request<'a> {
    to: Option<String>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// What clients get: `{"action":"relay", …}`.
#[derive(Serialize)]
#[serde(tag = "action", rename = "relay")]
struct Answer<'a> {
    #[serde(flatten)]
    content: Content<'a>,
}

#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Content<'a> {
    YourId { connection_id: &'a str },
    Message { from: &'a str, data: Option<&'a RawValue> },
    Gone { to: &'a str, gone: bool },
    Error { error: String },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    run(relay).await
}

async fn relay(event: Event, sender: Connection) -> Result<(), SendError> {
    let request: Request<'_> = match serde_json::from_str(event.payload()) {
        Ok(request) => request,
        // The sender can mend it, an operator cannot: so it goes back, not to the dead-letter queue.
        Err(error) => return answer(&sender, Content::Error { error: error.to_string() }).await.map(drop),
    };
    let Some(to) = request.to else {
        return answer(&sender, Content::YourId { connection_id: sender.id() }).await.map(drop);
    };
    let message = Content::Message { from: sender.id(), data: request.data };
    match answer(&sender.to(&to), message).await {
        Ok(Delivery::Delivered) => Ok(()),
        // An id of another shape never was a client's.
        Ok(Delivery::Gone) | Err(SendError::InvalidConnectionId(_)) => {
            answer(&sender, Content::Gone { to: &to, gone: true }).await.map(drop)
        }
        Err(error @ SendError::TooLarge { .. }) => {
            answer(&sender, Content::Error { error: error.to_string() }).await.map(drop)
        }
        Err(error) => Err(error),
    }
}

async fn answer(client: &Connection, content: Content<'_>) -> Result<Delivery, SendError> {
    client.send_json(&Answer { content }).await
}

#[cfg(test)]
mod tests;
