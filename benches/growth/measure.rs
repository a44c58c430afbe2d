//! An emulator with growing numbers of one thing, under the same load.

use sluicegate_benches::args::Extent;
use sluicegate_benches::emulator::Order;
use sluicegate_benches::load::{Pace, load};
use sluicegate_benches::process::at_rest;
use sluicegate_benches::sluicegate_process::SluicegateProcess;
use sluicegate_benches::sockets;
use std::path::PathBuf;

/// Messages a second when latency is measured.
pub const RATE_PER_S: f64 = 200.0;
/// Connections that send them.
pub const SENDERS: usize = 10;
const SECONDS: f64 = 4.0;
/// Connections of the closed loop in which batches fill, and the unanswered messages of each.
pub const CLOSED: (usize, u64) = (100, 20);

/// Idle connections at most, from several addresses: a limit of 20,000 open files leaves room for the rest.
const CONNECTIONS_MAX: usize = 19_000;

pub struct Bench {
    pub sluicegate: PathBuf,
    pub echo: PathBuf,
    pub extent: Extent,
}

pub struct Point {
    /// How many there were.
    pub count: usize,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Resident memory of the emulator's process, at rest.
    pub mb: f64,
    /// Round trips a second, or records put, if measured.
    pub per_s: Option<f64>,
}

impl Bench {
    /// Idle connections beside the ten that send.
    pub async fn connections(&self) -> anyhow::Result<Vec<Point>> {
        let counts = self.extent.pick(&[10, 100, 1_000, 10_000, CONNECTIONS_MAX][..], &[10, 1_000]);
        sockets::allow(counts.iter().copied().max().unwrap_or_default())?;
        let emulator = self.start(Order::of(&self.echo)).await?;
        let (mut open, mut points) = (Vec::new(), Vec::new());
        for &count in counts {
            open.extend(sockets::open(&emulator.uri, count - open.len()).await?);
            points.push(self.point("connections", count, &emulator, None).await?);
        }
        Ok(points)
    }

    pub async fn shards(&self) -> anyhow::Result<Vec<Point>> {
        let mut points = Vec::new();
        for &shards in self.extent.pick(&[1, 4, 16, 64][..], &[1, 64]) {
            let emulator = self.start(Order { shards, ..Order::of(&self.echo) }).await?;
            points.push(self.point("shards", shards, &emulator, Some(CLOSED)).await?);
        }
        Ok(points)
    }

    /// Functions that all see every message; one of them answers.
    pub async fn functions(&self) -> anyhow::Result<Vec<Point>> {
        let mut points = Vec::new();
        for &functions in self.extent.pick(&[1, 5, 10, 20][..], &[1, 20]) {
            let emulator = self.start(Order { functions, ..Order::of(&self.echo) }).await?;
            points.push(self.point("functions", functions, &emulator, None).await?);
        }
        Ok(points)
    }

    /// Records in a batch, at most, under more load than single records can carry.
    pub async fn batches(&self) -> anyhow::Result<Vec<Point>> {
        let mut points = Vec::new();
        for &batch_size in self.extent.pick(&[1, 10, 100, 1_000, 10_000][..], &[1, 100]) {
            let emulator = self.start(Order { batch_size, ..Order::of(&self.echo) }).await?;
            points.push(self.point("records a batch", batch_size, &emulator, Some(CLOSED)).await?);
        }
        Ok(points)
    }

    async fn start(&self, order: Order) -> anyhow::Result<SluicegateProcess> {
        SluicegateProcess::start(&self.sluicegate, &order).await
    }

    async fn point(
        &self,
        what: &str,
        count: usize,
        emulator: &SluicegateProcess,
        closed: Option<(usize, u64)>,
    ) -> anyhow::Result<Point> {
        let seconds = self.extent.pick(SECONDS, 1.5);
        let run = load(&self.sluicegate, &emulator.uri, SENDERS, Pace::Open(RATE_PER_S), seconds).await?;
        let mb = at_rest(emulator.process()).await? as f64 / 1e6;
        let per_s = match closed {
            Some((connections, in_flight)) => {
                let pace = Pace::Closed(in_flight);
                Some(load(&self.sluicegate, &emulator.uri, connections, pace, seconds).await?.answered_per_s)
            }
            None => None,
        };
        let point = Point { count, p50_ms: run.latency_ms.p50, p99_ms: run.latency_ms.p99, mb, per_s };
        println!("{count} {what}: p50 {:.2} ms, p99 {:.2} ms, {mb:.1} MB", point.p50_ms, point.p99_ms);
        Ok(point)
    }
}
