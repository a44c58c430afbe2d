//! `String.format`: the conversions of `java.util.Formatter` for texts, numbers and booleans.

use super::numbers::Number;
use super::{Renderer, Result};
use crate::limits::RENDERED_BYTES_MAX;
use crate::value::Value;

/// Largest width and precision, in characters; Java has no limit.
const FIELD_CHARACTERS_MAX: usize = 1_000;

/// One conversion, such as `%-8.3s` or `%2$05d`.
#[derive(Debug, Default)]
struct Conversion {
    argument: Option<usize>,
    left: bool,
    zeros: bool,
    plus: bool,
    blank: bool,
    groups: bool,
    parentheses: bool,
    prefixed: bool,
    width: usize,
    precision: Option<usize>,
    letter: char,
}

impl<'s> Renderer<'s> {
    pub(super) fn formatted(&mut self, format: &str, values: &[Value<'s>]) -> Result<Value<'s>> {
        // Java also takes an array in place of the arguments. Here an array is a list, and so a single argument.
        let mut out = String::with_capacity(format.len());
        let mut rest = format;
        let mut ordinary = 0;
        while let Some(at) = rest.find('%') {
            self.write_replacement(&rest[..at], &mut out)?;
            let Some((conversion, after)) = Conversion::read(&rest[at + 1..]) else {
                return self.bad_argument("format", "a conversion such as %s, %d or %.2f", &rest[at..]);
            };
            rest = after;
            let text = match conversion.letter {
                '%' => "%".to_owned(),
                'n' => "\n".to_owned(),
                _ => {
                    let index = conversion.argument.unwrap_or(ordinary);
                    ordinary += usize::from(conversion.argument.is_none());
                    let Some(value) = values.get(index) else {
                        return self.bad_argument("format", "an argument for each conversion", format);
                    };
                    self.converted(&conversion, value)?
                }
            };
            self.write_replacement(&conversion.padded(text), &mut out)?;
        }
        self.write_replacement(rest, &mut out)?;
        if out.len() > RENDERED_BYTES_MAX {
            return self.limit("bytes of formatted text", RENDERED_BYTES_MAX);
        }
        self.built(out)
    }

    fn converted(&mut self, conversion: &Conversion, value: &Value<'s>) -> Result<String> {
        let null = matches!(value, Value::Undefined);
        let text = match conversion.letter.to_ascii_lowercase() {
            's' if null => conversion.cut("null"),
            's' => conversion.cut(&self.text(value)?),
            'b' => conversion.cut(if null || matches!(value, Value::Bool(false)) { "false" } else { "true" }),
            'h' if null => conversion.cut("null"),
            'h' => conversion.cut(&format!("{:x}", self.hash(value, 0)?)),
            'd' | 'x' | 'o' | 'f' | 'e' if null => conversion.cut("null"),
            'c' => match value {
                Value::Int(code) => match u32::try_from(*code).ok().and_then(char::from_u32) {
                    Some(character) => character.to_string(),
                    None => return self.wrong_argument("format", "a character for %c", value),
                },
                Value::Text(text) if text.chars().count() == 1 => text.to_string(),
                _ => return self.wrong_argument("format", "a character for %c", value),
            },
            'd' => conversion.decimal(self.int_argument("format with %d", value)?),
            'x' => conversion.bits(self.int_argument("format with %x", value)?, "0x"),
            'o' => conversion.bits(self.int_argument("format with %o", value)?, "0"),
            letter => match Number::of(value) {
                Some(Number::Float(number)) if number.is_finite() && letter == 'f' => {
                    conversion.fixed(number)
                }
                Some(Number::Float(number)) if number.is_finite() => conversion.scientific(number),
                Some(Number::Float(number)) => super::numbers::float_text(number),
                _ => return self.wrong_argument("format", "a double for %f and %e", value),
            },
        };
        Ok(if conversion.letter.is_ascii_uppercase() { text.to_uppercase() } else { text })
    }
}

impl Conversion {
    /// Reads a conversion after its `%`; `None` if it is not supported.
    fn read(text: &str) -> Option<(Self, &str)> {
        let mut conversion = Self::default();
        let mut rest = text;
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number <= FIELD_CHARACTERS_MAX);
        let index = digits(rest);
        if index > 0 && rest[index..].starts_with('$') {
            conversion.argument = Some(number(&rest[..index])?.checked_sub(1)?);
            rest = &rest[index + 1..];
        }
        loop {
            let flag = match rest.as_bytes().first()? {
                b'-' => &mut conversion.left,
                b'0' => &mut conversion.zeros,
                b'+' => &mut conversion.plus,
                b' ' => &mut conversion.blank,
                b',' => &mut conversion.groups,
                b'(' => &mut conversion.parentheses,
                b'#' => &mut conversion.prefixed,
                _ => break,
            };
            if std::mem::replace(flag, true) {
                return None; // a repeated flag
            }
            rest = &rest[1..];
        }
        let width = digits(rest);
        if width > 0 {
            conversion.width = number(&rest[..width])?;
            rest = &rest[width..];
        }
        if let Some(after) = rest.strip_prefix('.') {
            let precision = digits(after);
            conversion.precision = Some(number(&after[..precision])?);
            rest = &after[precision..];
        }
        conversion.letter = rest.chars().next()?;
        rest = &rest[conversion.letter.len_utf8()..];
        conversion.is_whole().then_some((conversion, rest))
    }

    /// Whether Java allows the flags together and with the letter.
    fn is_whole(&self) -> bool {
        let signs = self.plus || self.blank || self.parentheses;
        let numeric = signs || self.zeros || self.groups;
        let padded = !(self.left || self.zeros) || self.width > 0;
        let opposed = (self.left && self.zeros) || (self.plus && self.blank);
        padded
            && !opposed
            && match self.letter {
                'd' => self.precision.is_none() && !self.prefixed,
                'x' | 'X' | 'o' => self.precision.is_none() && !signs && !self.groups,
                'f' => !self.prefixed,
                'e' | 'E' => !self.prefixed && !self.groups,
                'c' | 'C' => !numeric && !self.prefixed && self.precision.is_none(),
                's' | 'S' | 'b' | 'B' | 'h' | 'H' => !numeric && !self.prefixed,
                '%' => !numeric && !self.prefixed && self.precision.is_none(),
                'n' => {
                    self.width == 0 && self.precision.is_none() && !numeric && !self.prefixed && !self.left
                }
                _ => false,
            }
    }

    /// The text, cut to the precision.
    fn cut(&self, text: &str) -> String {
        text.chars().take(self.precision.unwrap_or(usize::MAX)).collect()
    }

    fn padded(&self, text: String) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        let blanks = " ".repeat(missing);
        if self.left { text + &blanks } else { blanks + &text }
    }

    fn decimal(&self, number: i64) -> String {
        self.signed(number < 0, &number.unsigned_abs().to_string())
    }

    /// Digits with separators, sign and zeros.
    fn signed(&self, negative: bool, digits: &str) -> String {
        let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
        let mut whole = whole.to_owned();
        if self.groups {
            let from = whole.len();
            for at in (1..from).rev().filter(|at| (from - at) % 3 == 0) {
                whole.insert(at, ',');
            }
        }
        let (before, after) = match (negative, self.parentheses, self.plus, self.blank) {
            (true, true, ..) => ("(", ")"),
            (true, ..) => ("-", ""),
            (false, _, true, _) => ("+", ""),
            (false, _, _, true) => (" ", ""),
            _ => ("", ""),
        };
        let length = before.len() + whole.len() + fraction.len() + after.len();
        let zeros = if self.zeros { self.width.saturating_sub(length) } else { 0 };
        format!("{before}{}{whole}{fraction}{after}", "0".repeat(zeros))
    }

    /// Hexadecimal or octal digits, of 32 bits or, if the number needs them, of 64.
    fn bits(&self, number: i64, prefix: &str) -> String {
        let bits =
            i32::try_from(number).map_or(number.cast_unsigned(), |number| number.cast_unsigned().into());
        let digits = if prefix == "0x" { format!("{bits:x}") } else { format!("{bits:o}") };
        let prefix = if self.prefixed { prefix } else { "" };
        let zeros = if self.zeros { self.width.saturating_sub(prefix.len() + digits.len()) } else { 0 };
        format!("{prefix}{}{digits}", "0".repeat(zeros))
    }

    /// `%f`: the number's shortest digits, rounded half up as in Java.
    fn fixed(&self, number: f64) -> String {
        let (digits, point) = shortest(number);
        let places = self.precision.unwrap_or(6);
        let kept = point.saturating_add(i64::try_from(places).unwrap_or(i64::MAX));
        let (digits, point) = rounded(&digits, point, kept);
        let at = |index: i64| {
            usize::try_from(index)
                .ok()
                .and_then(|index| digits.get(index))
                .map_or('0', |d| char::from(b'0' + d))
        };
        let whole: String = if point > 0 { (0..point).map(at).collect() } else { "0".to_owned() };
        let fraction: String = (point..point + i64::try_from(places).unwrap_or(0)).map(at).collect();
        let dot = if places > 0 { "." } else { "" };
        self.signed(number.is_sign_negative(), &format!("{whole}{dot}{fraction}"))
    }

    /// `%e`: one digit before the point, and an exponent of at least two digits.
    fn scientific(&self, number: f64) -> String {
        let places = self.precision.unwrap_or(6);
        let (digits, point) = shortest(number);
        let (digits, point) = rounded(&digits, point, i64::try_from(places).unwrap_or(0) + 1);
        let digit = |index: usize| char::from(b'0' + digits.get(index).copied().unwrap_or(0));
        let fraction: String = (1..=places).map(digit).collect();
        let exponent = if digits.iter().all(|digit| *digit == 0) { 0 } else { point - 1 };
        let dot = if places > 0 { "." } else { "" };
        let sign = if exponent < 0 { '-' } else { '+' };
        let written = format!("{}{dot}{fraction}e{sign}{:02}", digit(0), exponent.abs());
        self.signed(number.is_sign_negative(), &written)
    }
}

/// The shortest digits that identify a number, and the position of the point among them.
fn shortest(number: f64) -> (Vec<u8>, i64) {
    let text = format!("{:e}", number.abs());
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = digits.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    (digits, exponent.parse::<i64>().unwrap_or(0) + 1)
}

/// Rounds digits half up to a number of them, which can be zero or negative.
fn rounded(digits: &[u8], point: i64, kept: i64) -> (Vec<u8>, i64) {
    let Ok(kept) = usize::try_from(kept) else { return (vec![0], 1) };
    if kept >= digits.len() {
        return (digits.to_vec(), point);
    }
    let up = digits[kept] >= 5;
    let mut rounded = digits[..kept].to_vec();
    if !up {
        return if rounded.is_empty() { (vec![0], 1) } else { (rounded, point) };
    }
    for digit in rounded.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return (rounded, point);
        }
        *digit = 0;
    }
    rounded.insert(0, 1);
    (rounded, point + 1)
}
