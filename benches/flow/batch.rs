//! A batch of many connections' records, posted side by side and one after another, with posts that take as long as
//! over a network.

use crate::Ours;
use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use emulator::services::kinesis::Record;
use emulator::services::lambda::event_source_mapping::event::{EventFrame, event};
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use sluicegate_benches::args::Extent;
use sluicegate_benches::emulator::{BenchEmulator, Order};
use sluicegate_benches::function::RunningFunction;
use sluicegate_benches::roles;
use sluicegate_benches::summary::Spread;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::TcpListener;

pub const RECORDS: usize = 1_000;
/// Connections of these records.
pub const CONNECTIONS: usize = 500;
/// Milliseconds that `@connections` takes to answer here: as long as a call within a region.
pub const POST_MS: u64 = 5;
/// Connections that the library handles at once.
pub const AT_ONCE: usize = 64;

pub struct Batch {
    pub side_by_side_ms: Spread,
    pub one_by_one_ms: Spread,
}

/// Measures such batches with two processes of the same program, in turns.
pub async fn measure(ours: &Ours, extent: Extent) -> anyhow::Result<Batch> {
    let posts = Arc::new(AtomicUsize::new(0));
    let port = slow_connections(Arc::clone(&posts)).await?;
    let emulator = BenchEmulator::start(&Order { fed: false, ..Order::of(&ours.echo) }).await?;
    let (_code, mut many) = echo(&emulator, AT_ONCE, port).await?;
    let (_other, mut one) = echo(&emulator, 1, port).await?;
    let (mut many_ms, mut one_ms, mut handed) = (Vec::new(), Vec::new(), 0);
    for round in 0..=extent.pick(3, 1) {
        for (function, times) in [(&mut many, &mut many_ms), (&mut one, &mut one_ms)] {
            let before = posts.load(Ordering::Relaxed);
            let batch = batch(handed);
            handed += RECORDS;
            let begun = Instant::now();
            function.invoke(batch).await?;
            let took = begun.elapsed();
            let posted = posts.load(Ordering::Relaxed) - before;
            anyhow::ensure!(posted == RECORDS, "{posted} of {RECORDS} records were posted");
            // The first opens the connections to the endpoint.
            if round > 0 {
                times.push(took.as_secs_f64() * 1_000.0);
            }
        }
    }
    many.stop().await;
    one.stop().await;
    emulator.emulator.stop().await;
    println!("a batch of {RECORDS} records: {many_ms:.0?} ms side by side, {one_ms:.0?} ms one by one");
    let spreads = Spread::of(many_ms).zip(Spread::of(one_ms));
    let (side_by_side_ms, one_by_one_ms) = spreads.context("no batch was measured")?;
    Ok(Batch { side_by_side_ms, one_by_one_ms })
}

/// A process that echoes to the slow endpoint, and the folder of its code.
async fn echo(
    emulator: &BenchEmulator,
    at_once: usize,
    port: u16,
) -> anyhow::Result<(TempDir, RunningFunction)> {
    let code = tempfile::tempdir()?;
    let bootstrap = code.path().join("bootstrap");
    std::fs::write(&bootstrap, roles::bootstrap("echo", &at_once)?)?;
    std::fs::set_permissions(&bootstrap, std::fs::Permissions::from_mode(0o755))?;
    let endpoint =
        ("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI".to_owned(), format!("http://127.0.0.1:{port}"));
    let (function, _) =
        RunningFunction::start_with(emulator, code.path(), BTreeMap::from([endpoint])).await?;
    Ok((code, function))
}

/// [`RECORDS`] records of [`CONNECTIONS`] connections in turns; `first` distinguishes them from earlier ones.
fn batch(first: usize) -> Bytes {
    let frame = EventFrame {
        event_source_arn: "arn:aws:kinesis:us-east-1:000000000000:stream/bench".into(),
        invoke_identity_arn: "arn:aws:iam::000000000000:role/function".into(),
        region: "us-east-1".into(),
    };
    let record = |index: usize| {
        let connection = format!("connection-{:04}=", index % CONNECTIONS);
        let event = json!({"payload": {"msg": "Hello World!", "n": index}, "connectionId": connection});
        Arc::new(Record {
            sequence_number: format!("{index:056}").into(),
            partition_key: connection,
            data: STANDARD.encode(event.to_string()),
            arrived_ms: emulator::core::clock::now_ms(),
        })
    };
    let records: Vec<_> = (first..first + RECORDS).map(record).collect();
    event(&frame, "shardId-000000000000", &records).into()
}

/// An endpoint that accepts every post, after [`POST_MS`].
async fn slow_connections(posts: Arc<AtomicUsize>) -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let _ = socket.set_nodelay(true);
            let posts = Arc::clone(&posts);
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let posts = Arc::clone(&posts);
                async move {
                    let is_post = request.method() == http::Method::POST;
                    let _ = request.into_body().collect().await;
                    if is_post {
                        tokio::time::sleep(Duration::from_millis(POST_MS)).await;
                        posts.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok::<_, Infallible>(http::Response::new(Full::<Bytes>::default()))
                }
            });
            let serve =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service);
            tokio::spawn(serve);
        }
    });
    Ok(port)
}
