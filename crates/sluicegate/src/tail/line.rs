//! One line an event, for people. Pure.

use super::event::Event;
use crate::stream::Record;
use anstyle::{AnsiColor, Style};

/// Characters of a payload that are shown.
const PAYLOAD_CHARS_MAX: usize = 160;

/// The styles of a line's parts; without colours, none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Styles {
    time: Style,
    connection: Style,
    route: Style,
}

impl Styles {
    pub fn new(colours: bool) -> Self {
        if !colours {
            return Self::default();
        }
        Self {
            time: Style::new().dimmed(),
            connection: AnsiColor::Cyan.on_default(),
            route: AnsiColor::Green.on_default(),
        }
    }
}

/// Time of arrival, connection, route and payload; of what is no event, its partition key and size.
pub fn line(record: &Record, event: Option<&Event<'_>>, styles: Styles) -> String {
    let Styles { time, connection, route } = styles;
    let arrival = emulator::core::clock::iso_8601(u64::try_from(record.arrival_ms).unwrap_or_default());
    let (id, key, text) = match event {
        Some(event) => {
            let payload = if event.event_type == "MESSAGE" { event.payload.get() } else { "" };
            (&event.connection_id, event.route_key.as_str(), shortened(payload))
        }
        None => (&record.partition_key, "-", format!("({} bytes that are no event)", record.data.len())),
    };
    let (id, key) = (printable(id), printable(key));
    let line =
        format!("{time}{arrival}{time:#}  {connection}{id}{connection:#}  {route}{key}{route:#}  {text}");
    line.trim_end().to_owned() + "\n"
}

/// The beginning of a text on one line.
fn shortened(text: &str) -> String {
    let text = printable(text);
    let mut shown: String = text.chars().take(PAYLOAD_CHARS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// Without what would steer the terminal: the text is a client's.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_direction(c) { ' ' } else { c }).collect()
}

/// Characters that turn the direction of the text after them.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::super::event::tests::{message, record};
    use super::*;

    fn shown(record: &Record, colours: bool) -> String {
        line(record, Event::of(record).as_ref(), Styles::new(colours))
    }

    #[test]
    fn an_event_is_one_line() {
        assert_eq!(
            shown(&message("{\"msg\": \"Hello\"}"), false),
            "2024-02-19T07:11:42.789Z  L0SM9cOFvHcCIhw=  $default  {\"msg\": \"Hello\"}\n"
        );
        let left = r#"{"payload":null,"connectionId":"c","routeKey":"$disconnect","eventType":"DISCONNECT"}"#;
        assert_eq!(shown(&record(left), false), "2024-02-19T07:11:42.789Z  c  $disconnect\n");
        assert_eq!(
            shown(&record("{}"), false),
            "2024-02-19T07:11:42.789Z  L0SM9cOFvHcCIhw=  -  (2 bytes that are no event)\n"
        );
    }

    #[test]
    fn a_long_payload_is_cut_between_characters() {
        let long = shown(&message(&format!("\"{}\"", "é".repeat(500))), false);
        assert!(long.ends_with("é…\n"));
        assert_eq!(long.matches('é').count(), PAYLOAD_CHARS_MAX - 1);
    }

    #[test]
    fn a_client_cannot_steer_the_terminal() {
        let text = shown(&message("{\n\t\"a\":\"\u{9b}31m\u{202e}\u{7f}\"}"), false);
        assert!(text.ends_with("{  \"a\":\" 31m  \"}\n"), "{text:?}");
        let id = r#"{"payload":1,"connectionId":"\u001b[2J","routeKey":"r","eventType":"MESSAGE"}"#;
        assert!(!shown(&record(id), false).contains('\u{1b}'));
    }

    #[test]
    fn colours_are_on_only_where_they_are_asked_for() {
        assert!(shown(&message("1"), true).contains("\u{1b}["));
        assert!(!shown(&message("1"), false).contains("\u{1b}["));
    }
}
