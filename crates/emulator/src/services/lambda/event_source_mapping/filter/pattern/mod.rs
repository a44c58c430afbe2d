//! A parsed filter pattern: keys, rules and alternatives, without any that cannot match.

mod rule;

use super::subject::Field;
pub(super) use rule::{Rule, Scalar, lower_case};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The key that lists alternatives instead of naming a member.
const OR: &str = "$or";

/// `$or` joins at least this many objects.
const OR_OBJECTS_MIN: usize = 2;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    pub(super) object: Object,
    /// The top-level keys that it reads.
    pub(super) keys: BTreeSet<Field>,
    /// The paths in `exists: false`, by which rules refer to them.
    pub(super) absent_paths: Vec<Vec<String>>,
}

/// Conditions on an object's members, all of which must hold. Never empty.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Object(pub(super) Vec<Condition>);

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    /// A member has a value that one of the rules matches.
    Value(String, Vec<Rule>),
    /// A member is an object.
    Nested(String, Object),
    /// `$or`: any of these.
    Any(Vec<Object>),
}

/// Why a pattern is not a valid filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The pattern is not a JSON object.
    #[error("a pattern is a JSON object, such as {{\"data\": {{\"key\": [\"value\"]}}}}")]
    NotAnObject,
    /// `{}`
    #[error("an empty object matches nothing: name a key or leave the filter out")]
    EmptyObject,
    /// `[]`
    #[error("an empty array matches nothing: list at least one rule")]
    EmptyArray,
    /// A value without the array around it.
    #[error("a bare value is not a rule: write it in an array, such as [\"value\"]")]
    BareValue,
    /// An array among the rules.
    #[error("an array is not a rule: list its values as rules of their own")]
    NestedArray,
    /// A top-level key that records do not have.
    #[error("a Kinesis record has no such key: its content is under `data`, its metadata is {}", metadata())]
    UnknownKey,
    /// `"data": ["text"]`
    #[error("`data` takes an object: Lambda filters the data of Kinesis records as JSON only")]
    DataAsWhole,
    /// `"partitionKey": {…}`
    #[error("this key holds a single value: give it an array of rules")]
    MetadataAsObject,
    /// `$or` with fewer than two objects.
    #[error("`$or` joins at least {OR_OBJECTS_MIN} objects")]
    TooFewAlternatives,
    /// `{"prefix": "a", "suffix": "b"}` or `{}` among the rules.
    #[error("a rule has one operator, this one has {0}")]
    OperatorCount(usize),
    /// An operator that Lambda does not list.
    #[error("operator `{0}` is not supported: use {operators}", operators = rule::OPERATORS.join(", "))]
    UnknownOperator(String),
    /// An operator with the wrong kind of value.
    #[error("`{operator}` takes {expected}")]
    Operand {
        operator: &'static str,
        /// What it takes.
        expected: &'static str,
    },
}

fn metadata() -> String {
    let names: Vec<&str> =
        Field::ALL.into_iter().filter(|&field| field != Field::Data).map(Field::name).collect();
    names.join(", ")
}

/// A problem, and the keys that lead to it.
#[derive(Debug)]
pub(super) struct PatternError {
    pub(super) path: Vec<String>,
    pub(super) problem: Problem,
}

impl Pattern {
    pub(super) fn parse(json: &Value) -> Result<Self, PatternError> {
        let mut reader = Reader::default();
        let object = match json {
            Value::Object(members) => reader.object(members),
            _ => Err(Problem::NotAnObject),
        };
        match object {
            Ok(object) => Ok(Self { object, keys: reader.keys, absent_paths: reader.absent_paths }),
            Err(problem) => Err(PatternError { path: reader.path, problem }),
        }
    }
}

/// Walks a pattern. After an error, `path` is where it occurred.
#[derive(Default)]
struct Reader {
    path: Vec<String>,
    keys: BTreeSet<Field>,
    absent_paths: Vec<Vec<String>>,
}

impl Reader {
    fn object(&mut self, members: &Map<String, Value>) -> Result<Object, Problem> {
        if members.is_empty() {
            return Err(Problem::EmptyObject);
        }
        let conditions = members.iter().map(|(key, value)| match alternatives(key, value) {
            Some(objects) => self.alternatives(&objects),
            None => self.member(key, value),
        });
        conditions.collect::<Result<_, _>>().map(Object)
    }

    fn alternatives(&mut self, objects: &[&Map<String, Value>]) -> Result<Condition, Problem> {
        if objects.len() < OR_OBJECTS_MIN {
            return Err(Problem::TooFewAlternatives);
        }
        objects.iter().map(|members| self.object(members)).collect::<Result<_, _>>().map(Condition::Any)
    }

    fn member(&mut self, key: &str, value: &Value) -> Result<Condition, Problem> {
        let top_level = self.path.is_empty();
        self.path.push(key.to_owned());
        if top_level {
            let known = Field::named(key).ok_or(Problem::UnknownKey)?;
            match (known, value) {
                (Field::Data, Value::Array(_)) => return Err(Problem::DataAsWhole),
                (key, Value::Object(_)) if key != Field::Data => return Err(Problem::MetadataAsObject),
                _ => self.keys.insert(known),
            };
        }
        let condition = match value {
            Value::Object(members) => Condition::Nested(key.to_owned(), self.object(members)?),
            Value::Array(rules) if rules.is_empty() => return Err(Problem::EmptyArray),
            Value::Array(rules) => {
                let rules = rules.iter().map(|rule| self.rule(rule));
                Condition::Value(key.to_owned(), rules.collect::<Result<_, _>>()?)
            }
            _ => return Err(Problem::BareValue),
        };
        self.path.pop();
        Ok(condition)
    }

    fn rule(&mut self, json: &Value) -> Result<Rule, Problem> {
        Rule::parse(json, || {
            self.absent_paths.push(self.path.clone());
            self.absent_paths.len() - 1
        })
    }
}

/// The objects that `$or` joins. In Event Ruler, `$or` is an ordinary key if it does not list objects, or if they are
/// rules.
fn alternatives<'a>(key: &str, value: &'a Value) -> Option<Vec<&'a Map<String, Value>>> {
    let Value::Array(items) = value else { return None };
    if key != OR || items.is_empty() {
        return None;
    }
    let object = |item: &'a Value| {
        item.as_object().filter(|members| !members.keys().any(|key| rule::is_reserved(key)))
    };
    items.iter().map(object).collect()
}
