//! Holds a filter pattern against a record, a JSON object.

use super::pattern::{Condition, Object, Pattern, Rule, Scalar, lower_case};
use serde_json::Value;
use std::ops::RangeBounds;

impl Pattern {
    pub(super) fn matches(&self, record: &Value) -> bool {
        // Absence is a question to the whole record. Asked here, it is answered once, not at every element of
        // an array that the pattern leads through.
        let absent: Vec<bool> = self.absent_paths.iter().map(|path| !leads_to_value(record, path)).collect();
        self.object.matches(record, &absent)
    }
}

impl Object {
    fn matches(&self, value: &Value, absent: &[bool]) -> bool {
        match value {
            // Arrays are seen through, and all conditions must hold of one element.
            Value::Array(items) if !items.is_empty() => items.iter().any(|item| self.matches(item, absent)),
            _ => self.0.iter().all(|condition| condition.holds(value, absent)),
        }
    }
}

impl Condition {
    /// `value` is an object, or something without members.
    fn holds(&self, value: &Value, absent: &[bool]) -> bool {
        match self {
            Self::Any(objects) => objects.iter().any(|object| object.matches(value, absent)),
            // Not a plain failure where the member is missing: `exists: false` further down still holds.
            Self::Nested(key, object) => object.matches(value.get(key).unwrap_or(&Value::Null), absent),
            Self::Value(key, rules) => {
                let member = value.get(key);
                rules.iter().any(|rule| match rule {
                    Rule::Absent(index) => absent[*index],
                    _ => member.is_some_and(|member| rule.holds_for_any(member)),
                })
            }
        }
    }
}

impl Rule {
    fn holds_for_any(&self, value: &Value) -> bool {
        match value {
            Value::Array(items) => items.iter().any(|item| self.holds_for_any(item)),
            Value::Object(_) => false,
            _ => self.holds(value),
        }
    }

    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Equals(expected) => expected.equals(value),
            Self::EqualsIgnoreCase(lower) => {
                value.as_str().is_some_and(|text| lower_case(text).eq(lower.chars()))
            }
            Self::Prefix(prefix) => value.as_str().is_some_and(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => value.as_str().is_some_and(|text| text.ends_with(suffix)),
            Self::AnythingBut(excluded) => !excluded.iter().any(|scalar| scalar.equals(value)),
            Self::AnythingButPrefix(prefix) => !value.as_str().is_some_and(|text| text.starts_with(prefix)),
            Self::Numeric(low, high) => value.as_f64().is_some_and(|n| (*low, *high).contains(&n)),
            Self::Exists => true,
            // Asked of the whole record before.
            Self::Absent(_) => false,
        }
    }
}

impl Scalar {
    fn equals(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Null, Value::Null) => true,
            (Self::Bool(expected), Value::Bool(value)) => expected == value,
            (Self::Number(expected), Value::Number(value)) => expected == value,
            (Self::String(expected), Value::String(value)) => expected == value,
            _ => false,
        }
    }
}

/// Whether a path leads to a value that is no object, through any elements of the arrays on the way.
fn leads_to_value(value: &Value, path: &[String]) -> bool {
    match (value, path) {
        (Value::Array(items), _) => items.iter().any(|item| leads_to_value(item, path)),
        (Value::Object(members), [key, rest @ ..]) => {
            members.get(key).is_some_and(|value| leads_to_value(value, rest))
        }
        (_, []) => !value.is_object(),
        _ => false,
    }
}
