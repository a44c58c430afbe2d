//! `sluicegate tail`: the events of a stream, one line each, in the order in which they arrived.

mod event;
mod line;

use crate::aws::Aws;
use crate::print;
use crate::stop::StopSignals;
use crate::stream::{self, Consumer, Moment, Reader, Source, now_ms};
use event::{Event, Filter};
use line::Styles;
use std::io::{ErrorKind, IsTerminal as _};
use std::sync::Arc;

/// Where a window begins whose beginning is not given, in milliseconds before now.
const SINCE_MS: i64 = 10 * 60 * 1_000;

#[derive(clap::Args)]
pub struct Args {
    /// Stream to read [default: the only one whose name ends with -events]
    #[arg(long, value_name = "NAME", env = "SLUICEGATE_STREAM_NAME")]
    stream: Option<String>,
    /// Where to begin: so long ago (30s, 10m, 2h, 1d), now, or a time such as 2026-11-30T10:00:00Z [default: 10m; with
    /// --follow, now]
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,
    /// Go on with the events that arrive, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// Follow without a consumer of its own: polls, and so shares the shards' five reads a second and 2 MB/s with others
    #[arg(long, requires = "follow")]
    no_consumer: bool,
    #[command(flatten)]
    filter: Filter,
    /// Print whole records, one JSON object per line
    #[arg(long)]
    json: bool,
}

/// Runs against `AWS_ENDPOINT_URL`, else AWS.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let mut signals = StopSignals::listen()?;
    let aws = tokio::select! {
        aws = Aws::from_environment() => Arc::new(aws?),
        () = signals.next() => return Ok(()),
    };
    let stream = stream::find(&aws, args.stream.clone()).await?;
    let consumer = if args.follow && !args.no_consumer { Some(register(&aws, &stream).await?) } else { None };
    let shown = tokio::select! {
        shown = show(&aws, &stream, consumer.as_ref(), &args) => shown,
        () = signals.next() => Ok(()),
    };
    if let Some(consumer) = consumer {
        consumer.remove(&aws).await;
    }
    shown
}

async fn register(aws: &Aws, stream: &str) -> anyhow::Result<Consumer> {
    if std::io::stderr().is_terminal() {
        eprintln!("registering a consumer, which takes some seconds on AWS (--no-consumer does without)");
    }
    let name = format!("sluicegate-tail-{}-{}", std::process::id(), now_ms());
    Consumer::register(aws, &stream::arn(aws, stream).await?, &name).await
}

async fn show(aws: &Arc<Aws>, stream: &str, consumer: Option<&Consumer>, args: &Args) -> anyhow::Result<()> {
    let now_ms = now_ms();
    let default = if args.follow { None } else { Some(Moment::Ago { ms: SINCE_MS }) };
    let since_ms = args.since.or(default).map(|since| since.epoch_ms(now_ms));
    let source = match consumer {
        Some(consumer) => Source::Consumer(consumer.arn.clone()),
        None => Source::Poll { until_ms: (!args.follow).then_some(now_ms) },
    };
    let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let styles = Styles::new(colours);
    let mut reader = Reader::open(Arc::clone(aws), stream, source, since_ms).await?;
    while let Some(records) = reader.next().await? {
        let mut text = String::new();
        for record in &records {
            let event = Event::of(record);
            if args.filter.fits(record, event.as_ref()) {
                text += &if args.json {
                    event::as_json(record) + "\n"
                } else {
                    line::line(record, event.as_ref(), styles)
                };
            }
        }
        match print::try_out(&text) {
            Ok(()) => {}
            // As after `| head`: there is a consumer to be removed.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
