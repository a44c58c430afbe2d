//! Methods of strings, with the names and results of `java.lang.String`.
//!
//! Java counts UTF-16 units, so `length`, `substring` and `indexOf` do as well.

use std::borrow::Cow;

use regex_lite::Regex;

use super::{Renderer, Result};
use crate::error::Problem;
use crate::limits::RENDERED_BYTES_MAX;
use crate::pattern;
use crate::value::{Text, Value};

/// How much text after a match counts as one step, for patterns that may read to the end of the
/// text for each match: their time is the square of the text's length.
const LOOK_AHEAD_BYTES_PER_STEP: usize = 4;

impl<'s> Renderer<'s> {
    pub(super) fn text_method(
        &mut self,
        text: &Text<'s>,
        method: &str,
        arguments: &[Value<'s>],
        compiled: Option<&Regex>,
    ) -> Result<Value<'s>> {
        self.charge_text(text)?;
        match (method, arguments) {
            ("length", []) => Ok(number(units(text))),
            ("isEmpty", []) => Ok(Value::Bool(text.is_empty())),
            ("trim", []) => self.built(text.trim_matches(|c| c <= ' ').to_owned()),
            ("toLowerCase", []) => self.built(text.to_lowercase()),
            ("toUpperCase", []) => self.built(text.to_uppercase()),
            ("charAt", [at]) => {
                let length = units(text);
                let index = self.unit(method, at, length)?;
                if index == length {
                    return self.fault(Problem::OutOfBounds { index: to_i64(index), length });
                }
                self.substring(text, index, index + 1)
            }
            ("substring", [from]) => {
                let length = units(text);
                let from = self.unit(method, from, length)?;
                self.substring(text, from, length)
            }
            ("substring", [from, to]) => {
                let to = self.unit(method, to, units(text))?;
                let from = self.unit(method, from, to)?;
                self.substring(text, from, to)
            }
            (_, [first]) => {
                let argument = self.text(first)?;
                self.one_argument(text, method, &argument, compiled)
            }
            (_, [first, second]) => {
                let (first, second) = (self.text(first)?, self.text(second)?);
                self.two_arguments(text, method, &first, &second, compiled)
            }
            _ => Ok(Value::Undefined),
        }
    }

    fn one_argument(
        &mut self,
        text: &Text<'s>,
        method: &str,
        argument: &str,
        compiled: Option<&Regex>,
    ) -> Result<Value<'s>> {
        let place = |found: Option<usize>| found.map_or(Value::Int(-1), |at| number(units(&text[..at])));
        Ok(match method {
            "contains" => Value::Bool(text.contains(argument)),
            "startsWith" => Value::Bool(text.starts_with(argument)),
            "endsWith" => Value::Bool(text.ends_with(argument)),
            "indexOf" => place(text.find(argument)),
            "lastIndexOf" => place(text.rfind(argument)),
            "equalsIgnoreCase" => Value::Bool(text.to_lowercase() == argument.to_lowercase()),
            "compareTo" => Value::Int(text.encode_utf16().cmp(argument.encode_utf16()) as i64),
            "concat" => return self.built(format!("{}{argument}", &**text)),
            "matches" => {
                let regex = self.regex(text, method, argument, compiled)?;
                Value::Bool(regex.is_match(text))
            }
            "split" => {
                let regex = self.regex(text, method, argument, compiled)?;
                let reads_ahead = pattern::reads_ahead(argument);
                let mut parts: Vec<&str> = Vec::new();
                let mut left = text.len();
                for part in regex.split(text) {
                    left = left.saturating_sub(part.len());
                    self.charge(1 + if reads_ahead { left / LOOK_AHEAD_BYTES_PER_STEP } else { 0 })?;
                    parts.push(part);
                }
                // Java leaves out the empty parts at the end.
                while parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty()) {
                    parts.pop();
                }
                let parts =
                    parts.into_iter().map(|part| self.built(part.to_owned())).collect::<Result<_>>()?;
                self.heap.add_list(parts, false)
            }
            _ => Value::Undefined,
        })
    }

    fn two_arguments(
        &mut self,
        text: &Text<'s>,
        method: &str,
        first: &str,
        second: &str,
        compiled: Option<&Regex>,
    ) -> Result<Value<'s>> {
        let most = if method == "replaceFirst" { 1 } else { usize::MAX };
        match method {
            "replace" => self.replace(text, first, second, most),
            "replaceAll" | "replaceFirst" => {
                if let Some(literal) = pattern::literal(first)
                    && !second.contains(['$', '\\'])
                {
                    return self.replace(text, &literal, second, most);
                }
                let regex = self.regex(text, method, first, compiled)?;
                let reads_ahead = pattern::reads_ahead(first);
                let mut replaced = String::with_capacity(text.len());
                let mut end = 0;
                for captures in regex.captures_iter(text).take(most) {
                    let Some(found) = captures.get(0) else { continue };
                    replaced.push_str(&text[end..found.start()]);
                    end = found.end();
                    self.charge(1 + second.len() / 64)?;
                    if reads_ahead {
                        self.charge((text.len() - end) / LOOK_AHEAD_BYTES_PER_STEP)?;
                    }
                    if pattern::expand(second, &captures, &mut replaced).is_none() {
                        return self.bad_argument(method, "a replacement whose groups exist", second);
                    }
                    self.write("", &mut replaced)?;
                }
                replaced.push_str(&text[end..]);
                self.built(replaced)
            }
            _ => Ok(Value::Undefined),
        }
    }

    /// Replaces a text by another, at most so many times.
    fn replace(&mut self, text: &str, from: &str, to: &str, most: usize) -> Result<Value<'s>> {
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

    /// Appends a replacement; the limit of what is rendered holds here as well.
    fn write_replacement(&mut self, replacement: &str, into: &mut String) -> Result<()> {
        self.charge(1 + replacement.len() / 64)?;
        if into.len() + replacement.len() > RENDERED_BYTES_MAX {
            return self.limit("a replaced text, in bytes,", RENDERED_BYTES_MAX);
        }
        into.push_str(replacement);
        Ok(())
    }

    /// The pattern of a call, compiled now unless it was a literal.
    fn regex<'r>(
        &mut self,
        text: &str,
        method: &str,
        pattern: &str,
        compiled: Option<&'r Regex>,
    ) -> Result<Cow<'r, Regex>> {
        // A longer pattern takes more time per byte.
        self.charge((1 + text.len() / 64).saturating_mul(1 + pattern.len() / 16))?;
        match compiled {
            Some(regex) => Ok(Cow::Borrowed(regex)),
            None => match pattern::compile(method, pattern) {
                Ok(regex) => Ok(Cow::Owned(regex)),
                Err(_) => self.bad_argument(
                    method,
                    "a regular expression without look-around and back-references",
                    pattern,
                ),
            },
        }
    }

    fn substring(&mut self, text: &Text<'s>, from: usize, to: usize) -> Result<Value<'s>> {
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
        let Value::Int(index) = *value else {
            return self.bad_argument(method, "an integer", "something else");
        };
        match usize::try_from(index).ok().filter(|at| *at <= length) {
            Some(at) => Ok(at),
            None => self.fault(Problem::OutOfBounds { index, length }),
        }
    }
}

/// The length of a text in UTF-16 units.
fn units(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

fn to_i64(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn number<'s>(value: usize) -> Value<'s> {
    Value::Int(to_i64(value))
}
