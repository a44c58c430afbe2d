//! Delivers messages from one client to another.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stream_function::{Connection, Delivery, Event, Failure, RunError, SendError, reject, run};

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
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    run(relay).await
}

async fn relay(event: Event, sender: Connection) -> Result<(), Failure> {
    // The sender can correct its message, an operator cannot: so errors go back, and not to the dead-letter queue.
    let request: Request<'_> = serde_json::from_str(event.payload()).map_err(reject)?;
    let Some(to) = request.to else {
        answer(&sender, Content::YourId { connection_id: sender.id() }).await?;
        return Ok(());
    };
    let message = Content::Message { from: sender.id(), data: request.data };
    match answer(&sender.to(&to), message).await {
        Ok(Delivery::Delivered) => Ok(()),
        // An id of another shape never was a client's.
        Ok(Delivery::Gone) | Err(SendError::InvalidConnectionId(_)) => {
            answer(&sender, Content::Gone { to: &to, gone: true }).await?;
            Ok(())
        }
        Err(error @ SendError::TooLarge { .. }) => Err(reject(error)),
        Err(error) => Err(error.into()),
    }
}

async fn answer(client: &Connection, content: Content<'_>) -> Result<Delivery, SendError> {
    client.send_json(&Answer { content }).await
}

#[cfg(test)]
mod tests;
