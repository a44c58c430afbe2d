//! The results of a run, as a table and as JSON.

use super::percentiles::Percentiles;
use super::recorder::{Counts, Point};
use super::run::Outcome;
use super::settings::{Load, Settings};
use crate::table::{Align, Table, number};
use serde::Serialize;
use std::fmt::Write as _;

/// One run's results. Times are in milliseconds if their names say so, and rates per second.
#[derive(Clone, Default, Debug, Serialize)]
pub struct Report {
    pub uri: String,
    pub connections: usize,
    /// Requested messages per second; `null` in a closed loop.
    pub rate_per_s: Option<f64>,
    /// Messages in flight on each connection; `null` in an open loop.
    pub in_flight: Option<u64>,
    pub message_bytes: usize,
    /// Seconds of rising load before the measurement.
    pub ramp_s: f64,
    /// Maximum seconds of waiting for answers after sending ended.
    pub answer_within_s: f64,
    /// Seconds over which rates are measured; fewer than requested if the run was interrupted.
    pub measured_s: f64,
    /// Whether Ctrl-C ended it early.
    pub is_interrupted: bool,
    /// The counts of the run, including the ramp.
    pub counts: Counts,
    /// Messages sent per second, after the ramp.
    pub sent_per_s: f64,
    pub answered_per_s: f64,
    /// From a message's due time to its first answer, for messages due after the ramp.
    pub latency_ms: Percentiles,
    /// From a message's due time to its sending: the generator's part of the latency.
    pub send_delay_ms: Percentiles,
    /// The time to open a connection.
    pub handshake_ms: Percentiles,
    /// The first frame that was not an echo.
    pub sample_frame: Option<String>,
    /// Why the first connection was refused or lost.
    pub sample_error: Option<String>,
    /// The reasons why the run failed; empty if it passed.
    pub failures: Vec<String>,
    /// The run over time, including the ramp.
    pub series: Vec<Point>,
}

impl Report {
    /// The results of a run with these settings.
    pub fn of(settings: &Settings, outcome: Outcome) -> Self {
        let recorded = outcome.recorded;
        let per_s = |count: u64| if outcome.steady_s > 0.0 { count as f64 / outcome.steady_s } else { 0.0 };
        let (rate_per_s, in_flight) = match settings.load {
            Load::Open { rate_per_s } => (Some(rate_per_s), None),
            Load::Closed { in_flight } => (None, Some(in_flight)),
        };
        Self {
            uri: settings.entry.to_string(),
            connections: settings.connections,
            rate_per_s,
            in_flight,
            message_bytes: settings.size,
            ramp_s: settings.ramp_s,
            answer_within_s: settings.answer_within.as_secs_f64(),
            measured_s: outcome.steady_s,
            is_interrupted: outcome.is_interrupted,
            counts: recorded.counts,
            sent_per_s: per_s(recorded.steady_sent),
            answered_per_s: per_s(recorded.steady_answered),
            latency_ms: recorded.latency_ms,
            send_delay_ms: recorded.send_delay_ms,
            handshake_ms: recorded.handshake_ms,
            sample_frame: recorded.sample_frame,
            sample_error: recorded.sample_error,
            failures: Vec::new(),
            series: recorded.series,
        }
    }

    /// The settings in one line.
    pub fn title(&self) -> String {
        let load = match (self.rate_per_s, self.in_flight) {
            (Some(rate), _) => format!("{} messages/s (open loop)", number(rate, 0)),
            (None, in_flight) => format!("{} in flight on each (closed loop)", in_flight.unwrap_or_default()),
        };
        format!(
            "{} connections, {load}, {} bytes, {:.1} s{}",
            number(self.connections as f64, 0),
            number(self.message_bytes as f64, 0),
            self.measured_s,
            if self.is_interrupted { ", interrupted" } else { "" }
        )
    }

    /// The results as text, for a terminal.
    pub fn text(&self) -> String {
        let mut text =
            format!("{}\n{}\n\n{}\n{}", self.uri, self.title(), self.counts_table(), self.times_table());
        if self.in_flight.is_some() {
            text.push_str(
                "closed loop: a slow reply delays the next message, so the latency excludes that wait\n",
            );
        }
        // Formatting into a String cannot fail.
        if let Some(frame) = &self.sample_frame {
            let _ = writeln!(text, "first other frame: {frame}");
        }
        if let Some(error) = &self.sample_error {
            let _ = writeln!(text, "first failed connection: {error}");
        }
        text
    }

    fn counts_table(&self) -> String {
        let counts = &self.counts;
        let mut table = Table::new([("", Align::Left), ("", Align::Right), ("", Align::Left)]);
        let mut row = |name: &str, value: u64, note: String| {
            table.row([name.to_owned(), number(value as f64, 0), note]);
        };
        row("sent", counts.sent, format!("{}/s", number(self.sent_per_s, 1)));
        row("answered", counts.answered, format!("{}/s", number(self.answered_per_s, 1)));
        row("lost", counts.lost, String::new());
        row("duplicates", counts.duplicates, String::new());
        row("out of order", counts.out_of_order, String::new());
        for (name, value) in [
            ("altered", counts.altered),
            ("reformatted", counts.reformatted),
            ("other frames", counts.other_frames),
            ("unsent", counts.unsent),
            ("connections refused", counts.connections_refused),
            ("connections lost", counts.connections_lost),
        ] {
            if value > 0 {
                row(name, value, String::new());
            }
        }
        table.render()
    }

    fn times_table(&self) -> String {
        let right = Align::Right;
        let mut table = Table::new([
            ("ms", Align::Left),
            ("p50", right),
            ("p90", right),
            ("p99", right),
            ("p99.9", right),
            ("max", right),
        ]);
        let mut row = |name: &str, of: &Percentiles| {
            if of.count > 0 {
                let ms = |value| number(value, 3);
                table.row([name.to_owned(), ms(of.p50), ms(of.p90), ms(of.p99), ms(of.p999), ms(of.max)]);
            }
        };
        row("round trip", &self.latency_ms);
        if self.rate_per_s.is_some() {
            row("of it: sent late by", &self.send_delay_ms);
        }
        row("handshake", &self.handshake_ms);
        table.render()
    }
}
