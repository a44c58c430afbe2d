//! Repeated measurements of one figure, with median and range.

use std::fmt;

#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    sorted: Vec<f64>,
}

impl Spread {
    /// The measurements of one figure, in any order; `None` without any.
    pub fn of(mut measured: Vec<f64>) -> Option<Self> {
        measured.sort_by(f64::total_cmp);
        (!measured.is_empty()).then_some(Self { sorted: measured })
    }

    /// The middle one, or the mean of the two in the middle.
    pub fn median(&self) -> f64 {
        let middle = self.sorted.len() / 2;
        if self.sorted.len() % 2 == 1 {
            self.sorted[middle]
        } else {
            f64::midpoint(self.sorted[middle - 1], self.sorted[middle])
        }
    }

    /// The smallest and the largest.
    pub fn range(&self) -> (f64, f64) {
        (self.sorted[0], self.sorted[self.sorted.len() - 1])
    }
}

/// `3.41 (3.20–4.02)`: the median and the range, to three digits.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = self.range();
        write!(f, "{} ({}–{})", figure(self.median()), figure(least), figure(most))
    }
}

/// A number to three digits, or to its last integer digit, with separators: `0.25`, `41.7`, `12,345`.
pub fn figure(value: f64) -> String {
    let decimals = match value.abs() {
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.decimals$}");
    let whole_end = text.find('.').unwrap_or(text.len());
    let mut out = String::with_capacity(text.len() + 2);
    for (index, digit) in text.char_indices() {
        let left = whole_end.saturating_sub(index);
        if index > 0 && left > 0 && left.is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_any_order() {
        assert_eq!(Spread::of(vec![9.0, 1.0, 5.0]).unwrap().median(), 5.0);
        assert_eq!(Spread::of(vec![4.0, 1.0, 2.0, 9.0]).unwrap().median(), 3.0);
        assert_eq!(Spread::of(vec![]), None);
        assert_eq!(Spread::of(vec![12.345, 9.5, 1204.0]).unwrap().to_string(), "12.3 (9.50–1,204)");
    }

    #[test]
    fn figures_have_three_digits_and_their_thousands_apart() {
        let figures = [0.25, 9.999, 41.66, 965.4, 12_345.6, 1_234_567.0, -1_234.0, -123.0].map(figure);
        assert_eq!(figures, ["0.25", "10.00", "41.7", "965", "12,346", "1,234,567", "-1,234", "-123"]);
    }
}
