//! Line charts as small SVG documents, legible on a white and on a black page.

mod axis;

use axis::Axis;
pub use axis::Scale;
use std::fmt::Write as _;

const WIDTH: f64 = 800.0;
/// Pixels left of the panels, and right of them, where the lines are named.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 144.0;
/// Pixels above each panel, and below the last.
const ABOVE: f64 = 44.0;
const BELOW: f64 = 44.0;
/// Pixels between two names, at least.
const NAME_HEIGHT: f64 = 14.0;
/// A line of more points has no dot at each.
const DOTS_MAX: usize = 30;
/// Told apart without colour vision too (Okabe and Ito).
const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/// One line: its name and its points.
pub struct Line {
    /// Stands beside its end.
    pub name: String,
    /// From left to right.
    pub points: Vec<(f64, f64)>,
}

/// Lines over the chart's x axis and a y axis of their own.
pub struct Panel<'a> {
    /// Above it.
    pub title: &'a str,
    /// Of its y axis.
    pub scale: Scale,
    /// In pixels.
    pub height: f64,
    /// What it shows.
    pub lines: &'a [Line],
}

/// Panels, one below the other.
pub struct Chart<'a> {
    /// Above all of them.
    pub title: &'a str,
    /// Below the last.
    pub x: &'a str,
    /// Of the x axis.
    pub scale: Scale,
    /// What is shaded, from the left to this value, and its name.
    pub shaded: Option<(f64, &'a str)>,
    /// From the top.
    pub panels: &'a [Panel<'a>],
}

impl Chart<'_> {
    /// An SVG document.
    pub fn svg(&self) -> String {
        let bottom = self.panels.iter().fold(0.0, |y, panel| y + ABOVE + panel.height);
        let height = bottom + BELOW;
        let points = self.panels.iter().flat_map(|panel| panel.lines).flat_map(|line| &line.points);
        let xs = Axis::over(self.scale, points.map(|point| point.0), (LEFT, WIDTH - RIGHT));
        // Formatting into a String cannot fail, here and below.
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n"
        );
        text(&mut svg, (LEFT, 18.0), "start", "#000", self.title);
        text(&mut svg, (f64::midpoint(LEFT, WIDTH - RIGHT), height - 8.0), "middle", "#000", self.x);
        if let Some((to, name)) = self.shaded {
            let width = xs.place(to).min(WIDTH - RIGHT) - LEFT;
            let _ = writeln!(
                svg,
                "<rect x=\"{LEFT}\" y=\"{ABOVE}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"#f3f3f3\"/>",
                bottom - ABOVE
            );
            text(&mut svg, (LEFT + 4.0, ABOVE + 14.0), "start", "#777", name);
        }
        for tick in xs.ticks() {
            let x = xs.place(tick);
            let _ = writeln!(svg, "<path d=\"M{x:.1} {ABOVE}V{bottom:.1}\" stroke=\"#eee\"/>");
            text(&mut svg, (x, bottom + 16.0), "middle", "#000", &short(tick));
        }
        let mut top = 0.0;
        for panel in self.panels {
            top += ABOVE;
            panel.draw(&mut svg, &xs, top);
            top += panel.height;
        }
        svg + "</svg>\n"
    }
}

impl Panel<'_> {
    fn draw(&self, svg: &mut String, xs: &Axis, top: f64) {
        let values = self.lines.iter().flat_map(|line| &line.points).map(|point| point.1);
        let ys = Axis::over(self.scale, values, (top + self.height, top));
        text(svg, (LEFT, top - 8.0), "start", "#777", self.title);
        for tick in ys.ticks() {
            let y = ys.place(tick);
            let _ = writeln!(svg, "<path d=\"M{LEFT} {y:.1}H{}\" stroke=\"#ddd\"/>", WIDTH - RIGHT);
            text(svg, (LEFT - 6.0, y + 4.0), "end", "#000", &short(tick));
        }
        let mut names = Vec::new();
        for (line, colour) in self.lines.iter().zip(COLOURS.iter().cycle()) {
            let places: Vec<_> = line.points.iter().map(|(x, y)| (xs.place(*x), ys.place(*y))).collect();
            polyline(svg, &places, colour);
            names.extend(places.last().map(|place| (place.1, colour, line.name.as_str())));
        }
        names.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut above = f64::MIN;
        for (y, colour, name) in names {
            // Names that would cover each other move down.
            above = (y + 4.0).max(above + NAME_HEIGHT);
            text(svg, (WIDTH - RIGHT + 8.0, above), "start", colour, name);
        }
    }
}

fn polyline(svg: &mut String, places: &[(f64, f64)], colour: &str) {
    let points: Vec<_> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let _ = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>",
        points.join(" ")
    );
    for (x, y) in places.iter().filter(|_| places.len() <= DOTS_MAX) {
        let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\" fill=\"{colour}\"/>");
    }
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, colour: &str, content: &str) {
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{}</text>",
        escape(content)
    );
}

/// Text as it stands in SVG and HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Steps below a unit are not exact in binary: rounded, they print as what they are.
fn short(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{} M", value / 1e6),
        value if value >= 1e4 => format!("{} k", value / 1e3),
        value => format!("{}", (value * 1e5).round() / 1e5),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(points: &[&[(f64, f64)]], scale: Scale, shaded: Option<(f64, &str)>) -> String {
        let line = |(index, points): (usize, &&[(f64, f64)])| Line {
            name: format!("<{index}>"),
            points: points.to_vec(),
        };
        let lines: Vec<_> = points.iter().enumerate().map(line).collect();
        let panel = |scale| Panel { title: "ms", scale, height: 100.0, lines: &lines };
        let panels = [panel(Scale::Log), panel(Scale::Linear)];
        Chart { title: "t", x: "x", scale, shaded, panels: &panels }.svg()
    }

    #[test]
    fn every_line_is_named_and_drawn_inside_its_panel() {
        let lines: [&[_]; 2] = [&[(1.0, 0.2), (10.0, 0.0), (100.0, 20.0)], &[(1.0, 900.0), (50.0, 20.0)]];
        for scale in [Scale::Linear, Scale::Log] {
            let svg = drawn(&lines, scale, Some((10.0, "ramp")));
            assert_eq!(svg.matches("<polyline").count(), 4);
            assert_eq!((svg.matches(">&lt;0&gt;</text>").count(), svg.matches(">ramp<").count()), (2, 1));
            let of_line = svg.lines().filter_map(|line| line.strip_prefix("<polyline points=\""));
            for (index, line) in of_line.enumerate() {
                let top = if index < 2 { ABOVE } else { 100.0 + 2.0 * ABOVE };
                for place in line.split('"').next().unwrap().split(' ') {
                    let (x, y) = place.split_once(',').unwrap();
                    let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
                    assert!((LEFT..=WIDTH - RIGHT).contains(&x), "{line}");
                    assert!((top..=top + 100.0).contains(&y), "{line}");
                }
            }
        }
    }

    #[test]
    fn a_chart_of_one_value_or_none_is_still_a_chart() {
        for points in [&[][..], &[(5.0, 3.0)], &[(1.0, 0.0), (2.0, 0.0)], &[(0.0, 0.0)]] {
            for scale in [Scale::Linear, Scale::Log] {
                let svg = drawn(&[points], scale, None);
                assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            }
        }
    }
}
