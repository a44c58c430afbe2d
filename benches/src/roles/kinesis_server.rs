//! ferrokinesis over HTTP, like its own command, without write limits.

use ferrokinesis::store::StoreOptions;
use serde_json::json;
use tokio::net::TcpListener;

pub(super) async fn run() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    super::greet(&json!({"port": listener.local_addr()?.port()}))?;
    let (app, _store) = ferrokinesis::create_app(StoreOptions {
        create_stream_ms: 0,
        delete_stream_ms: 0,
        update_stream_ms: 0,
        ..StoreOptions::default()
    });
    use axum::serve::ListenerExt as _;
    let listener = listener.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    axum::serve(listener, app).with_graceful_shutdown(super::parent_left()).await?;
    Ok(())
}
