//! Processor time that a round trip takes, and of which process.

use sluicegate_benches::process::Process;
use std::time::{Duration, Instant};

/// Microseconds a round trip.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub plane_us: f64,
    pub functions_us: f64,
    pub generator_us: f64,
    /// Cores that all of it took on average.
    pub cores: f64,
}

/// Reads the clocks of a plane, of its functions and of what this process has run to its end.
pub struct Meter {
    plane: Process,
    begun: Instant,
    clocks: [Duration; 3],
}

impl Meter {
    pub fn start(plane: Process) -> anyhow::Result<Self> {
        Ok(Self { plane, begun: Instant::now(), clocks: clocks(plane)? })
    }

    /// What each of so many round trips took since.
    pub fn stop(self, round_trips: u64) -> anyhow::Result<Cost> {
        let elapsed = self.begun.elapsed();
        let ended = clocks(self.plane)?;
        let taken: Vec<_> =
            ended.iter().zip(self.clocks).map(|(ended, begun)| ended.saturating_sub(begun)).collect();
        let each_us = |clock: usize| taken[clock].as_secs_f64() * 1e6 / round_trips as f64;
        Ok(Cost {
            plane_us: each_us(0),
            functions_us: each_us(1),
            generator_us: each_us(2),
            cores: taken.iter().sum::<Duration>().div_duration_f64(elapsed),
        })
    }
}

fn clocks(plane: Process) -> anyhow::Result<[Duration; 3]> {
    let functions: anyhow::Result<Vec<_>> = plane.children()?.into_iter().map(Process::cpu).collect();
    Ok([plane.cpu()?, functions?.into_iter().sum(), Process::own().ended_children_cpu()?])
}
