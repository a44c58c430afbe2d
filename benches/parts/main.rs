//! The flow's parts, one by one: `cargo bench --bench parts`. The mapping template has its own benchmark, `cargo bench
//! --package mapping-template`.

mod section;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group};
use emulator::services::kinesis::Record;
use emulator::services::lambda::event_source_mapping::batch::{BatchOutcome, RetryLimits};
use emulator::services::lambda::event_source_mapping::event::{EventFrame, event};
use emulator::services::lambda::event_source_mapping::partition_queue::{
    PartitionQueue, PartitionQueueSettings, Step,
};
use serde_json::json;
use sluicegate_benches::emulator::{BenchEmulator, Order};
use sluicegate_benches::kinesis::AwsClient;
use sluicegate_benches::{args::Extent, clients::Clients, machine, roles};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

const WARM_UP: Duration = Duration::from_secs(1);
const MEASUREMENT: Duration = Duration::from_secs(3);
const NOW_MS: u64 = 1_708_326_702_790;

fn emulator(runtime: &Runtime) -> BenchEmulator {
    let bootstrap = tempfile::NamedTempFile::new().expect("a file can be made");
    let script = roles::bootstrap("hop", &"").expect("the script is plain");
    std::fs::write(bootstrap.path(), script).expect("the file can be written");
    let order = Order { fed: false, ..Order::of(bootstrap.path()) };
    runtime.block_on(BenchEmulator::start(&order)).expect("the emulator starts")
}

/// PutRecord within the process: the common part of the gateway's integration and the wire API.
fn append(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("the runtime starts");
    let emulator = emulator(&runtime);
    let mut group = criterion.benchmark_group("append a record");
    for bytes in [100, 30_000] {
        let data = STANDARD.encode(vec![b'x'; bytes]);
        let record = json!({"StreamName": emulator.stack.stream_name(), "Data": data, "PartitionKey": "Qyi07eCbtjMCJKw="});
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_with_input(
            BenchmarkId::from_parameter(format!("{bytes} B")),
            &record,
            |bencher, record| {
                bencher
                    .iter(|| runtime.block_on(emulator.kinesis("PutRecord", record)).expect("it is taken"));
            },
        );
    }
    group.finish();
    runtime.block_on(emulator.emulator.stop());
}

fn records(count: usize) -> Vec<Arc<Record>> {
    let data = STANDARD.encode([b'x'; 260]);
    let record = |number: usize| Record {
        sequence_number: format!("{number:056}").into(),
        partition_key: "Qyi07eCbtjMCJKw=".into(),
        data: data.clone(),
        arrived_ms: NOW_MS,
    };
    (0..count).map(|number| Arc::new(record(number))).collect()
}

/// Records enter a partition queue, a batch leaves it, its event is written, its outcome is applied.
fn batch(criterion: &mut Criterion) {
    let frame = EventFrame {
        event_source_arn: "arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/echo:1".into(),
        invoke_identity_arn: "arn:aws:iam::000000000000:role/echo".into(),
        region: "us-east-1".into(),
    };
    let mut group = criterion.benchmark_group("build a batch");
    for count in [1, 16, 1_000] {
        let settings = PartitionQueueSettings {
            batch_size: count,
            window_ms: 0,
            retry: RetryLimits { bisect: false, retries_max: None },
            record_age_max_ms: None,
            envelope_bytes: 480,
        };
        let records = records(count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_with_input(
            BenchmarkId::from_parameter(format!("{count} records")),
            &records,
            |bencher, records| {
                bencher.iter_batched(
                    || records.clone(),
                    |records| {
                        let mut queue = PartitionQueue::default();
                        for record in records {
                            queue.push(record, NOW_MS);
                        }
                        let Step::Invoke(batch) = queue.step(&settings, NOW_MS) else {
                            panic!("a batch is due")
                        };
                        let event = event(black_box(&frame), "shardId-000000000000", &batch);
                        (event.len(), queue.settle(&settings, "id", &BatchOutcome::Done, NOW_MS).len())
                    },
                    BatchSize::SmallInput,
                );
            },
        );
    }
    group.finish();
}

/// POST `@connections` over one kept-alive HTTP connection, until the answer.
fn connections(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("the runtime starts");
    let emulator = emulator(&runtime);
    let (mut client, path) = runtime.block_on(async {
        let mut clients = Clients::connect(&emulator.uri(), 1).await.expect("it connects");
        clients.send(0, "{}".into()).await.expect("it sends");
        let records = emulator.records(1).await.expect("the record is there");
        let id = records[0]["connectionId"].as_str().expect("it has an id").replace('=', "%3D");
        let path = format!(
            "/_aws/execute-api/{}/{}/@connections/{id}",
            emulator.composed.api_id, emulator.stack.stage
        );
        tokio::spawn(async move { clients.drain().await });
        let port = emulator.emulator.address().port();
        (AwsClient::connect(port).await.expect("it connects"), path)
    });
    let body = Bytes::from(json!({"msg": "x".repeat(90)}).to_string());
    criterion.bench_function("post to @connections", |bencher| {
        bencher.iter(|| runtime.block_on(client.post(&path, body.clone())).expect("it is taken"));
    });
    runtime.block_on(emulator.emulator.stop());
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(WARM_UP).measurement_time(MEASUREMENT).without_plots();
    targets = append, batch, connections
}

fn main() -> anyhow::Result<()> {
    if roles::play()? {
        return Ok(());
    }
    let machine = machine::describe()?;
    benches();
    Criterion::default().configure_from_args().final_summary();
    let Some(extent) = Extent::asked() else { return Ok(()) };
    extent.publish("parts", &section::section(&machine)?)
}
