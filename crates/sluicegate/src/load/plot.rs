//! Draws a run over time: latency percentiles on a logarithmic scale, and the rate below them.

use super::percentiles::Percentiles;
use super::report::Report;
use line_chart::{Chart, Line, Panel, Scale, escape};

type Percentile = (&'static str, fn(&Percentiles) -> f64);
const PERCENTILES: [Percentile; 5] = [
    ("p50", |of| of.p50),
    ("p99", |of| of.p99),
    ("p90", |of| of.p90),
    ("p99.9", |of| of.p999),
    ("max", |of| of.max),
];

pub fn svg(report: &Report) -> String {
    let answered = || report.series.iter().filter(|point| point.latency_ms.count > 0);
    let latencies = PERCENTILES.map(|(name, of)| Line {
        name: name.into(),
        points: answered().map(|point| (point.at_s, of(&point.latency_ms))).collect(),
    });
    let rates = [Line {
        name: "rate".into(),
        points: report.series.iter().map(|point| (point.at_s, point.answered_per_s)).collect(),
    }];
    let panels = [
        Panel { title: "latency, ms", scale: Scale::Log, height: 320.0, lines: &latencies },
        Panel { title: "answers/s", scale: Scale::Linear, height: 110.0, lines: &rates },
    ];
    let shaded = (report.ramp_s > 0.0).then_some((report.ramp_s, "ramp"));
    Chart { title: &report.title(), x: "time, s", scale: Scale::Linear, shaded, panels: &panels }.svg()
}

/// A page that contains only the chart.
pub fn html(report: &Report) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title></head>\n<body>\n{}</body></html>\n",
        escape(&report.title()),
        svg(report)
    )
}

#[cfg(test)]
mod tests {
    use super::super::recorder::Point;
    use super::*;

    #[test]
    fn every_percentile_and_the_rate_are_drawn() {
        let latency_ms = Percentiles { count: 10, p50: 0.5, p90: 0.5, p99: 3.0, p999: 3.0, max: 900.0 };
        let series = vec![Point { at_s: 1.0, answered_per_s: 100.0, latency_ms }];
        let drawn = svg(&Report { series, ramp_s: 1.0, connections: 3, ..Report::default() });
        for (name, _) in PERCENTILES {
            assert!(drawn.contains(&format!(">{name}</text>")), "{name}");
        }
        assert!(drawn.contains(">rate</text>") && drawn.contains(">ramp</text>"));
    }

    #[test]
    fn a_run_without_answers_is_drawn_too() {
        let empty = html(&Report::default());
        assert!(empty.contains("<svg") && !empty.contains("NaN") && !empty.contains("inf"), "{empty}");
    }
}
