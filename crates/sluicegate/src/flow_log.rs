//! Formats the emulator's trace for the terminal: one line per event and hop.

use crate::print;
use anstyle::{AnsiColor, Style};
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use time::OffsetDateTime;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, registry};

/// Characters of the column that names the hop.
const HOP_WIDTH: usize = 16;

/// Marks a line of CloudWatch metrics, which is not shown.
const METRICS_MARKER: &str = r#""CloudWatchMetrics":["#;

/// Prints the flow to standard output. `RUST_LOG` sets the level.
pub fn install(quiet: bool) {
    let default = if quiet { "warn" } else { "warn,flow=info,function=info" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // A second call keeps the first one's choice.
    let _ = registry().with(filter).with(FlowLines { colours }).try_init();
}

struct FlowLines {
    colours: bool,
}

impl<S: Subscriber> Layer<S> for FlowLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        if fields.message.contains(METRICS_MARKER) {
            return;
        }
        let hop = match (fields.hop.is_empty(), event.metadata().target()) {
            (false, _) => fields.hop,
            (true, "function") => std::mem::take(&mut fields.function),
            (true, _) => event.metadata().level().to_string().to_lowercase(),
        };
        let style = match *event.metadata().level() {
            Level::ERROR | Level::WARN => AnsiColor::Yellow.on_default(),
            _ if event.metadata().target() == "function" => Style::new().dimmed(),
            _ => AnsiColor::Cyan.on_default(),
        };
        let style = if self.colours { style } else { Style::new() };
        let Fields { function, message, rest, .. } = fields;
        let space = if function.is_empty() || message.is_empty() { "" } else { " " };
        let line =
            format!("{}  {style}{hop:<HOP_WIDTH$}{style:#} {function}{space}{message}{rest}\n", clock());
        print::out(&line);
    }
}

#[derive(Default)]
struct Fields {
    hop: String,
    function: String,
    message: String,
    rest: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "hop" => self.hop = value.into(),
            "message" => self.message = value.into(),
            "function" => self.function = value.into(),
            name => {
                let _ = write!(self.rest, " {name}={value}");
            }
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// The time of day in UTC, to the millisecond.
fn clock() -> String {
    let (hour, minute, second, millisecond) = OffsetDateTime::now_utc().to_hms_milli();
    format!("{hour:02}:{minute:02}:{second:02}.{millisecond:03}")
}
