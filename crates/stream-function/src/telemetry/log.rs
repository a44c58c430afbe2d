//! Logs as lines on standard output: JSON in Lambda's own shape, or plain text for a terminal.
//!
//! `tracing-subscriber`'s own JSON formatter nests fields and spans, so that Lambda finds no `requestId` at the top,
//! and adds 0.8 MB to a stripped function. This one writes what Lambda's managed runtimes write:
//! `{"timestamp":…,"level":…,"requestId":…,"connectionId":…,"sequenceNumber":…,"message":…}`.

use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use std::time::SystemTime;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// Crates whose detailed logs do not help operators of a function, and can contain payloads.
const QUIET: [&str; 3] = ["aws_", "hyper", "rustls"];

/// Starts logging as set by Lambda's environment variables, unless the function has set its own subscriber.
pub(crate) fn init(lookup: impl Fn(&str) -> Option<String>) {
    let level = lookup("AWS_LAMBDA_LOG_LEVEL").as_deref().map_or(Level::INFO, level_named);
    let json = lookup("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("json"));
    let lines = Registry::default().with(Lines { level, json, write: to_stdout });
    // An error means that there is a subscriber already, which is the function's right.
    if tracing::subscriber::set_global_default(lines).is_ok() {
        // As text on standard error it would have no level, and Lambda takes such a line for INFO.
        std::panic::set_hook(Box::new(|panic| log_panic(&panic.to_string())));
    }
}

/// Logs a panic with the fields of the record that it happened in.
fn log_panic(text: &str) {
    tracing::error!("{text}");
}

/// The level of a metrics line. Lambda's filter drops lines below the function's level, so it is at least that one.
pub(crate) fn metrics_level(log_level: Option<&str>) -> &'static str {
    match log_level.map(str::to_ascii_uppercase).as_deref() {
        Some("WARN") => "WARN",
        Some("ERROR") => "ERROR",
        Some("FATAL") => "FATAL",
        _ => "INFO",
    }
}

/// Lambda's names of levels: tracing's, and `FATAL`.
fn level_named(name: &str) -> Level {
    if name.eq_ignore_ascii_case("fatal") { Level::ERROR } else { name.parse().unwrap_or(Level::INFO) }
}

/// Writes each line with one call, so that lines do not mix. A closed standard output cannot be reported anywhere.
fn to_stdout(line: &str) {
    let _ = std::io::stdout().lock().write_all(line.as_bytes());
}

/// Writes each event as one line, with the fields of all spans around it.
struct Lines<W> {
    level: Level,
    json: bool,
    write: W,
}

impl<W> Lines<W> {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let quiet = QUIET.iter().any(|prefix| metadata.target().starts_with(prefix));
        *metadata.level() <= if quiet { self.level.min(Level::WARN) } else { self.level }
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: Fn(&str) + 'static,
{
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        // Before the span is locked: a value's `Debug` may panic, and the panic is logged with the span's fields.
        let mut added = Fields::default();
        values.record(&mut added);
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            fields.0.extend(added.0);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.0.extend(outer.0.clone());
            }
        }
        event.record(&mut fields);
        let metadata = event.metadata();
        let mut line = if self.json {
            json_line(metadata, fields, SystemTime::now())
        } else {
            text_line(metadata, fields)
        };
        line.push('\n');
        (self.write)(&line);
    }
}

fn json_line(metadata: &Metadata<'_>, fields: Fields, now: SystemTime) -> String {
    let mut line = Map::new();
    line.insert("timestamp".into(), timestamp(now).into());
    line.insert("level".into(), metadata.level().as_str().into());
    line.insert("target".into(), metadata.target().into());
    line.extend(fields.0);
    Value::Object(line).to_string()
}

fn text_line(metadata: &Metadata<'_>, mut fields: Fields) -> String {
    let mut line = format!("{:5}", metadata.level().as_str());
    if let Some(Value::String(message)) = fields.0.remove("message") {
        line.push(' ');
        line.push_str(&message);
    }
    for (name, value) in fields.0 {
        let _ = write!(line, " {name}={value}");
    }
    line
}

/// RFC 3339 with milliseconds, in UTC. `time`'s own formatter is a feature that no other crate of a function needs.
pub(crate) fn timestamp(now: SystemTime) -> String {
    let now = OffsetDateTime::from(now);
    let (year, month, day) = now.to_calendar_date();
    let (hour, minute, second, millisecond) = now.to_hms_milli();
    format!("{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z", u8::from(month))
}

/// A span's or an event's fields.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.set(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn lines(json: bool, level: Level, log: impl FnOnce()) -> Vec<String> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let write = move |line: &str| sink.lock().unwrap().push(line.to_owned());
        let subscriber = Registry::default().with(Lines { level, json, write });
        tracing::subscriber::with_default(subscriber, log);
        Arc::try_unwrap(lines).unwrap().into_inner().unwrap()
    }

    #[test]
    fn a_line_has_the_fields_of_its_spans_at_the_top() {
        let lines = lines(true, Level::INFO, || {
            let _record =
                tracing::info_span!("record", requestId = "r-1", connectionId = "c=", attempts = 2u64)
                    .entered();
            tracing::warn!(error = %"no\nway", "cannot {}", "handle");
            tracing::debug!("not asked for");
        });
        let line: Value = serde_json::from_str(&lines.concat()).unwrap();
        assert_eq!((&line["level"], &line["message"]), (&"WARN".into(), &"cannot handle".into()));
        assert_eq!((&line["requestId"], &line["connectionId"]), (&"r-1".into(), &"c=".into()));
        assert_eq!((&line["attempts"], &line["error"]), (&2.into(), &"no\nway".into()));
        assert!(line["timestamp"].as_str().is_some_and(|time| time.len() == 24 && time.ends_with('Z')));
    }

    #[test]
    fn a_panic_is_an_error_with_the_fields_of_its_record() {
        let lines = lines(true, Level::ERROR, || {
            let _record = tracing::error_span!("record", sequenceNumber = "7").entered();
            log_panic("panicked at src/main.rs:3:5:\nno such order");
        });
        let line: Value = serde_json::from_str(&lines.concat()).unwrap();
        assert_eq!((&line["level"], &line["sequenceNumber"]), (&"ERROR".into(), &"7".into()));
        assert!(line["message"].as_str().is_some_and(|text| text.contains("no such order")), "{line}");
    }

    #[test]
    fn metrics_have_the_level_that_lambda_lets_through() {
        for (log_level, expected) in [
            (None, "INFO"),
            (Some("TRACE"), "INFO"),
            (Some("INFO"), "INFO"),
            (Some("warn"), "WARN"),
            (Some("ERROR"), "ERROR"),
            (Some("FATAL"), "FATAL"),
        ] {
            assert_eq!(metrics_level(log_level), expected, "{log_level:?}");
        }
    }

    #[test]
    fn a_terminal_gets_text() {
        let lines = lines(false, Level::INFO, || tracing::info!(n = 1, "ready"));
        assert_eq!(lines, ["INFO  ready n=1\n"]);
    }

    #[test]
    fn foreign_crates_are_quiet_even_when_all_is_asked_for() {
        let lines = lines(false, Level::TRACE, || {
            tracing::debug!(target: "hyper_util::client", "a payload");
            tracing::error!(target: "rustls", "broken");
            tracing::trace!("own");
        });
        assert_eq!(lines, ["ERROR broken\n", "TRACE own\n"]);
    }

    #[test]
    fn times_are_rfc_3339() {
        let at = |seconds| timestamp(UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_millis(7));
        assert_eq!(at(0), "1970-01-01T00:00:00.007Z");
        assert_eq!(at(951_827_696), "2000-02-29T12:34:56.007Z");
        assert_eq!(at(1_767_225_599), "2025-12-31T23:59:59.007Z");
    }

    #[test]
    fn levels_have_lambdas_names() {
        assert_eq!(level_named("DEBUG"), Level::DEBUG);
        assert_eq!(level_named("FATAL"), Level::ERROR);
        assert_eq!(level_named("?"), Level::INFO);
    }
}
