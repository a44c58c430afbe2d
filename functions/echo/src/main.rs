//! Sends each event's payload back to the connection it came from.

use stream_function::{Connection, Event, RunError, SendError, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    run(echo).await
}

async fn echo(event: Event, connection: Connection) -> Result<(), SendError> {
    connection.send_text(event.payload()).await.map(drop)
}

#[cfg(test)]
mod tests {
    use stream_function::test_kit::{TestEvent, TestKit};

    use super::echo;

    #[test]
    fn every_payload_comes_back_as_it_was() {
        let kit = TestKit::new(echo);
        let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
        let payloads = [
            r#"{"msg":"Hello World!"}"#,
            "12345678901234567890123",
            r#""ünicode \"text\"""#,
            "null",
            r#""\ud83d""#,
            "1e400",
            &deep,
        ];
        kit.deliver(payloads.map(|payload| TestEvent::json("client", payload)));
        assert_eq!(kit.sent_to("client"), payloads);
    }

    #[test]
    fn a_client_that_left_is_no_error() {
        let kit = TestKit::new(echo);
        kit.gone("client");
        let batch = kit.deliver([TestEvent::message("client", 1)]);
        assert_eq!((batch.redeliver_from, kit.dead_letters().len()), (None, 0));
    }
}
