//! Prometheus's text format, version 0.0.4, of `/_sluicegate/metrics`.

use std::fmt::{Display, Write as _};

pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A page that is written family by family.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// Begins a family; its samples follow.
    pub fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(name);
        for (index, (label, value)) in labels.iter().enumerate() {
            let open = if index == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{open}{label}=\"{}\"", escaped(value));
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{close} {value}");
    }

    /// Writes a histogram. Each bucket counts only its own values; the last one has no bound.
    pub fn histogram(
        &mut self,
        name: &str,
        labels: &[(&str, &str)],
        bounds: &[f64],
        buckets: &[u64],
        sum: f64,
    ) {
        let bounds = bounds.iter().map(ToString::to_string).chain(["+Inf".into()]);
        let mut total = 0;
        for (bound, bucket) in bounds.zip(buckets) {
            total += bucket;
            self.sample(&format!("{name}_bucket"), &[labels, &[("le", &bound)]].concat(), total);
        }
        self.sample(&format!("{name}_sum"), labels, sum);
        self.sample(&format!("{name}_count"), labels, total);
    }

    pub fn into_text(self) -> String {
        self.text
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_written_as_prometheus_reads_it() {
        let mut page = Page::default();
        page.family("a_total", "counter", "What it counts.");
        page.sample("a_total", &[("route", "say \"it\"\\\n"), ("x", "")], 7);
        page.family("b", "gauge", "What it is.");
        page.sample("b", &[], 1.5);
        page.family("c_seconds", "histogram", "How long.");
        page.histogram("c_seconds", &[("x", "y")], &[0.1, 1.0], &[2, 0, 1], 3.25);
        let expected = r#"# HELP a_total What it counts.
# TYPE a_total counter
a_total{route="say \"it\"\\\n",x=""} 7
# HELP b What it is.
# TYPE b gauge
b 1.5
# HELP c_seconds How long.
# TYPE c_seconds histogram
c_seconds_bucket{x="y",le="0.1"} 2
c_seconds_bucket{x="y",le="1"} 2
c_seconds_bucket{x="y",le="+Inf"} 3
c_seconds_sum{x="y"} 3.25
c_seconds_count{x="y"} 3
"#;
        assert_eq!(page.into_text(), expected);
    }
}
