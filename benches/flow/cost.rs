//! Processor time of a round trip, by process.

use sluicegate_benches::process::Process;
use std::time::{Duration, Instant};

/// Microseconds a round trip.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub emulator_us: f64,
    pub functions_us: f64,
    pub generator_us: f64,
    /// Cores in use, on average.
    pub cores: f64,
}

/// Reads the processor time of an emulator, of its functions and of this process's finished children.
pub struct Meter {
    emulator: Process,
    begun: Instant,
    clocks: [Duration; 3],
}

impl Meter {
    pub fn start(emulator: Process) -> anyhow::Result<Self> {
        Ok(Self { emulator, begun: Instant::now(), clocks: clocks(emulator)? })
    }

    /// The cost of each of so many round trips since the start.
    pub fn stop(self, round_trips: u64) -> anyhow::Result<Cost> {
        let elapsed = self.begun.elapsed();
        let ended = clocks(self.emulator)?;
        let taken: Vec<_> =
            ended.iter().zip(self.clocks).map(|(ended, begun)| ended.saturating_sub(begun)).collect();
        let each_us = |clock: usize| taken[clock].as_secs_f64() * 1e6 / round_trips as f64;
        Ok(Cost {
            emulator_us: each_us(0),
            functions_us: each_us(1),
            generator_us: each_us(2),
            cores: taken.iter().sum::<Duration>().div_duration_f64(elapsed),
        })
    }
}

fn clocks(emulator: Process) -> anyhow::Result<[Duration; 3]> {
    let functions: anyhow::Result<Vec<_>> = emulator.children()?.into_iter().map(Process::cpu).collect();
    Ok([emulator.cpu()?, functions?.into_iter().sum(), Process::own().ended_children_cpu()?])
}
