//! The section of PERFORMANCE.md.

use crate::COMMAND;
use crate::batch::{self, Batch};
use crate::cost::Cost;
use crate::hops::{self, Hops, Polling};
use crate::idle::{self, Idle};
use crate::round_trip::{self, Contender};
use anyhow::Context as _;
use line_chart::{Chart, Line, Panel, Scale};
use sluicegate_benches::machine;
use sluicegate_benches::report::Table;
use sluicegate_benches::summary::{Spread, figure};

pub struct Measured {
    pub idle: Idle,
    pub hops: Hops,
    pub batch: Batch,
    /// Ours first, the bare echo server second.
    pub trips: Vec<Contender>,
    pub echo_bytes: u64,
    pub node_sdk: String,
    pub machine: String,
}

impl Measured {
    pub fn chart(&self) -> String {
        let line = |contender: &Contender| {
            let at = |x: f64, percentile: fn(&sluicegate_benches::load::Run) -> f64| {
                contender.open_ms(percentile).map(|summary| (x, summary.median()))
            };
            let points = [
                at(2.0, |run| run.latency_ms.p50),
                at(10.0, |run| run.latency_ms.p90),
                at(100.0, |run| run.latency_ms.p99),
                at(1_000.0, |run| run.latency_ms.p999),
            ];
            Line { name: contender.name.to_owned(), points: points.into_iter().flatten().collect() }
        };
        let lines: Vec<_> = self.trips.iter().map(line).collect();
        Chart {
            title: "Round trip at 200 messages/s",
            x: "all but one message in … were faster (2: median, 100: 99th percentile)",
            scale: Scale::Log,
            shaded: None,
            panels: &[Panel { title: "ms", scale: Scale::Log, height: 240.0, lines: &lines }],
        }
        .svg()
    }

    pub fn section(&self, chart: &str) -> anyhow::Result<String> {
        Ok(format!(
            "## The flow against its aims and its peers

`{COMMAND}`

{aims}
{peers}
{chart}

{hops}
Medians, with the least and the most in parentheses. All contenders take turns in one run, each in its own processes:
Sluicegate as released (`sluicegate serve --quiet --no-write-limits`), and `echo` as deployed. `sluicegate load` puts the
same load on each and checks every answer: none missing, none altered, none out of order.

- Round trips: {connections} connections, open loop, latency from when a message was due. Sustained: {closed} connections with
  {in_flight} unanswered messages each. 100 bytes a message; the generator shares the machine.
- Idle memory that is not allocated is pages of the program's own file, which the kernel takes back when it needs them.
  With the stack, it includes what the deployment used.
- Hand-over: {puts} records one after another ({polled} for MiniStack, LocalStack and ferrokinesis), put over one HTTP connection. For
  the table of aims they are put within the process, where the library is linked without link-time optimisation. The
  clock stops when the function's process has read its batch. MiniStack and LocalStack run the same function.
- Memory of a connection: what the server's process grows by from a fifth of {idle_connections} idle connections to all of them,
  divided by their number. The kernel's memory is not counted.
- The batch: the same program works {at_once} connections at once, and one at a time, with an endpoint that answers a post
  after {post_ms} ms. With {per_connection} records per connection the longest chain takes {chain_ms} ms; {at_once} at once need {rounds_ms} ms at least.

{whats}
{polling}
- ferrokinesis 0.7, the library that this emulator's stream is built on, by its own HTTP router
- AWS SDK for Node.js {node_sdk}
- {rustc}
- {today}; {machine}
",
            aims = self.aims()?.markdown(),
            peers = self.peers()?.markdown(),
            hops = self.hop_table().markdown(),
            connections = round_trip::CONNECTIONS,
            closed = round_trip::CLOSED.0,
            in_flight = round_trip::CLOSED.1,
            puts = figure(hops::PUTS as f64),
            polled = hops::POLLED_PUTS,
            idle_connections = figure(idle::CONNECTIONS as f64),
            at_once = batch::AT_ONCE,
            post_ms = batch::POST_MS,
            per_connection = batch::RECORDS / batch::CONNECTIONS,
            chain_ms = batch::POST_MS * (batch::RECORDS / batch::CONNECTIONS) as u64,
            rounds_ms = batch::POST_MS * batch::RECORDS.div_ceil(batch::AT_ONCE) as u64,
            whats = self.whats(),
            polling = self.polling(),
            node_sdk = self.node_sdk,
            rustc = machine::version("rustc")?,
            today = machine::today(),
            machine = self.machine,
        ))
    }

    fn polling(&self) -> String {
        let line = |peer: &Polling| {
            format!(
                "- {}: {:.1} s to its start, {:.0} MB with what it started",
                peer.what, peer.start_s, peer.mb
            )
        };
        self.hops.polling.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn whats(&self) -> String {
        let line = |one: &Contender| match &one.overload {
            None => format!("- {}: {}", one.name, one.what),
            Some(how) => format!("- {}: {}; overloaded: {how}", one.name, one.what),
        };
        let lines: Vec<_> = self.trips.iter().map(line).collect();
        lines.join("\n")
    }

    /// The aims of the project, each with what was measured.
    fn aims(&self) -> anyhow::Result<Table> {
        let ours = self.trips.first().context("nothing was measured")?;
        let p50 = ours.open_ms(|run| run.latency_ms.p50).context("no round trip")?;
        let p99 = ours.open_ms(|run| run.latency_ms.p99).context("no round trip")?;
        let per_s = ours.per_s().context("no rate")?;
        let Self { idle, hops, batch, .. } = self;
        let times = |ratio: f64| format!("{}×", figure(ratio));
        let mut table = Table::new(&["figure", "measured", "floor", "aim"]);
        let mut row = |what: &str, measured: String, floor: &str, aim: &str| {
            table.row(&[what.to_owned(), measured, floor.to_owned(), aim.to_owned()]);
        };
        row("round trip at 200 messages/s, p50, ms", p50.to_string(), "3", "1");
        row("round trip at 200 messages/s, p99, ms", p99.to_string(), "10", "3");
        row(
            "against MiniStack's hop from stream to function",
            times(hops.polling.first().context("MiniStack was not measured")?.times.p50 / p50.median()),
            "16×",
            "40×",
        );
        row("sustained round trips/s", per_s.to_string(), "5,000", "10,000");
        for (what, part) in [
            ("processor time of one, emulator, µs", (|cost: Cost| cost.emulator_us) as fn(Cost) -> f64),
            ("processor time of one, function, µs", |cost| cost.functions_us),
            ("processor time of one, generator, µs", |cost| cost.generator_us),
            ("that is, cores in use", |cost| cost.cores),
        ] {
            row(what, ours.cost(part).context("no cost")?.to_string(), "", "");
        }
        row("append until a waiting function has its batch, p50, ms", figure(hops.handed.p50), "1", "0.2");
        row("an idle connection's memory, KB", figure(idle.connection_kb), "16", "4");
        row("the same of the bare echo server, KB", figure(idle.bare_connection_kb), "", "");
        row("start to listening, ms", idle.start_ms.to_string(), "100", "20");
        row("idle memory, MB", figure(idle.empty_mb), "20", "10");
        row("of it allocated, not the program's own file, MB", figure(idle.anonymous_mb), "", "");
        row("idle memory with the stack, MB", figure(idle.stack_mb), "", "");
        let ratio = batch.one_by_one_ms.median() / batch.side_by_side_ms.median();
        row("1,000 records of 500 connections against one by one", times(ratio), "20×", "the longest chain");
        row("such a batch, ms", batch.side_by_side_ms.to_string(), "", "");
        row("echo's bootstrap, MB", figure(self.echo_bytes as f64 / 1e6), "4.5", "3");
        Ok(table)
    }

    fn peers(&self) -> anyhow::Result<Table> {
        let columns =
            ["round trips", "one at a time, p50, ms", "200/s, p50, ms", "200/s, p99, ms", "sustained/s"];
        let mut table = Table::new(&columns);
        let ours = self.trips.first().context("nothing was measured")?;
        let our = (ours.single_ms(), ours.open_ms(|run| run.latency_ms.p50), ours.per_s());
        for contender in &self.trips {
            let against = |summary: Option<Spread>, ours: &Option<Spread>| match (summary, ours) {
                (Some(summary), Some(ours)) => {
                    format!("{summary}: {}×", figure(summary.median() / ours.median()))
                }
                _ => "overloaded".to_owned(),
            };
            let p99 = contender.open_ms(|run| run.latency_ms.p99);
            table.row(&[
                contender.name.to_owned(),
                against(contender.single_ms(), &our.0),
                against(contender.open_ms(|run| run.latency_ms.p50), &our.1),
                p99.map_or("overloaded".to_owned(), |p99| p99.to_string()),
                against(contender.per_s(), &our.2),
            ]);
        }
        Ok(table)
    }

    fn hop_table(&self) -> Table {
        let Hops { over_http, polling, ferrokinesis, put_per_s, ferrokinesis_put_per_s, .. } = &self.hops;
        let mut table =
            Table::new(&["PutRecord over HTTP", "p50, ms", "p99, ms", "against ours", "PutRecord/s"]);
        let mut row = |what: &str, times: &hops::Times, rate: String| {
            let ratio = format!("{}×", figure(times.p50 / over_http.p50));
            table.row(&[what.to_owned(), figure(times.p50), figure(times.p99), ratio, rate]);
        };
        row("Sluicegate, until a function has it", over_http, put_per_s.to_string());
        for peer in polling {
            row(&format!("{}, until the same function has it", peer.name), &peer.times, String::new());
        }
        row(
            "ferrokinesis, until SubscribeToShard delivers it",
            ferrokinesis,
            ferrokinesis_put_per_s.to_string(),
        );
        table
    }
}
