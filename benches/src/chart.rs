//! Line charts as small SVGs, legible on a white and on a black page.

use crate::summary::figure;
use std::fmt::Write as _;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 36.0;
const BOTTOM: f64 = 44.0;
/// Told apart without colour vision too (Okabe and Ito).
const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/// One line: its name and its points.
pub struct Line {
    /// Stands in the legend.
    pub name: String,
    /// From left to right.
    pub points: Vec<(f64, f64)>,
}

/// A chart whose axes are both logarithmic: a straight line is a power, one at 45 degrees is linear.
pub struct Chart<'a> {
    /// Above it.
    pub title: &'a str,
    /// Below it.
    pub x: &'a str,
    /// What its lines show.
    pub lines: &'a [Line],
}

impl Chart<'_> {
    /// The chart's SVG.
    pub fn svg(&self) -> String {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let xs = Axis::over(points().map(|point| point.0), (LEFT, WIDTH - RIGHT));
        let ys = Axis::over(points().map(|point| point.1), (HEIGHT - BOTTOM, TOP));
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"11\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
             <text x=\"{LEFT}\" y=\"16\" font-size=\"13\" font-weight=\"bold\">{}</text>\n\
             <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>\n",
            self.title,
            f64::midpoint(LEFT, WIDTH - RIGHT),
            HEIGHT - 8.0,
            self.x
        );
        for tick in ys.ticks() {
            let y = ys.place(tick);
            let _ = writeln!(
                out,
                "<path d=\"M{LEFT} {y:.1}H{:.0}\" stroke=\"#ddd\"/><text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0,
                short(tick)
            );
        }
        for tick in xs.ticks() {
            let x = xs.place(tick);
            let _ = writeln!(
                out,
                "<path d=\"M{x:.1} {TOP}V{:.0}\" stroke=\"#eee\"/><text x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>",
                HEIGHT - BOTTOM,
                HEIGHT - BOTTOM + 16.0,
                short(tick)
            );
        }
        for (index, line) in self.lines.iter().enumerate() {
            let colour = COLOURS[index % COLOURS.len()];
            let places: Vec<_> =
                line.points.iter().map(|(x, y)| format!("{:.1},{:.1}", xs.place(*x), ys.place(*y))).collect();
            let _ = writeln!(
                out,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                places.join(" ")
            );
            for place in &places {
                if let Some((x, y)) = place.split_once(',') {
                    let _ = writeln!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"2.5\" fill=\"{colour}\"/>");
                }
            }
            let x = LEFT + 8.0 + 150.0 * (index % 4) as f64;
            let y = 30.0 + 12.0 * (index / 4) as f64;
            let _ = writeln!(
                out,
                "<text x=\"{x:.0}\" y=\"{y:.0}\" fill=\"{colour}\">\u{25cf} {}</text>",
                line.name
            );
        }
        out + "</svg>\n"
    }
}

/// A logarithmic axis.
struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// Covers all values, with some room; values below a hundred-thousandth are not distinguished.
    fn over(values: impl Iterator<Item = f64>, (from, to): (f64, f64)) -> Self {
        let log = |value: f64| value.max(1e-5).log10();
        let (low, high) = values
            .map(log)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if !low.is_finite() {
            return Self { low: 0.0, high: 1.0, from, to };
        }
        // At least half a decade: a level line must look level.
        let room = (0.7 - (high - low)).max(0.0) / 2.0 + 0.05;
        Self { low: low - room, high: high + room, from, to }
    }

    fn place(&self, value: f64) -> f64 {
        let share = (value.max(1e-5).log10() - self.low) / (self.high - self.low);
        self.from + share * (self.to - self.from)
    }

    /// Powers of ten, and their twos and fives where there are few decades.
    fn ticks(&self) -> Vec<f64> {
        let steps: &[f64] = if self.high - self.low > 2.5 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let decades = self.low.floor() as i32..=self.high.ceil() as i32;
        let ticks = decades.flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade)));
        ticks.filter(|tick| (self.low..=self.high).contains(&tick.log10())).collect()
    }
}

fn short(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{} M", value / 1e6),
        value if value < 1.0 => format!("{}", (value * 1e5).round() / 1e5),
        value => figure(value).trim_end_matches(".00").trim_end_matches(".0").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_lies_within_the_chart_and_equal_factors_are_equally_far() {
        let points = vec![(1.0, 0.2), (10.0, 2.0), (100.0, 20.0)];
        let chart = Chart { title: "t", x: "x", lines: &[Line { name: "a".into(), points }] };
        let svg = chart.svg();
        let line = svg.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
        let places: Vec<Vec<f64>> =
            line.split(' ').map(|place| place.split(',').map(|n| n.parse().unwrap()).collect()).collect();
        assert!(
            places
                .iter()
                .all(|place| (LEFT..=WIDTH).contains(&place[0]) && (TOP..=HEIGHT).contains(&place[1]))
        );
        let step = |a: usize, axis: usize| places[a + 1][axis] - places[a][axis];
        for axis in 0..2 {
            assert!((step(0, axis) - step(1, axis)).abs() < 0.2, "{places:?}");
        }
    }

    #[test]
    fn a_chart_of_one_value_or_none_is_still_a_chart() {
        for points in [vec![], vec![(5.0, 3.0)], vec![(1.0, 0.0), (2.0, 0.0)]] {
            let svg = Chart { title: "t", x: "x", lines: &[Line { name: "a".into(), points }] }.svg();
            assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
