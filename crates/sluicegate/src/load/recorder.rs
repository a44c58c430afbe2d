//! Counts and latencies of a run, whole and over time.

use super::percentiles::{Percentiles, Times};
use serde::Serialize;

/// Maximum number of points in the series, which determines their distance.
const POINTS_MAX: f64 = 60.0;
/// Possible distances of two points in seconds; the last one is for all longer runs.
const DISTANCES_S: [f64; 9] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0];
/// Characters kept of a frame or error as a sample.
const SAMPLE_CHARS: usize = 200;

/// The counts of a run.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize)]
pub struct Counts {
    pub sent: u64,
    /// Messages that came back at least once.
    pub answered: u64,
    pub lost: u64,
    /// Echoes of messages that had come back before.
    pub duplicates: u64,
    /// Messages that came back after one that was sent later on the same connection.
    pub out_of_order: u64,
    /// Answers that are altered, or belong to another connection.
    pub altered: u64,
    /// Answers that are the same JSON in other bytes.
    pub reformatted: u64,
    /// Other frames: errors, acknowledgements.
    pub other_frames: u64,
    /// Messages that were due while their connection was blocked or gone.
    pub unsent: u64,
    pub connections_opened: u64,
    /// Connections that the server or the network refused.
    pub connections_refused: u64,
    /// Connections that the server or the network ended.
    pub connections_lost: u64,
}

/// The answers between two points in time.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Point {
    /// Seconds from the start to the end of the interval.
    pub at_s: f64,
    pub answered_per_s: f64,
    /// Their latencies, in milliseconds.
    pub latency_ms: Percentiles,
}

/// Collects a run as it happens. Times are microseconds since its start.
pub struct Recorder {
    /// The counts of the run.
    pub counts: Counts,
    /// The first frame that was not an echo.
    pub sample_frame: Option<String>,
    /// Why the first connection was refused or lost.
    pub sample_error: Option<String>,
    steady_us: std::ops::Range<u64>,
    steady_answered: u64,
    steady_sent: u64,
    latency: Times,
    send_delay: Times,
    handshake: Times,
    interval: Times,
    interval_us: u64,
    interval_end_us: u64,
    series: Vec<Point>,
}

/// The results of a run.
pub struct Recorded {
    /// The counts of the run.
    pub counts: Counts,
    /// The first frame that was not an echo.
    pub sample_frame: Option<String>,
    /// Why the first connection was refused or lost.
    pub sample_error: Option<String>,
    pub steady_sent: u64,
    /// Answers between the end of the ramp and the end of sending.
    pub steady_answered: u64,
    /// From a message's due time to its answer, for messages due after the ramp.
    pub latency_ms: Percentiles,
    /// From a message's due time to its sending: the lateness of the generator.
    pub send_delay_ms: Percentiles,
    /// The time to open a connection.
    pub handshake_ms: Percentiles,
    /// The run over time.
    pub series: Vec<Point>,
}

impl Recorder {
    /// For a run whose rates are measured from `ramp_us` to `end_us`.
    pub fn new(ramp_us: u64, end_us: u64) -> Self {
        let seconds = end_us as f64 / 1e6;
        let distance =
            DISTANCES_S.into_iter().find(|distance| seconds / distance <= POINTS_MAX).unwrap_or(300.0);
        let interval_us = (distance * 1e6) as u64;
        Self {
            counts: Counts::default(),
            sample_frame: None,
            sample_error: None,
            steady_us: ramp_us..end_us,
            steady_answered: 0,
            steady_sent: 0,
            latency: Times::new(),
            send_delay: Times::new(),
            handshake: Times::new(),
            interval: Times::new(),
            interval_us,
            interval_end_us: interval_us,
            series: Vec::new(),
        }
    }

    /// A message that was due at `due_us` is sent at `now_us`.
    pub fn sent(&mut self, now_us: u64, due_us: u64) {
        self.counts.sent += 1;
        if self.steady_us.contains(&due_us) {
            self.steady_sent += 1;
            self.send_delay.record(now_us.saturating_sub(due_us));
        }
    }

    /// The first echo of a message that was due at `due_us` came at `now_us`.
    pub fn answered(&mut self, now_us: u64, due_us: u64) {
        self.counts.answered += 1;
        let latency_us = now_us.saturating_sub(due_us);
        self.roll(now_us);
        self.interval.record(latency_us);
        if due_us >= self.steady_us.start {
            self.latency.record(latency_us);
        }
        self.steady_answered += u64::from(self.steady_us.contains(&now_us));
    }

    /// A connection took `us` to open.
    pub fn opened(&mut self, us: u64) {
        self.counts.connections_opened += 1;
        self.handshake.record(us);
    }

    /// Records a frame that is not an echo.
    pub fn other(&mut self, text: &str) {
        self.counts.other_frames += 1;
        self.sample_frame.get_or_insert_with(|| text.chars().take(SAMPLE_CHARS).collect());
    }

    /// Why a connection was refused or lost.
    pub fn explain(&mut self, error: &str) {
        self.sample_error.get_or_insert_with(|| error.chars().take(SAMPLE_CHARS).collect());
    }

    /// Sending ended early, at `now_us`.
    pub fn cut(&mut self, now_us: u64) {
        self.steady_us.end = self.steady_us.end.min(now_us).max(self.steady_us.start);
    }

    /// Seconds over which rates are measured.
    pub fn steady_s(&self) -> f64 {
        (self.steady_us.end - self.steady_us.start) as f64 / 1e6
    }

    /// The results, after the last answer.
    pub fn finish(mut self) -> Recorded {
        if self.interval.count() > 0 {
            self.point();
        }
        self.counts.lost = self.counts.sent - self.counts.answered;
        Recorded {
            counts: self.counts,
            sample_frame: self.sample_frame,
            sample_error: self.sample_error,
            steady_sent: self.steady_sent,
            steady_answered: self.steady_answered,
            latency_ms: self.latency.percentiles(),
            send_delay_ms: self.send_delay.percentiles(),
            handshake_ms: self.handshake.percentiles(),
            series: self.series,
        }
    }

    /// Closes the intervals that ended before `now_us`. An interval without answers is a point too.
    fn roll(&mut self, now_us: u64) {
        while now_us >= self.interval_end_us {
            self.point();
            self.interval_end_us += self.interval_us;
        }
    }

    fn point(&mut self) {
        self.series.push(Point {
            at_s: self.interval_end_us as f64 / 1e6,
            answered_per_s: self.interval.count() as f64 / (self.interval_us as f64 / 1e6),
            latency_ms: self.interval.percentiles(),
        });
        self.interval.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ramp_counts_for_order_but_not_for_rate_and_latency() {
        let mut recorder = Recorder::new(1_000_000, 3_000_000);
        recorder.sent(0, 0);
        recorder.answered(900_000, 0);
        recorder.sent(1_500_100, 1_500_000);
        recorder.answered(1_502_000, 1_500_000);
        assert_eq!(recorder.steady_s(), 2.0);
        let recorded = recorder.finish();
        assert_eq!((recorded.counts.sent, recorded.counts.answered), (2, 2));
        assert_eq!((recorded.steady_sent, recorded.steady_answered), (1, 1));
        assert_eq!((recorded.latency_ms.count, recorded.latency_ms.max), (1, 2.0));
        assert_eq!(recorded.send_delay_ms.max, 0.1);
    }

    #[test]
    fn silence_is_a_point_of_the_series() {
        let mut recorder = Recorder::new(0, 2_000_000);
        for now_us in [50_000, 350_000] {
            recorder.sent(0, 0);
            recorder.answered(now_us, 0);
        }
        let rates: Vec<_> = recorder.finish().series.iter().map(|point| point.answered_per_s).collect();
        assert_eq!(rates, [10.0, 0.0, 0.0, 10.0]);
    }

    #[test]
    fn an_answer_after_the_end_counts_for_latency_but_not_for_the_rate() {
        let mut recorder = Recorder::new(0, 2_000_000);
        recorder.sent(1_000_000, 1_000_000);
        recorder.sent(1_200_000, 1_200_000);
        recorder.answered(2_500_000, 1_000_000);
        recorder.cut(1_250_000);
        assert_eq!(recorder.steady_s(), 1.25);
        let recorded = recorder.finish();
        assert_eq!((recorded.steady_answered, recorded.latency_ms.count, recorded.counts.lost), (0, 1, 1));
    }

    #[test]
    fn long_runs_have_as_few_points_as_short_ones() {
        for seconds in [1, 10, 60, 3_600, 7_200] {
            let recorder = Recorder::new(0, seconds * 1_000_000);
            assert!((seconds as f64 * 1e6 / recorder.interval_us as f64) <= POINTS_MAX, "{seconds}");
        }
    }
}
