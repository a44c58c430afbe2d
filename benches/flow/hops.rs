//! From PutRecord until the record's consumer has it: ours, MiniStack's, LocalStack's and ferrokinesis's.

use crate::Ours;
use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use emulator::package::{Packing, package};
use http::Method;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sluicegate_benches::PATIENCE;
use sluicegate_benches::args::Extent;
use sluicegate_benches::emulator::{BenchEmulator, Order};
use sluicegate_benches::hop::Arrivals;
use sluicegate_benches::kinesis::AwsClient;
use sluicegate_benches::peers;
use sluicegate_benches::roles::{self, start};
use sluicegate_benches::sluicegate_process::SluicegateProcess;
use sluicegate_benches::summary::Spread;
use std::path::Path;
use std::time::{Duration, Instant};

/// Records put one after another into each of ours.
pub const PUTS: usize = 2_000;
/// The same for those that poll.
pub const POLLED_PUTS: usize = 100;
/// Seconds of putting records as fast as one connection can.
const PUT_SECONDS: f64 = 2.0;
const STREAM: &str = "bench";
type Start = fn() -> anyhow::Result<peers::Emulator>;
const PEERS: [(&str, Start); 2] = [("MiniStack", peers::ministack), ("LocalStack", peers::localstack)];

/// All in milliseconds, except the rates.
pub struct Hops {
    /// From PutRecord within the process until a waiting function has read its batch.
    pub handed: Times,
    /// The same with PutRecord over HTTP.
    pub over_http: Times,
    /// Emulators that poll their streams, MiniStack first.
    pub polling: Vec<Polling>,
    /// Until SubscribeToShard delivers it.
    pub ferrokinesis: Times,
    /// PutRecord calls a second over one HTTP connection.
    pub put_per_s: Spread,
    pub ferrokinesis_put_per_s: Spread,
}

/// An emulator that polls its streams for its functions.
pub struct Polling {
    pub name: &'static str,
    pub what: String,
    pub start_s: f64,
    pub mb: f64,
    pub times: Times,
}

/// A median and a 99th percentile.
pub struct Times {
    pub p50: f64,
    pub p99: f64,
}

impl Times {
    fn of(mut times: Vec<f64>) -> anyhow::Result<Self> {
        times.sort_by(f64::total_cmp);
        ensure!(!times.is_empty(), "no record was put");
        let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
        Ok(Self { p50: at(0.5), p99: at(0.99) })
    }
}

pub async fn measure(ours: &Ours, extent: Extent) -> anyhow::Result<Hops> {
    let puts = extent.pick(PUTS, 300);
    let polled = extent.pick(POLLED_PUTS, 20);
    let handed = in_process(puts).await?;
    println!("append until a waiting function has it: p50 {:.3} ms, p99 {:.3} ms", handed.p50, handed.p99);
    let over_http = over_http(ours, puts).await?;
    println!("the same over HTTP: p50 {:.3} ms", over_http.p50);
    let mut polling = Vec::new();
    for (name, start) in PEERS {
        // One at a time: an idle one takes time too.
        let mut emulator = start()?;
        let times = on_peer(emulator.port, polled).await?;
        println!("{}: p50 {:.1} ms", emulator.what, times.p50);
        let (mb, start_s) = (emulator.resident_bytes()? as f64 / 1e6, emulator.start_s);
        polling.push(Polling { name, what: emulator.what.clone(), start_s, mb, times });
    }
    let ferrokinesis = subscribed(polled).await?;
    println!("ferrokinesis, SubscribeToShard: p50 {:.1} ms", ferrokinesis.p50);
    let (put_per_s, ferrokinesis_put_per_s) = rates(ours, extent).await?;
    Ok(Hops { handed, over_http, polling, ferrokinesis, put_per_s, ferrokinesis_put_per_s })
}

/// The function's `bootstrap` in a file of its own.
fn bootstrap_file(arrivals: &Arrivals) -> anyhow::Result<tempfile::NamedTempFile> {
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), arrivals.bootstrap()?)?;
    Ok(file)
}

async fn in_process(puts: usize) -> anyhow::Result<Times> {
    let mut arrivals = Arrivals::listen().await?;
    let bootstrap = bootstrap_file(&arrivals)?;
    let emulator = BenchEmulator::start(&Order::of(bootstrap.path())).await?;
    let stream = emulator.stack.stream_name();
    let mut times = Vec::new();
    for _ in 0..=puts {
        times.push(arrivals.put(&stream, async |record| emulator.kinesis("PutRecord", record).await).await?);
    }
    emulator.emulator.stop().await;
    // The first one starts the function.
    Times::of(times.split_off(1))
}

async fn over_http(ours: &Ours, puts: usize) -> anyhow::Result<Times> {
    let mut arrivals = Arrivals::listen().await?;
    let bootstrap = bootstrap_file(&arrivals)?;
    let emulator = SluicegateProcess::start(&ours.sluicegate, &Order::of(bootstrap.path())).await?;
    let client = AwsClient::connect(emulator.port).await?;
    put_all(&mut arrivals, client, &emulator.stream, puts).await
}

async fn put_all(
    arrivals: &mut Arrivals,
    mut client: AwsClient,
    stream: &str,
    puts: usize,
) -> anyhow::Result<Times> {
    let mut times = Vec::new();
    for _ in 0..=puts {
        times.push(arrivals.put(stream, async |record| client.kinesis("PutRecord", record).await).await?);
    }
    Times::of(times.split_off(1))
}

/// The same function on a mapping of a peer's, created by a user's calls.
async fn on_peer(port: u16, puts: usize) -> anyhow::Result<Times> {
    let mut arrivals = Arrivals::listen().await?;
    let zip = package(arrivals.bootstrap()?.as_bytes(), Packing::Stored)?;
    let mut client = AwsClient::connect(port).await?;
    client.kinesis("CreateStream", &json!({"StreamName": STREAM, "ShardCount": 1})).await?;
    let stream = active(&mut client).await?;
    let function = json!({
        "FunctionName": "hop", "Runtime": "provided.al2023", "Handler": "bootstrap",
        "Role": "arn:aws:iam::000000000000:role/hop", "Code": {"ZipFile": STANDARD.encode(zip)}, "Timeout": 30,
    });
    client.rest("lambda", Method::POST, "/2015-03-31/functions", &function).await?;
    let mapping = json!({
        "FunctionName": "hop", "EventSourceArn": stream["StreamARN"], "BatchSize": 16,
        "StartingPosition": "TRIM_HORIZON",
    });
    client.rest("lambda", Method::POST, "/2015-03-31/event-source-mappings/", &mapping).await?;
    put_all(&mut arrivals, client, STREAM, puts).await
}

async fn active(client: &mut AwsClient) -> anyhow::Result<Value> {
    let begun = Instant::now();
    loop {
        let mut answer = client.kinesis("DescribeStream", &json!({"StreamName": STREAM})).await?;
        let stream = answer["StreamDescription"].take();
        if stream["StreamStatus"] == "ACTIVE" {
            return Ok(stream);
        }
        ensure!(begun.elapsed() < PATIENCE, "the stream does not become active");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// ferrokinesis's own push to a consumer.
async fn subscribed(puts: usize) -> anyhow::Result<Times> {
    let (_child, greeting): (_, Value) = start("kinesis", &json!(null))?;
    let port = greeting["port"].as_u64().context("no port")? as u16;
    let (mut client, mut subscriber) = (AwsClient::connect(port).await?, AwsClient::connect(port).await?);
    client.kinesis("CreateStream", &json!({"StreamName": STREAM, "ShardCount": 1})).await?;
    let stream = active(&mut client).await?;
    let consumer = json!({"StreamARN": stream["StreamARN"], "ConsumerName": "c"});
    let consumer = client.kinesis("RegisterStreamConsumer", &consumer).await?;
    let arn = &consumer["Consumer"]["ConsumerARN"];
    let begun = Instant::now();
    while client.kinesis("DescribeStreamConsumer", &json!({"ConsumerARN": arn})).await?["ConsumerDescription"]
        ["ConsumerStatus"]
        != "ACTIVE"
    {
        ensure!(begun.elapsed() < PATIENCE, "the consumer does not become active");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut events = subscriber
        .subscribe(&json!({
            "ConsumerARN": arn, "ShardId": "shardId-000000000000", "StartingPosition": {"Type": "TRIM_HORIZON"},
        }))
        .await?;
    let mut times = Vec::new();
    for number in 0..puts {
        let data = STANDARD.encode(format!("record {number}"));
        let begun = Instant::now();
        client
            .kinesis("PutRecord", &json!({"StreamName": STREAM, "PartitionKey": "key", "Data": data}))
            .await?;
        // The frame's text has the record's data as put.
        let mut reported: Vec<u8> = Vec::new();
        while !reported.windows(data.len()).any(|window| window == data.as_bytes()) {
            let frame = tokio::time::timeout(PATIENCE, events.frame()).await.context("no event came")?;
            let frame = frame.context("the subscription has ended")??;
            reported.extend_from_slice(&frame.into_data().unwrap_or_else(|_| Bytes::new()));
        }
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
        // The next one is put at a random moment of the polling interval.
        tokio::time::sleep(Duration::from_millis(7 * (number as u64 % 30))).await;
    }
    Times::of(times)
}

/// PutRecord calls a second over one connection, in turns: ours and ferrokinesis's.
async fn rates(ours: &Ours, extent: Extent) -> anyhow::Result<(Spread, Spread)> {
    let idle = tempfile::NamedTempFile::new()?;
    std::fs::write(idle.path(), roles::bootstrap("hop", &"")?)?;
    let order = Order { fed: false, ..Order::of(Path::new(idle.path())) };
    let emulator = SluicegateProcess::start(&ours.sluicegate, &order).await?;
    let (_child, greeting): (_, Value) = start("kinesis", &json!(null))?;
    let mut ours = AwsClient::connect(emulator.port).await?;
    let mut theirs = AwsClient::connect(greeting["port"].as_u64().context("no port")? as u16).await?;
    theirs.kinesis("CreateStream", &json!({"StreamName": STREAM, "ShardCount": 1})).await?;
    active(&mut theirs).await?;
    let (mut our_rates, mut their_rates) = (Vec::new(), Vec::new());
    for _ in 0..extent.pick(3, 1) {
        our_rates.push(rate(&mut ours, &emulator.stream).await?);
        their_rates.push(rate(&mut theirs, STREAM).await?);
    }
    println!("PutRecord/s: ours {our_rates:.0?}, ferrokinesis {their_rates:.0?}");
    Spread::of(our_rates).zip(Spread::of(their_rates)).context("no rate was measured")
}

async fn rate(client: &mut AwsClient, stream: &str) -> anyhow::Result<f64> {
    let record = json!({"StreamName": stream, "PartitionKey": "key", "Data": STANDARD.encode([b'x'; 100])});
    let (begun, mut count) = (Instant::now(), 0_u32);
    while begun.elapsed().as_secs_f64() < PUT_SECONDS {
        client.kinesis("PutRecord", &record).await?;
        count += 1;
    }
    Ok(f64::from(count) / begun.elapsed().as_secs_f64())
}
