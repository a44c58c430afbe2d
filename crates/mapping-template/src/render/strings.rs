//! Methods of strings, with the names and results of `java.lang.String`.
//!
//! As in Java, `length`, `substring` and `indexOf` count UTF-16 units, and an argument must have the parameter's type: a
//! number in place of a string is an error.

use super::call::Call;
use super::{Renderer, Result};
use crate::error::Problem;
use crate::limits::RENDERED_BYTES_MAX;
use crate::methods::Type;
use crate::value::{Text, Value};

impl<'s> Renderer<'s> {
    pub(super) fn text_method(&mut self, text: &Text<'s>, call: Call<'_, 's>) -> Result<Value<'s>> {
        self.charge_text(text)?;
        match (call.method, call.arguments) {
            ("length", []) => Ok(number(units(text))),
            ("isEmpty", []) => Ok(Value::Bool(text.is_empty())),
            ("intern", []) => Ok(Value::Text(text.clone())),
            ("trim", []) => self.built(text.trim_matches(|c| c <= ' ').to_owned()),
            ("toLowerCase", []) => self.built(text.to_lowercase()),
            ("toUpperCase", []) => self.built(text.to_uppercase()),
            ("charAt", [at]) => {
                let index = self.unit_index("charAt", at, text)?;
                self.substring(text, index, index + 1)
            }
            ("codePointAt", [at]) => {
                let index = self.unit_index("codePointAt", at, text)?;
                let units = text.encode_utf16().skip(index);
                let first = char::decode_utf16(units).next();
                Ok(Value::Int(match first {
                    Some(Ok(character)) => u32::from(character).into(),
                    Some(Err(half)) => half.unpaired_surrogate().into(),
                    None => 0,
                }))
            }
            ("substring", [from]) => {
                let length = units(text);
                let from = self.unit("substring", from, length)?;
                self.substring(text, from, length)
            }
            ("substring" | "subSequence", [from, to]) => {
                let to = self.unit(call.method, to, units(text))?;
                let from = self.unit(call.method, from, to)?;
                self.substring(text, from, to)
            }
            ("valueOf", [Value::Undefined]) => self.wrong_argument("valueOf", "a value", &Value::Undefined),
            ("valueOf", [value]) => Ok(Value::Text(self.text(value)?)),
            ("format", [format, values @ ..]) => {
                let format = self.text_argument("format", format)?;
                self.formatted(&format, values)
            }
            ("join", [delimiter, parts @ ..]) => self.joined(delimiter, parts),
            ("matches" | "split" | "replaceAll" | "replaceFirst", _) => self.pattern_method(text, call),
            ("indexOf" | "lastIndexOf" | "startsWith", _) => self.search_method(text, call),
            (method, [argument]) => {
                let argument = self.text_argument(method, argument)?;
                self.one_argument(text, &argument, call)
            }
            ("replace", [from, to]) => {
                let (from, to) = (self.text_argument("replace", from)?, self.text_argument("replace", to)?);
                self.replace(text, &from, &to, usize::MAX)
            }
            _ => self.no_method(Type::Text, call),
        }
    }

    fn one_argument(&mut self, text: &Text<'s>, argument: &str, call: Call<'_, 's>) -> Result<Value<'s>> {
        Ok(match call.method {
            "contains" => Value::Bool(text.contains(argument)),
            "contentEquals" => Value::Bool(**text == *argument),
            "endsWith" => Value::Bool(text.ends_with(argument)),
            "equalsIgnoreCase" => Value::Bool(folded(text) == folded(argument)),
            "compareTo" => Value::Int(difference(text, argument)),
            "compareToIgnoreCase" => Value::Int(difference(&folded(text), &folded(argument))),
            "concat" => return self.built(format!("{}{argument}", &**text)),
            _ => return self.no_method(Type::Text, call),
        })
    }

    /// `join(delimiter, parts…)` and `join(delimiter, list)`.
    fn joined(&mut self, delimiter: &Value<'s>, parts: &[Value<'s>]) -> Result<Value<'s>> {
        let delimiter = self.text_argument("join", delimiter)?;
        let parts = match parts {
            [Value::List(id)] => self.heap.list(*id).items.clone(),
            parts => parts.to_vec(),
        };
        self.charge(parts.len())?;
        let mut joined = String::new();
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.write_replacement(&delimiter, &mut joined)?;
            }
            let part = self.text_argument("join", part)?;
            self.write_replacement(&part, &mut joined)?;
        }
        self.built(joined)
    }

    /// Replaces a text by another, at most `most` times.
    pub(super) fn replace(&mut self, text: &str, from: &str, to: &str, most: usize) -> Result<Value<'s>> {
        let mut replaced = String::with_capacity(text.len());
        let mut end = 0;
        for (at, found) in text.match_indices(from).take(most) {
            replaced.push_str(&text[end..at]);
            self.write_replacement(to, &mut replaced)?;
            end = at + found.len();
        }
        replaced.push_str(&text[end..]);
        self.built(replaced)
    }

    /// Appends a replacement, within the limit of the rendered text.
    pub(super) fn write_replacement(&mut self, replacement: &str, into: &mut String) -> Result<()> {
        self.charge(1 + replacement.len() / 64)?;
        if into.len() + replacement.len() > RENDERED_BYTES_MAX {
            return self.limit("bytes of replaced text", RENDERED_BYTES_MAX);
        }
        into.push_str(replacement);
        Ok(())
    }

    pub(super) fn substring(&mut self, text: &Text<'s>, from: usize, to: usize) -> Result<Value<'s>> {
        if text.is_ascii() {
            return match text {
                Text::Borrowed(text) => Ok(Value::borrowed(&text[from..to])),
                Text::Owned(text) => self.built(text[from..to].to_owned()),
            };
        }
        let units: Vec<u16> = text.encode_utf16().skip(from).take(to - from).collect();
        self.built(String::from_utf16_lossy(&units))
    }

    /// An argument as a number of units, at most `length`.
    fn unit(&self, method: &str, value: &Value<'s>, length: usize) -> Result<usize> {
        let index = self.int_argument(method, value)?;
        match usize::try_from(index).ok().filter(|at| *at <= length) {
            Some(at) => Ok(at),
            None => self.fault(Problem::OutOfBounds { index, length }),
        }
    }

    /// An argument as the index of a unit.
    fn unit_index(&self, method: &str, value: &Value<'s>, text: &str) -> Result<usize> {
        let length = units(text);
        let at = self.unit(method, value, length)?;
        if at == length {
            return self.fault(Problem::OutOfBounds { index: to_i64(at), length });
        }
        Ok(at)
    }
}

/// The length of a text in UTF-16 units.
pub(super) fn units(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// Folds case as Java does: each letter to upper case and then to lower case.
fn folded(text: &str) -> String {
    let one = |mut letters: Box<dyn Iterator<Item = char>>, letter| match (letters.next(), letters.next()) {
        (Some(folded), None) => folded,
        _ => letter,
    };
    text.chars()
        .map(|letter| {
            let upper = one(Box::new(letter.to_uppercase()), letter);
            one(Box::new(upper.to_lowercase()), upper)
        })
        .collect()
}

/// Java's `compareTo`: the difference of the first units that differ, or of the lengths.
fn difference(left: &str, right: &str) -> i64 {
    let different = left.encode_utf16().zip(right.encode_utf16()).find(|(left, right)| left != right);
    match different {
        Some((left, right)) => i64::from(left) - i64::from(right),
        None => to_i64(units(left)) - to_i64(units(right)),
    }
}

fn to_i64(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn number<'s>(value: usize) -> Value<'s> {
    Value::Int(to_i64(value))
}
