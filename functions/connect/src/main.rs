//! Answers handshakes with the subprotocol `sluicegate`, which only a function on `$connect` can do.
//!
//! A browser cannot set headers on a handshake, except for the list of subprotocols. A client puts its token there,
//! beside `sluicegate`; the authorizer reads it, and this function answers `sluicegate` and never the token. With
//! `STREAM_NAME` it also puts the CONNECT event into the stream, in place of the mapping template `connect.vtl`.

mod event;
mod stream;

use event::Event;
use serde_json::{Value, json};
use signed_http::BoxError;
use stream::Stream;
use stream_function::runtime::serve;

/// What clients offer beside their token, and what they are answered.
const SUBPROTOCOL: &str = "sluicegate";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let stream = Stream::from_environment(&|name| std::env::var(name).ok())?;
    serve(async |event: Event, _| connect(stream.as_ref(), &event).await).await?;
    Ok(())
}

/// The answer to a handshake. An event that the stream does not take refuses the client, which can try again.
async fn connect(stream: Option<&Stream>, event: &Event) -> Result<Value, BoxError> {
    if !event.offers(SUBPROTOCOL) {
        return Ok(json!({"statusCode": 400}));
    }
    if let Some(stream) = stream {
        stream.put(&event.context).await?;
    }
    Ok(json!({"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": SUBPROTOCOL}}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(protocols: Value) -> Value {
        let event = json!({"headers": protocols, "requestContext": event::sample()});
        let event: Event = serde_json::from_value(event).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(connect(None, &event)).unwrap()
    }

    #[test]
    fn the_subprotocol_is_answered_and_the_token_is_not() {
        for protocols in ["sluicegate, e.y.J", "e.y.J,sluicegate", " sluicegate ", "other, sluicegate, e.y.J"]
        {
            for name in ["Sec-WebSocket-Protocol", "sec-websocket-protocol"] {
                let answer = answer(json!({name: protocols}));
                assert_eq!(
                    answer,
                    json!({"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "sluicegate"}})
                );
            }
        }
    }

    #[test]
    fn a_client_that_does_not_offer_it_is_refused() {
        for headers in [
            json!({}),
            json!(null),
            json!({"Sec-WebSocket-Protocol": "e.y.J"}),
            json!({"Sec-WebSocket-Protocol": "Sluicegate"}),
            json!({"Other": "sluicegate"}),
        ] {
            assert_eq!(answer(headers.clone()), json!({"statusCode": 400}), "{headers}");
        }
    }
}
