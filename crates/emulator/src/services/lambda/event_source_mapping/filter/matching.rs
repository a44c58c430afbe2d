//! Matches a filter pattern with a record, a JSON object.
//!
//! It recurses over the pattern only, never over the record, so a deeply nested record does not overflow the stack.

use super::pattern::{Condition, Object, Pattern, Rule, Scalar, lower_case};
use json_text::{Json, Kind};
use serde_json::Number;
use std::ops::RangeBounds;

impl Pattern {
    pub(super) fn matches(&self, record: Json<'_>) -> bool {
        // Absence depends on the whole record. It is decided here once, not at every element of an array on the
        // pattern's path.
        let absent: Vec<bool> = self.absent_paths.iter().map(|path| !leads_to_value(record, path)).collect();
        self.object.matches(record, &absent)
    }
}

impl Object {
    /// Looks through arrays; one element must fulfil all conditions.
    fn matches(&self, value: Json<'_>, absent: &[bool]) -> bool {
        value.leaves().any(|leaf| self.0.iter().all(|condition| condition.holds(leaf, absent)))
    }
}

impl Condition {
    /// `value` is an object, or has no members.
    fn holds(&self, value: Json<'_>, absent: &[bool]) -> bool {
        match self {
            Self::Any(objects) => objects.iter().any(|object| object.matches(value, absent)),
            // Not simply false if the member is missing: `exists: false` further down may still hold.
            Self::Nested(key, object) => {
                object.matches(value.member(key).unwrap_or(Json::of_valid("null")), absent)
            }
            Self::Value(key, rules) => {
                let member = value.member(key);
                rules.iter().any(|rule| match rule {
                    Rule::Absent(index) => absent[*index],
                    _ => member.is_some_and(|member| member.leaves().any(|leaf| rule.holds(leaf.kind()))),
                })
            }
        }
    }
}

impl Rule {
    /// Whether it holds for a value that is not an object. No rule holds for an object, or an array without elements.
    fn holds(&self, value: Kind<'_>) -> bool {
        if matches!(value, Kind::Object | Kind::Array) {
            return false;
        }
        // WTF-8, to compare strings that JSON can express and UTF-8 cannot.
        let text = |test: &dyn Fn(&[u8]) -> bool| matches!(value, Kind::Text(text) if test(&text.wtf8()));
        match self {
            Self::Equals(expected) => expected.equals(value),
            Self::EqualsIgnoreCase(lower) => matches!(value, Kind::Text(text)
                if text.exact().is_some_and(|text| lower_case(&text).eq(lower.chars()))),
            Self::Prefix(prefix) => text(&|text| text.starts_with(prefix.as_bytes())),
            Self::Suffix(suffix) => text(&|text| text.ends_with(suffix.as_bytes())),
            Self::AnythingBut(excluded) => !excluded.iter().any(|scalar| scalar.equals(value)),
            Self::AnythingButPrefix(prefix) => !text(&|text| text.starts_with(prefix.as_bytes())),
            Self::Numeric(low, high) => matches!(value, Kind::Number(digits)
                if number(digits).and_then(|number| number.as_f64()).is_some_and(|n| (*low, *high).contains(&n))),
            Self::Exists => true,
            // Decided for the whole record before.
            Self::Absent(_) => false,
        }
    }
}

impl Scalar {
    fn equals(&self, value: Kind<'_>) -> bool {
        match (self, value) {
            (Self::Null, Kind::Null) => true,
            (Self::Bool(expected), Kind::Bool(value)) => *expected == value,
            (Self::Number(expected), Kind::Number(digits)) => number(digits).as_ref() == Some(expected),
            (Self::String(expected), Kind::Text(text)) => text.is(expected),
            _ => false,
        }
    }
}

/// A number in a pattern's form. `None` beyond the range of a double: such a number equals no pattern's number and is
/// in no range.
fn number(digits: &str) -> Option<Number> {
    serde_json::from_str(digits).ok()
}

/// Whether a path leads to a value that is not an object, through any elements of arrays on the way.
fn leads_to_value(value: Json<'_>, path: &[String]) -> bool {
    value.leaves().any(|leaf| match (leaf.kind(), path) {
        (Kind::Object, [key, rest @ ..]) => leaf.member(key).is_some_and(|value| leads_to_value(value, rest)),
        (Kind::Object | Kind::Array, _) => false,
        (_, path) => path.is_empty(),
    })
}
