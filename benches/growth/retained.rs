//! A stream with a growing number of records.

use crate::measure::Point;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::json;
use sluicegate_benches::args::Extent;
use sluicegate_benches::emulator::Order;
use sluicegate_benches::hop::Arrivals;
use sluicegate_benches::kinesis::AwsClient;
use sluicegate_benches::process::at_rest;
use sluicegate_benches::roles::FILLING;
use sluicegate_benches::sluicegate_process::SluicegateProcess;
use std::path::Path;
use std::time::Instant;

/// Records in the stream, at each step.
const STEPS: [usize; 5] = [1, 10_000, 100_000, 1_000_000, 10_000_000];
/// Records of one PutRecords call: the API's limit.
const RECORDS_PER_CALL: usize = 500;
/// Bytes of a record.
pub const RECORD_BYTES: usize = 100;
/// Records whose latency is measured at each step.
pub const PUTS: usize = 500;

/// Fills the stream over HTTP, and measures at each step how long a record takes to a function, and how fast records
/// are put. The function gets all of them, in batches of maximum size.
pub async fn measure(sluicegate: &Path, extent: Extent) -> anyhow::Result<Vec<Point>> {
    let mut arrivals = Arrivals::listen().await?;
    let bootstrap = tempfile::NamedTempFile::new()?;
    std::fs::write(bootstrap.path(), arrivals.bootstrap()?)?;
    let order = Order { batch_size: 10_000, ..Order::of(bootstrap.path()) };
    let emulator = SluicegateProcess::start(sluicegate, &order).await?;
    let mut client = AwsClient::connect(emulator.port).await?;
    let data = STANDARD.encode(format!("{FILLING:x<RECORD_BYTES$}"));
    let records: Vec<_> = (0..RECORDS_PER_CALL)
        .map(|key| json!({"PartitionKey": format!("key-{key}"), "Data": data}))
        .collect();
    let call = Bytes::from(json!({"StreamName": emulator.stream, "Records": records}).to_string());
    let (mut kept, mut points) = (0, Vec::new());
    for &step in extent.pick(&STEPS[..], &STEPS[..3]) {
        let (begun, first) = (Instant::now(), kept);
        while kept + RECORDS_PER_CALL <= step {
            client.put_records(call.clone()).await?;
            kept += RECORDS_PER_CALL;
        }
        let per_s = (kept > first).then(|| (kept - first) as f64 / begun.elapsed().as_secs_f64());
        // The first one waits for everything that the function has not had yet.
        let mut times = Vec::new();
        for _ in 0..=PUTS {
            let put = async |record: &_| client.kinesis("PutRecord", record).await;
            times.push(arrivals.put(&emulator.stream, put).await?);
        }
        kept += times.len();
        let mut times = times.split_off(1);
        times.sort_by(f64::total_cmp);
        let mb = at_rest(emulator.process()).await? as f64 / 1e6;
        let point = Point { count: step, p50_ms: times[PUTS / 2], p99_ms: times[PUTS * 99 / 100], mb, per_s };
        println!("{step} records kept: p50 {:.3} ms, {mb:.0} MB, {per_s:.0?} records/s", point.p50_ms);
        points.push(point);
    }
    Ok(points)
}
