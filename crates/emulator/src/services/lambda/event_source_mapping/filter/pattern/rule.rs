//! One rule of a filter pattern: a value to equal, or an operator with its operand.

use super::Problem;
use serde_json::{Number, Value};
use std::ops::Bound;

/// The operators that Lambda lists for event filtering.
pub(super) const OPERATORS: [&str; 6] = [PREFIX, SUFFIX, EQUALS_IGNORE_CASE, ANYTHING_BUT, NUMERIC, EXISTS];

const PREFIX: &str = "prefix";
const SUFFIX: &str = "suffix";
const EQUALS_IGNORE_CASE: &str = "equals-ignore-case";
const ANYTHING_BUT: &str = "anything-but";
const NUMERIC: &str = "numeric";
const EXISTS: &str = "exists";

/// `numeric` matches values from minus this to plus this (EventBridge user guide, numeric matching).
const NUMERIC_MAGNITUDE_MAX: f64 = 5.0e9;

/// A condition on a single value.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Rule {
    Equals(Scalar),
    /// Equal in lower case; this is in lower case already.
    EqualsIgnoreCase(String),
    Prefix(String),
    Suffix(String),
    /// None of these; only strings or only numbers.
    AnythingBut(Vec<Scalar>),
    AnythingButPrefix(String),
    Numeric(Bound<f64>, Bound<f64>),
    Exists,
    /// The path with this index in the pattern's list leads to no value.
    Absent(usize),
}

/// A JSON value that contains no others.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Scalar {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
}

/// Whether a key inside `$or` makes it an ordinary key (Event Ruler's README).
pub(super) fn is_reserved(key: &str) -> bool {
    OPERATORS.contains(&key) || matches!(key, "exactly" | "cidr" | "wildcard")
}

impl Rule {
    /// Parses a rule. `absent` collects the paths of `exists: false`, whose indexes rules have.
    pub(super) fn parse(json: &Value, absent: impl FnOnce() -> usize) -> Result<Self, Problem> {
        let members = match json {
            Value::Object(members) => members,
            _ => return Scalar::of(json).map(Self::Equals).ok_or(Problem::NestedArray),
        };
        let mut entries = members.iter();
        let (Some((operator, operand)), None) = (entries.next(), entries.next()) else {
            return Err(Problem::OperatorCount(members.len()));
        };
        match operator.as_str() {
            PREFIX => Ok(Self::Prefix(string(PREFIX, operand)?)),
            SUFFIX => Ok(Self::Suffix(string(SUFFIX, operand)?)),
            EQUALS_IGNORE_CASE => {
                let text = string(EQUALS_IGNORE_CASE, operand)?;
                Ok(Self::EqualsIgnoreCase(lower_case(&text).collect()))
            }
            ANYTHING_BUT => anything_but(operand),
            NUMERIC => numeric(operand).ok_or(Problem::Operand {
                operator: NUMERIC,
                expected: "[\"=\", n], one bound such as [\">\", n], or a lower and then a higher one such as \
                           [\">\", n, \"<=\", m], with numbers from -5e9 to 5e9",
            }),
            EXISTS => match operand {
                Value::Bool(true) => Ok(Self::Exists),
                Value::Bool(false) => Ok(Self::Absent(absent())),
                _ => Err(Problem::Operand { operator: EXISTS, expected: "true or false" }),
            },
            other => Err(Problem::UnknownOperator(other.to_owned())),
        }
    }
}

impl Scalar {
    fn of(json: &Value) -> Option<Self> {
        match json {
            Value::Null => Some(Self::Null),
            Value::Bool(value) => Some(Self::Bool(*value)),
            Value::Number(value) => Some(Self::Number(value.clone())),
            Value::String(value) => Some(Self::String(value.clone())),
            Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// A text's characters in lower case.
pub(in super::super) fn lower_case(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

fn string(operator: &'static str, operand: &Value) -> Result<String, Problem> {
    operand.as_str().map(str::to_owned).ok_or(Problem::Operand { operator, expected: "a string" })
}

fn anything_but(operand: &Value) -> Result<Rule, Problem> {
    let values = match operand {
        Value::Object(_) => return anything_but_prefix(operand),
        Value::Array(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    };
    if values.is_empty() || !(values.iter().all(Value::is_string) || values.iter().all(Value::is_number)) {
        let expected = "a string, a number, an array of either, or {\"prefix\": \"…\"}";
        return Err(Problem::Operand { operator: ANYTHING_BUT, expected });
    }
    Ok(Rule::AnythingBut(values.iter().filter_map(Scalar::of).collect()))
}

fn anything_but_prefix(operand: &Value) -> Result<Rule, Problem> {
    let mut entries = operand.as_object().into_iter().flatten();
    match (entries.next(), entries.next()) {
        (Some((operator, Value::String(prefix))), None) if operator == PREFIX && !prefix.is_empty() => {
            Ok(Rule::AnythingButPrefix(prefix.clone()))
        }
        (Some((operator, _)), _) if operator != PREFIX => {
            Err(Problem::UnknownOperator(format!("{ANYTHING_BUT}: {operator}")))
        }
        _ => Err(Problem::Operand {
            operator: ANYTHING_BUT,
            expected: "a prefix that is a string and not empty",
        }),
    }
}

fn numeric(operand: &Value) -> Option<Rule> {
    let number = |json: &Value| json.as_f64().filter(|n| n.abs() <= NUMERIC_MAGNITUDE_MAX);
    match operand.as_array()?.as_slice() {
        [operator, n] => {
            let n = number(n)?;
            match operator.as_str()? {
                "=" => Some(Rule::Numeric(Bound::Included(n), Bound::Included(n))),
                ">" | ">=" => {
                    Some(Rule::Numeric(bound(operator, n)?, Bound::Included(NUMERIC_MAGNITUDE_MAX)))
                }
                "<" | "<=" => {
                    Some(Rule::Numeric(Bound::Included(-NUMERIC_MAGNITUDE_MAX), bound(operator, n)?))
                }
                _ => None,
            }
        }
        [above, low, below, high] => {
            let (low, high) = (number(low)?, number(high)?);
            let in_order = above.as_str()?.starts_with('>') && below.as_str()?.starts_with('<') && low < high;
            in_order.then_some(Rule::Numeric(bound(above, low)?, bound(below, high)?))
        }
        _ => None,
    }
}

fn bound(operator: &Value, n: f64) -> Option<Bound<f64>> {
    match operator.as_str()? {
        ">" | "<" => Some(Bound::Excluded(n)),
        ">=" | "<=" => Some(Bound::Included(n)),
        _ => None,
    }
}
