//! Whether a run passed.

use super::report::Report;

/// The requirements of a run.
#[derive(Clone, Copy, Default, Debug)]
pub struct Thresholds {
    /// Maximum 99th percentile of latency, in milliseconds.
    pub p99_ms_max: Option<f64>,
    /// Minimum answers per second.
    pub rate_min: Option<f64>,
    /// Whether answers may be out of order: API Gateway does not guarantee the order of frames sent at nearly the same time.
    pub may_be_out_of_order: bool,
}

/// The reasons why the run failed; empty if it passed. Duplicates are no failure, because delivery is at least once.
pub fn failures(report: &Report, thresholds: &Thresholds) -> Vec<String> {
    let counts = &report.counts;
    let mut failures = Vec::new();
    let mut count = |number: u64, what: &str| {
        if number > 0 {
            failures.push(format!("{number} {what}"));
        }
    };
    // After a second Ctrl-C, the run does not wait for answers.
    let waited = if report.is_interrupted {
        String::new()
    } else {
        format!(" (no reply within {} s)", report.answer_within_s)
    };
    count(counts.lost, &format!("lost{waited}"));
    count(counts.altered, "altered");
    if !thresholds.may_be_out_of_order {
        count(counts.out_of_order, "out of order");
    }
    count(counts.unsent, "unsent on blocked or lost connections");
    count(counts.connections_refused, "connections refused");
    count(counts.connections_lost, "connections lost");
    if counts.sent == 0 {
        failures.push("nothing was sent".to_owned());
    }
    if let Some(max) = thresholds.p99_ms_max
        && report.latency_ms.p99 > max
    {
        failures.push(format!("p99 of {:.3} ms is above --max-p99-ms {max}", report.latency_ms.p99));
    }
    if let Some(min) = thresholds.rate_min
        && report.answered_per_s < min
    {
        failures.push(format!("{:.1} answers/s are below --min-rate {min}", report.answered_per_s));
    }
    failures
}

#[cfg(test)]
mod tests {
    use super::super::percentiles::Percentiles;
    use super::super::recorder::Counts;
    use super::*;

    fn report(counts: Counts) -> Report {
        let latency_ms = Percentiles { count: 10, p99: 12.5, ..Percentiles::default() };
        Report {
            counts: Counts { sent: 10, answered: 10, ..counts },
            latency_ms,
            answered_per_s: 99.0,
            answer_within_s: 2.5,
            ..Report::default()
        }
    }

    #[test]
    fn a_whole_run_passes_and_so_does_one_with_duplicates() {
        let run = report(Counts { duplicates: 3, reformatted: 2, other_frames: 1, ..Counts::default() });
        assert!(failures(&run, &Thresholds::default()).is_empty());
    }

    #[test]
    fn whatever_breaks_a_promise_fails_by_name() {
        let none = Counts::default();
        for (counts, text) in [
            (Counts { lost: 1, ..none }, "1 lost (no reply within 2.5 s)"),
            (Counts { altered: 2, ..none }, "2 altered"),
            (Counts { out_of_order: 3, ..none }, "3 out of order"),
            (Counts { unsent: 4, ..none }, "4 unsent on blocked or lost connections"),
            (Counts { connections_refused: 5, ..none }, "5 connections refused"),
            (Counts { connections_lost: 6, ..none }, "6 connections lost"),
        ] {
            assert_eq!(failures(&report(counts), &Thresholds::default()), [text]);
        }
        let allowed = Thresholds { may_be_out_of_order: true, ..Thresholds::default() };
        assert!(failures(&report(Counts { out_of_order: 3, ..none }), &allowed).is_empty());
        assert_eq!(failures(&Report::default(), &allowed), ["nothing was sent"]);
    }

    #[test]
    fn thresholds_are_reached_at_their_value() {
        let at = |p99_ms_max, rate_min| {
            let thresholds = Thresholds {
                p99_ms_max: Some(p99_ms_max),
                rate_min: Some(rate_min),
                ..Thresholds::default()
            };
            failures(&report(Counts::default()), &thresholds).len()
        };
        assert_eq!([at(12.5, 99.0), at(12.4, 99.0), at(12.5, 99.1), at(1.0, 1_000.0)], [0, 1, 1, 2]);
    }
}
