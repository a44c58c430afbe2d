//! Methods of numbers and booleans, with the names and results of `java.lang`.

use std::cmp::Ordering;

use super::call::Call;
use super::numbers::{Number, float_text};
use super::objects::boolean_hash;
use super::{Renderer, Result};
use crate::methods::Type;
use crate::value::Value;

/// The radixes that Java supports.
const RADIXES: std::ops::RangeInclusive<i64> = 2..=36;

impl<'s> Renderer<'s> {
    /// Methods of `Integer` and `Long`; the size of the value determines which of the two it is.
    pub(super) fn integer_method(&mut self, value: i64, call: Call<'_, 's>) -> Result<Value<'s>> {
        if let Some(converted) = converted(Number::Int(value), call) {
            return Ok(converted);
        }
        let wide = i32::try_from(value).is_err();
        Ok(match (call.method, call.arguments) {
            ("compareTo", [other]) => order(value.cmp(&self.int_argument("compareTo", other)?)),
            ("parseInt", [text]) => Value::Int(self.parsed(call.method, text, 10, false)?),
            ("parseInt", [text, radix]) => Value::Int(self.radix_parsed(call.method, text, radix, false)?),
            ("parseLong", [text]) => Value::Int(self.parsed(call.method, text, 10, true)?),
            ("parseLong", [text, radix]) => Value::Int(self.radix_parsed(call.method, text, radix, true)?),
            ("valueOf", [text @ Value::Text(_)]) => Value::Int(self.parsed(call.method, text, 10, wide)?),
            ("valueOf", [text, radix]) => Value::Int(self.radix_parsed(call.method, text, radix, wide)?),
            ("decode", [text]) => Value::Int(self.decoded(text, wide)?),
            ("toString", [number, radix]) => {
                let (number, radix) =
                    (self.int_argument("toString", number)?, self.int_argument("toString", radix)?);
                // Java uses 10 in place of a radix that it does not support.
                let radix = if RADIXES.contains(&radix) { radix.unsigned_abs() } else { 10 };
                let sign = if number < 0 { "-" } else { "" };
                return self.built(format!("{sign}{}", digits(number.unsigned_abs(), radix)));
            }
            (method, [number]) => {
                let number = self.int_argument(method, number)?;
                return self.of_one_integer(number, wide, call);
            }
            (method, [first, second]) => {
                let (first, second) = (self.int_argument(method, first)?, self.int_argument(method, second)?);
                match method {
                    "compare" => order(first.cmp(&second)),
                    "max" => Value::Int(first.max(second)),
                    "min" => Value::Int(first.min(second)),
                    "sum" if wide => Value::Int(first.wrapping_add(second)),
                    "sum" => Value::Int(in_size(first.wrapping_add(second), first, second)),
                    _ => return self.no_method(Type::Integer, call),
                }
            }
            _ => return self.no_method(Type::Integer, call),
        })
    }

    /// Static methods of one integer; `wide` if they are called on a `Long`.
    fn of_one_integer(&mut self, number: i64, wide: bool, call: Call<'_, 's>) -> Result<Value<'s>> {
        let narrow = i32::try_from(number).ok().filter(|_| !wide);
        let bits = narrow.map_or(number.cast_unsigned(), |number| number.cast_unsigned().into());
        match call.method {
            "valueOf" => Ok(Value::Int(number)),
            "hashCode" => Ok(Value::Int(Number::Int(number).hash().into())),
            "signum" => Ok(Value::Int(number.signum())),
            "bitCount" => Ok(Value::Int(bits.count_ones().into())),
            "reverse" => {
                Ok(Value::Int(narrow.map_or(number.reverse_bits(), |number| number.reverse_bits().into())))
            }
            "toString" => self.built(number.to_string()),
            "toHexString" => self.built(format!("{bits:x}")),
            "toOctalString" => self.built(format!("{bits:o}")),
            "toBinaryString" => self.built(format!("{bits:b}")),
            _ => self.no_method(Type::Integer, call),
        }
    }

    fn radix_parsed(&mut self, method: &str, text: &Value<'s>, radix: &Value<'s>, wide: bool) -> Result<i64> {
        let radix = self.int_argument(method, radix)?;
        match u32::try_from(radix).ok().filter(|_| RADIXES.contains(&radix)) {
            Some(radix) => self.parsed(method, text, radix, wide),
            None => self.bad_argument(method, "a base from 2 to 36", &radix.to_string()),
        }
    }

    /// The integer that a text contains, of 64 bits if `wide` and of 32 otherwise.
    fn parsed(&mut self, method: &str, text: &Value<'s>, radix: u32, wide: bool) -> Result<i64> {
        let text = self.text_argument(method, text)?;
        self.charge_text(&text)?;
        let parsed = if wide {
            i64::from_str_radix(&text, radix).ok()
        } else {
            i32::from_str_radix(&text, radix).ok().map(i64::from)
        };
        match parsed {
            Some(number) => Ok(number),
            None if wide => self.bad_argument(method, "the digits of an integer of 64 bits", &text),
            None => self.bad_argument(method, "the digits of an integer of 32 bits", &text),
        }
    }

    /// `decode`: also `0x10`, `#10` and `010`.
    fn decoded(&mut self, value: &Value<'s>, wide: bool) -> Result<i64> {
        let text = self.text_argument("decode", value)?;
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", text.strip_prefix('+').unwrap_or(&text)),
        };
        let hexadecimal = ["0x", "0X", "#"].into_iter().find_map(|mark| rest.strip_prefix(mark));
        let (digits, radix) = match (hexadecimal, rest.strip_prefix('0')) {
            (Some(digits), _) => (digits, 16),
            (None, Some(digits)) if !digits.is_empty() => (digits, 8),
            _ => (rest, 10),
        };
        if digits.starts_with(['+', '-']) {
            return self.bad_argument("decode", "one sign at the beginning", &text);
        }
        let digits = Value::text(format!("{sign}{digits}"));
        self.parsed("decode", &digits, radix, wide)
    }

    /// Methods of `Double`.
    pub(super) fn double_method(&mut self, value: f64, call: Call<'_, 's>) -> Result<Value<'s>> {
        if let Some(converted) = converted(Number::Float(value), call) {
            return Ok(converted);
        }
        Ok(match (call.method, call.arguments) {
            ("isNaN", []) => Value::Bool(value.is_nan()),
            ("isInfinite", []) => Value::Bool(value.is_infinite()),
            ("parseDouble" | "valueOf", [text @ Value::Text(_)]) => {
                let text = self.text_argument(call.method, text)?;
                self.charge_text(&text)?;
                match java_double(&text) {
                    Some(number) => Value::Float(number),
                    None => return self.bad_argument(call.method, "the digits of a number", &text),
                }
            }
            ("compareTo", [other]) => match Number::of(other) {
                Some(Number::Float(other)) => order(java_order(value, other)),
                _ => return self.wrong_argument("compareTo", "a double", other),
            },
            (method, [number]) => {
                let number = self.double_argument(method, number)?;
                match method {
                    "valueOf" => Value::Float(number),
                    "hashCode" => Value::Int(Number::Float(number).hash().into()),
                    "isNaN" => Value::Bool(number.is_nan()),
                    "isInfinite" => Value::Bool(number.is_infinite()),
                    "toString" => return self.built(float_text(number)),
                    _ => return self.no_method(Type::Double, call),
                }
            }
            (method, [first, second]) => {
                let (first, second) =
                    (self.double_argument(method, first)?, self.double_argument(method, second)?);
                match method {
                    "compare" => order(java_order(first, second)),
                    "max" => Value::Float(first.max(second)),
                    "min" => Value::Float(first.min(second)),
                    "sum" => Value::Float(first + second),
                    _ => return self.no_method(Type::Double, call),
                }
            }
            _ => return self.no_method(Type::Double, call),
        })
    }

    fn double_argument(&self, method: &str, value: &Value<'s>) -> Result<f64> {
        match Number::of(value) {
            Some(number) => Ok(number.float()),
            None => self.wrong_argument(method, "a number", value),
        }
    }

    /// Methods of `Boolean`.
    pub(super) fn boolean_method(&mut self, value: bool, call: Call<'_, 's>) -> Result<Value<'s>> {
        Ok(match (call.method, call.arguments) {
            ("booleanValue", []) => Value::Bool(value),
            ("parseBoolean" | "valueOf", [text @ Value::Text(_)]) => {
                Value::Bool(self.text_argument(call.method, text)?.eq_ignore_ascii_case("true"))
            }
            ("valueOf", [Value::Bool(other)]) => Value::Bool(*other),
            ("compareTo", [Value::Bool(other)]) => order(value.cmp(other)),
            ("hashCode", [Value::Bool(other)]) => Value::Int(boolean_hash(*other).into()),
            ("toString", [Value::Bool(other)]) => return self.built(other.to_string()),
            ("compare", [Value::Bool(first), Value::Bool(second)]) => order(first.cmp(second)),
            ("logicalAnd", [Value::Bool(first), Value::Bool(second)]) => Value::Bool(*first && *second),
            ("logicalOr", [Value::Bool(first), Value::Bool(second)]) => Value::Bool(*first || *second),
            ("logicalXor", [Value::Bool(first), Value::Bool(second)]) => Value::Bool(first != second),
            _ => return self.no_method(Type::Boolean, call),
        })
    }
}

/// Conversions such as `intValue`, with Java's narrowing and widening.
#[expect(clippy::cast_possible_truncation, reason = "Java's narrowing drops the same bits")]
fn converted<'s>(number: Number, call: Call<'_, 's>) -> Option<Value<'s>> {
    if !call.arguments.is_empty() {
        return None;
    }
    let int = |bits: fn(i64) -> i64| match number {
        Number::Int(value) => bits(value),
        // Java converts a double to an int first, which saturates.
        Number::Float(value) => bits((value as i32).into()),
    };
    Some(match call.method {
        "longValue" => match number {
            Number::Int(value) => Value::Int(value),
            Number::Float(value) => Value::Int(value as i64),
        },
        "intValue" => Value::Int(int(|value| (value as i32).into())),
        "shortValue" => Value::Int(int(|value| (value as i16).into())),
        "byteValue" => Value::Int(int(|value| (value as i8).into())),
        "doubleValue" => Value::Float(number.float()),
        // The value with the digits that Java prints for a float.
        "floatValue" => Value::Float((number.float() as f32).to_string().parse().unwrap_or(f64::NAN)),
        _ => return None,
    })
}

/// The sum as an int if both summands are ints, as in Java.
#[expect(clippy::cast_possible_truncation, reason = "Java's addition of ints drops the same bits")]
fn in_size(sum: i64, first: i64, second: i64) -> i64 {
    let ints = i32::try_from(first).is_ok() && i32::try_from(second).is_ok();
    if ints { (sum as i32).into() } else { sum }
}

fn order<'s>(order: Ordering) -> Value<'s> {
    Value::Int(order as i64)
}

/// The order of `Double.compare`: `-0.0` is before `0.0`, and `NaN` is last.
fn java_order(left: f64, right: f64) -> Ordering {
    match (left.is_nan(), right.is_nan()) {
        (false, false) => left.total_cmp(&right),
        (left, right) => left.cmp(&right),
    }
}

/// Parses as `Double.parseDouble`, which allows blanks around the number and the suffix of a literal.
fn java_double(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c| c <= ' ');
    match text.trim_start_matches(['+', '-']) {
        "NaN" | "Infinity" => return text.parse().ok(),
        rest if !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') => return None,
        _ => {}
    }
    text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text).parse().ok()
}

/// The digits of a number in a radix.
fn digits(mut number: u64, radix: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 || digits.is_empty() {
        let digit = u32::try_from(number % radix).unwrap_or(0);
        digits.extend(char::from_digit(digit, 36));
        number /= radix;
    }
    digits.into_iter().rev().collect()
}
