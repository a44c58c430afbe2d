//! Sends each event's payload back to the connection it came from.

use stream_function::{Connection, Event, RunError, SendError, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    run(echo).await
}

async fn echo(event: Event, connection: Connection) -> Result<(), SendError> {
    connection.send_text(event.payload()).await.map(drop)
}
