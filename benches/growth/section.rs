//! The section of PERFORMANCE.md.

use crate::COMMAND;
use crate::measure::{self, Point};
use crate::retained;
use line_chart::{Chart, Line, Panel, Scale};
use sluicegate_benches::machine;
use sluicegate_benches::report::Table;
use sluicegate_benches::summary::figure;

pub struct Grown {
    pub connections: Vec<Point>,
    pub retained: Vec<Point>,
    pub shards: Vec<Point>,
    pub functions: Vec<Point>,
    pub batches: Vec<Point>,
    pub machine: String,
}

impl Grown {
    pub fn latency_chart(&self) -> String {
        self.chart("Median latency", "ms", |point| point.p50_ms)
    }

    pub fn memory_chart(&self) -> String {
        self.chart("Resident memory of the emulator", "MB", |point| point.mb)
    }

    fn chart(&self, title: &str, unit: &str, value: impl Fn(&Point) -> f64) -> String {
        let curves = [
            ("idle connections", &self.connections),
            ("records kept", &self.retained),
            ("shards", &self.shards),
            ("functions", &self.functions),
            ("records a batch", &self.batches),
        ];
        let lines = curves.map(|(name, points)| Line {
            name: name.to_owned(),
            points: points.iter().map(|point| (point.count as f64, value(point))).collect(),
        });
        let panels = [Panel { title: unit, scale: Scale::Log, height: 240.0, lines: &lines }];
        Chart { title, x: "how many of each", scale: Scale::Log, shaded: None, panels: &panels }.svg()
    }

    pub fn section(&self, latency: &str, memory: &str) -> anyhow::Result<String> {
        Ok(format!(
            "## How cost grows

`{COMMAND}`

{}
{latency}

{memory}

The emulator runs as released: `sluicegate serve --quiet --no-write-limits`.

- All series but *records kept*: the round trip of {} messages a second on {} connections, through one function that
  answers; `/s` is the closed loop with {} connections and {} unanswered messages on each.
- Records kept: {} bytes each. The latency is that of one record from PutRecord over HTTP until a function with batches
  of 10,000 has it, {} times at each step; `/s` is how many records PutRecords took in calls of 500 over one HTTP connection.
- Functions: each sees every message, as in the reference, and all but one ignore it. A message costs one invocation of
  each function, so what grows is work, not waiting.
- Memory: the emulator's process at rest, without the functions' processes.

- {}
- {}; {}
",
            self.table().markdown(),
            measure::RATE_PER_S,
            measure::SENDERS,
            measure::CLOSED.0,
            measure::CLOSED.1,
            retained::RECORD_BYTES,
            retained::PUTS,
            machine::version("rustc")?,
            machine::today(),
            self.machine,
        ))
    }

    fn table(&self) -> Table {
        let mut table = Table::new(&["what grows", "how many", "p50, ms", "p99, ms", "memory, MB", "/s"]);
        for (what, points) in [
            ("idle connections", &self.connections),
            ("records kept", &self.retained),
            ("shards", &self.shards),
            ("functions", &self.functions),
            ("records a batch", &self.batches),
        ] {
            for point in points {
                table.row(&[
                    what.to_owned(),
                    figure(point.count as f64).trim_end_matches(".00").trim_end_matches(".0").to_owned(),
                    figure(point.p50_ms),
                    figure(point.p99_ms),
                    figure(point.mb),
                    point.per_s.map(figure).unwrap_or_default(),
                ]);
            }
        }
        table
    }
}
