//! Event filter criteria: which records of a shard reach the mapping's function (docs/aws-behaviour.md#lambda-filters).
//!
//! `pattern` parses a pattern and refuses what cannot match, `matching` matches it with a record, and `subject` knows
//! the keys of a Kinesis record.

mod matching;
mod pattern;
mod subject;
#[cfg(test)]
mod tests;

use json_text::{Json, quote_into};
use pattern::Pattern;
pub use pattern::Problem;
use serde_json::Value;
use std::collections::BTreeSet;
use subject::Field;
pub use subject::FilterSubject;

/// Filters of a mapping, at most. AWS raises this to ten on request, but an emulator that took ten would pass what a
/// fresh account refuses.
pub const FILTERS_MAX: usize = 5;

/// Characters of a pattern, at most.
pub const PATTERN_CHARS_MAX: usize = 4_096;

/// A mapping's filters. A record passes if any of them matches; without filters every record passes.
///
/// The pattern language is the one that Lambda shares with EventBridge: an object names keys, all of which must
/// match; an array under a key lists rules, any of which may. A rule is a string, a number, `true`, `false` or
/// `null`, each matched exactly, or one of `prefix`, `suffix`, `equals-ignore-case`, `anything-but`, `numeric`
/// and `exists`. `$or` lists two or more objects, any of which may match.
///
/// - An array in a record matches if any of its elements does; members of different elements never match
///   together.
/// - `exists` asks for a value that is no object. `"exists": false` means that no element of any array on the
///   way has one.
/// - `300` and `300.0` differ, as documented. `300.0` and `3.0e2` differ at AWS and are equal here; `numeric`
///   compares values, and is false beyond plus and minus 5e9.
/// - The record's data is decoded and checked to be JSON once, and only where a pattern names `data`. Such a pattern
///   drops a record whose data is not JSON. Whatever RFC 8259 allows is JSON: any depth, `1e400`, which equals no
///   number of a pattern and lies in no `numeric` range, and half of a surrogate pair, which equals no text of one.
///
/// Source: Lambda developer guide, "Control which events Lambda sends to your function" and "Using event
/// filtering with a Kinesis event source"; for arrays and the grammar of rules, the README of `aws/event-ruler`.
///
/// That guide promises `data` alone; earlier editions filter on `partitionKey` too, so the keys beside `data` are
/// taken here, and may not be at AWS.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filters {
    patterns: Vec<Pattern>,
    /// The keys that any of the patterns reads.
    keys: BTreeSet<Field>,
}

/// A record's result at a mapping's filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It goes to the function.
    Passes,
    /// No filter matches: dropped.
    NoMatch,
    /// A filter reads its data, which is not JSON, and no other matches: dropped.
    NotJson,
}

/// Why a mapping's filters are refused. The Lambda API answers `InvalidParameterValueException`.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// More filters than a mapping may have.
    #[error("{count} filters are too many: a mapping has at most {FILTERS_MAX}")]
    TooMany { count: usize },
    #[error("Filters[{index}].Pattern has {chars} characters: shorten it to {PATTERN_CHARS_MAX}")]
    TooLong { index: usize, chars: usize },
    #[error("Filters[{index}].Pattern is not JSON: {source}")]
    NotJson {
        index: usize,
        /// Where parsing ended.
        source: serde_json::Error,
    },
    /// A pattern is JSON and not a valid filter.
    #[error("Filters[{index}].Pattern{path}: {problem}")]
    Pattern {
        index: usize,
        /// The keys that lead to the problem, each after a dot.
        path: String,
        problem: Problem,
    },
}

impl Filters {
    /// Parses the patterns of a mapping's `FilterCriteria`, each a JSON text.
    ///
    /// Also refuses operators that Lambda does not list (`wildcard`, `cidr`); rules for `data` as a whole, since at
    /// Kinesis its pattern must be JSON; and keys that Kinesis records do not have, which would silently drop every
    /// record. `invokeIdentityArn` is such a key: records have no role before they are delivered. Errors: the first
    /// problem, with the filter and the key.
    pub fn parse(patterns: &[String]) -> Result<Self, FilterError> {
        if patterns.len() > FILTERS_MAX {
            return Err(FilterError::TooMany { count: patterns.len() });
        }
        let patterns: Vec<Pattern> = patterns
            .iter()
            .enumerate()
            .map(|(index, text)| parse_one(index, text))
            .collect::<Result<_, _>>()?;
        let keys = patterns.iter().flat_map(|pattern| &pattern.keys).copied().collect();
        Ok(Self { patterns, keys })
    }

    /// Whether a record goes to the function.
    pub fn matches(&self, record: &FilterSubject<'_>) -> bool {
        self.outcome(record) == Outcome::Passes
    }

    /// A record's result. A record that does not go to the function is skipped: the checkpoint moves on.
    pub fn outcome(&self, record: &FilterSubject<'_>) -> Outcome {
        if self.patterns.is_empty() {
            return Outcome::Passes;
        }
        // The record as one JSON text, with the members that some pattern reads.
        let mut text = String::from("{");
        let mut data_is_json = true;
        for &key in &self.keys {
            let before = text.len();
            if before > 1 {
                text.push(',');
            }
            quote_into(key.name(), &mut text);
            text.push(':');
            if !record.write(key, &mut text) {
                data_is_json = false;
                text.truncate(before);
            }
        }
        text.push('}');
        let record = Json::of_valid(&text);
        // Without its data a record would have none of the keys, and `exists: false` would match.
        let is_readable = |pattern: &Pattern| data_is_json || !pattern.keys.contains(&Field::Data);
        if self.patterns.iter().any(|pattern| is_readable(pattern) && pattern.matches(record)) {
            Outcome::Passes
        } else if data_is_json {
            Outcome::NoMatch
        } else {
            Outcome::NotJson
        }
    }
}

fn parse_one(index: usize, text: &str) -> Result<Pattern, FilterError> {
    let chars = text.chars().count();
    if chars > PATTERN_CHARS_MAX {
        return Err(FilterError::TooLong { index, chars });
    }
    let json: Value = serde_json::from_str(text).map_err(|source| FilterError::NotJson { index, source })?;
    Pattern::parse(&json).map_err(|error| FilterError::Pattern {
        index,
        path: error.path.iter().map(|key| format!(".{key}")).collect(),
        problem: error.problem,
    })
}
