//! Plain-text tables: aligned columns and grouped digits.

use std::fmt::Write as _;
use std::io::Write as _;

/// Spaces between two columns.
const GAP: usize = 2;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers, so that their digits line up.
    Right,
}

pub struct Table<const N: usize> {
    header: [&'static str; N],
    align: [Align; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub fn new(columns: [(&'static str, Align); N]) -> Self {
        Self {
            header: columns.map(|(title, _)| title),
            align: columns.map(|(_, align)| align),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }

    /// The lines, each ended by a line feed, without spaces at their ends. A table whose titles are all
    /// empty has no header line.
    pub fn render(&self) -> String {
        let mut width = self.header.map(|title| title.chars().count());
        for row in &self.rows {
            for (width, cell) in width.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut text = String::new();
        if self.header.iter().any(|title| !title.is_empty()) {
            self.line(&mut text, &width, self.header.iter().copied());
        }
        for row in &self.rows {
            self.line(&mut text, &width, row.iter().map(String::as_str));
        }
        text
    }

    fn line<'a>(&self, text: &mut String, width: &[usize; N], cells: impl Iterator<Item = &'a str>) {
        let begin = text.len();
        for ((cell, width), align) in cells.zip(width).zip(self.align) {
            // Formatting into a String cannot fail.
            let _ = match align {
                Align::Left => write!(text, "{cell:<width$}{:GAP$}", ""),
                Align::Right => write!(text, "{cell:>width$}{:GAP$}", ""),
            };
        }
        text.truncate(begin + text[begin..].trim_end().len());
        text.push('\n');
    }
}

/// `value` with `decimals` digits after the point and a comma between each three before it.
pub fn number(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let mut grouped = String::from(if value < 0.0 { "-" } else { "" });
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if let Some(fraction) = fraction {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    grouped
}

/// Prints `text`. A closed pipe, as with `head`, is not a failure.
pub fn print(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_their_cells_hold() {
        let mut table = Table::new([("item", Align::Left), ("µs", Align::Right)]);
        table.row(["p50".into(), "1,204".into()]);
        table.row(["größter".into(), "7".into()]);
        assert_eq!(table.render(), "item        µs\np50      1,204\ngrößter      7\n");
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(number(0.0, 0), "0");
        assert_eq!(number(999.4, 0), "999");
        assert_eq!(number(1_000.0, 0), "1,000");
        assert_eq!(number(-1_234_567.891, 2), "-1,234,567.89");
    }
}
