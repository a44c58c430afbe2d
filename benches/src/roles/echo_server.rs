//! A bare WebSocket echo server: what the protocol alone costs, with the same library and no backend.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_tungstenite::accept_async;

pub(super) async fn run() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    super::greet(&json!({"uri": format!("ws://{}/", listener.local_addr()?)}))?;
    let serve = async {
        while let Ok((socket, _)) = listener.accept().await {
            let _ = socket.set_nodelay(true);
            tokio::spawn(async move {
                let Ok(mut socket) = accept_async(socket).await else { return };
                while let Some(Ok(message)) = socket.next().await {
                    if message.is_text() && socket.send(message).await.is_err() {
                        return;
                    }
                }
            });
        }
    };
    tokio::select! {
        () = serve => anyhow::bail!("the server stopped accepting connections"),
        () = super::parent_left() => Ok(()),
    }
}
