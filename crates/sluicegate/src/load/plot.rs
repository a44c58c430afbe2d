//! Draws a run over time: latency percentiles on a logarithmic scale, and the rate below them.

use super::percentiles::Percentiles;
use super::recorder::Point;
use super::report::Report;
use std::fmt::Write as _;

/// Pixels of the whole picture.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 560.0;
/// Pixels left of both panels, and right of them, where the lines are named.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 80.0;
/// Top and bottom of each panel, in pixels.
const LATENCY: (f64, f64) = (50.0, 370.0);
const RATE: (f64, f64) = (410.0, 520.0);
/// Milliseconds below which latency is drawn as this.
const LATENCY_MS_MIN: f64 = 0.01;

/// What is drawn of a point, its name and its colour; the colours differ for the colour-blind too.
type Line = (&'static str, &'static str, fn(&Percentiles) -> f64);
const LINES: [Line; 5] = [
    ("max", "#999999", |of| of.max),
    ("p99.9", "#cc79a7", |of| of.p999),
    ("p99", "#d55e00", |of| of.p99),
    ("p90", "#e69f00", |of| of.p90),
    ("p50", "#0072b2", |of| of.p50),
];

/// An SVG document.
pub fn svg(report: &Report) -> String {
    let points = &report.series;
    let end_s = points.last().map_or(1.0, |point| point.at_s);
    let x = |at_s: f64| LEFT + at_s / end_s * (WIDTH - LEFT - RIGHT);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    text(&mut svg, LEFT, 22.0, "start", "black", &report.title());
    if report.ramp_s > 0.0 {
        // Formatting into a String cannot fail, here and below.
        let _ = writeln!(
            svg,
            "<rect x=\"{LEFT}\" y=\"{}\" width=\"{:.1}\" height=\"{}\" fill=\"#f3f3f3\"/>",
            LATENCY.0,
            x(report.ramp_s.min(end_s)) - LEFT,
            RATE.1 - LATENCY.0
        );
        text(&mut svg, LEFT + 4.0, LATENCY.0 + 14.0, "start", "#777777", "ramp");
    }
    for at_s in steps(end_s) {
        text(&mut svg, x(at_s), RATE.1 + 18.0, "middle", "black", &format!("{at_s} s"));
    }
    latency(&mut svg, points, x);
    rate(&mut svg, points, x);
    svg.push_str("</svg>\n");
    svg
}

/// A page that holds the picture and nothing else.
pub fn html(report: &Report) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title></head>\n<body>\n{}</body></html>\n",
        escape(&report.title()),
        svg(report)
    )
}

fn latency(svg: &mut String, points: &[Point], x: impl Fn(f64) -> f64) {
    let seen = || points.iter().filter(|point| point.latency_ms.count > 0).map(|point| point.latency_ms);
    let least = seen().map(|of| of.p50).fold(f64::MAX, f64::min).clamp(LATENCY_MS_MIN, 1e9);
    let most = seen().map(|of| of.max).fold(LATENCY_MS_MIN, f64::max);
    let (low, high) = (least.log10().floor(), most.log10().ceil().max(least.log10().floor() + 1.0));
    let y = |ms: f64| {
        let part = (ms.max(LATENCY_MS_MIN).log10() - low) / (high - low);
        LATENCY.1 - part.clamp(0.0, 1.0) * (LATENCY.1 - LATENCY.0)
    };
    text(svg, LEFT, LATENCY.0 - 8.0, "end", "black", "ms");
    for power in low as i32..=high as i32 {
        let ms = 10_f64.powi(power);
        grid(svg, y(ms), &format!("{ms}"));
    }
    let mut named_at = f64::MIN;
    for (name, colour, of) in LINES {
        let path = points.iter().filter(|point| point.latency_ms.count > 0);
        let path: Vec<_> = path.map(|point| (x(point.at_s), y(of(&point.latency_ms)))).collect();
        polyline(svg, &path, colour);
        if let Some(&(_, at)) = path.last() {
            // Names that would cover each other move down.
            named_at = (at + 4.0).max(named_at + 14.0);
            text(svg, WIDTH - RIGHT + 8.0, named_at, "start", colour, name);
        }
    }
}

fn rate(svg: &mut String, points: &[Point], x: impl Fn(f64) -> f64) {
    let most = points.iter().map(|point| point.answered_per_s).fold(1.0, f64::max);
    let y = |rate: f64| RATE.1 - rate / most * (RATE.1 - RATE.0);
    text(svg, LEFT, RATE.0 - 8.0, "end", "black", "answers/s");
    for rate in [0.0, most] {
        grid(svg, y(rate), &format!("{rate:.0}"));
    }
    let path: Vec<_> = points.iter().map(|point| (x(point.at_s), y(point.answered_per_s))).collect();
    polyline(svg, &path, "#009e73");
}

/// Round times from 0 to `end_s`, at most eleven.
fn steps(end_s: f64) -> Vec<f64> {
    let tenth = end_s / 10.0;
    let power = 10_f64.powf(tenth.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= tenth);
    let step = step.unwrap_or(10.0 * power);
    // Steps below a second are not exact in binary: rounded, they print as what they are.
    (0_u32..=10)
        .map(|n| (f64::from(n) * step * 1e3).round() / 1e3)
        .take_while(|at_s| *at_s <= end_s)
        .collect()
}

fn grid(svg: &mut String, y: f64, label: &str) {
    let to = WIDTH - RIGHT;
    let _ = writeln!(svg, "<line x1=\"{LEFT}\" x2=\"{to}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#dddddd\"/>");
    text(svg, LEFT - 6.0, y + 4.0, "end", "black", label);
}

fn polyline(svg: &mut String, path: &[(f64, f64)], colour: &str) {
    let points: String = path.iter().map(|(x, y)| format!("{x:.1},{y:.1} ")).collect();
    let _ = writeln!(
        svg,
        "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\" points=\"{}\"/>",
        points.trim_end()
    );
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, colour: &str, content: &str) {
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{}</text>",
        escape(content)
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(at_s: f64, p50: f64, max: f64) -> Point {
        let latency_ms = Percentiles { count: 10, p50, p90: p50, p99: max, p999: max, max };
        Point { at_s, answered_per_s: 100.0, latency_ms }
    }

    #[test]
    fn every_line_is_drawn_inside_its_panel() {
        let series = vec![point(1.0, 0.5, 3.0), point(2.0, 0.001, 900.0), point(3.0, 0.6, 2.0)];
        let drawn = svg(&Report { series, ramp_s: 1.0, connections: 3, ..Report::default() });
        assert_eq!(drawn.matches("<polyline").count(), LINES.len() + 1);
        for (name, _, _) in LINES {
            assert!(drawn.contains(&format!(">{name}</text>")), "{name}");
        }
        for line in drawn.lines().filter(|line| line.contains("<polyline")) {
            let points = line.split("points=\"").nth(1).unwrap().trim_end_matches("\"/>");
            let points: Vec<(f64, f64)> = points
                .split(' ')
                .map(|point| {
                    point.split_once(',').map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).unwrap()
                })
                .collect();
            assert_eq!(points.len(), 3);
            for (x, y) in points {
                assert!((LEFT..=WIDTH - RIGHT).contains(&x) && (LATENCY.0..=RATE.1).contains(&y), "{line}");
            }
        }
    }

    #[test]
    fn a_run_without_answers_is_drawn_too() {
        let empty = svg(&Report::default());
        assert!(empty.ends_with("</svg>\n") && !empty.contains("NaN") && !empty.contains("inf"), "{empty}");
        assert!(html(&Report::default()).contains("<svg"));
    }

    #[test]
    fn times_are_round_and_few() {
        assert_eq!(steps(10.0), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]);
        assert_eq!(steps(0.3), [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]);
        for end_s in [0.1, 7.0, 61.0, 3_600.0] {
            let steps = steps(end_s);
            assert!((3..=11).contains(&steps.len()) && steps[steps.len() - 1] <= end_s, "{end_s}: {steps:?}");
        }
    }
}
