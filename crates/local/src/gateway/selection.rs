//! Selection expressions: which route, template or response a message picks.
//!
//! `$request.body.action`, `${request.body.service}/${request.body.action}`, a bare literal, `\$default`.

use serde_json::Value;
use std::borrow::Cow;

/// Characters in an expression, at most; the API's own limit for a route key's neighbourhood is not published.
pub const EXPRESSION_CHARS_MAX: usize = 1_024;

/// An expression, parsed once and evaluated for every message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectionExpression {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    /// `request.body` and a path into it.
    Body(Vec<Step>),
    /// `context.{path}`
    Context(String),
    /// `integration.response.statuscode`
    Status,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// Why an expression is refused when it is created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// Longer than [`EXPRESSION_CHARS_MAX`].
    #[error("selection expression is longer than {EXPRESSION_CHARS_MAX} characters")]
    TooLong,
    /// A `${` without its `}`.
    #[error("selection expression lacks a closing brace: {0}")]
    Unclosed(String),
    /// A variable that the gateway does not know.
    #[error("Unexpected variable in selection expression: {0}")]
    UnknownVariable(String),
}

/// What an expression may look at.
#[derive(Debug, Default, Clone, Copy)]
pub struct Subject<'a> {
    /// The frame's body, if it is JSON.
    pub body: Option<&'a Value>,
    /// The backend's HTTP status, on the response side.
    pub status: Option<u16>,
    /// `$context` by name.
    pub context: Option<&'a dyn ContextLookup>,
}

/// Looks `$context` variables up by their dotted path.
pub trait ContextLookup: std::fmt::Debug {
    /// The variable's value, if it has one.
    fn lookup(&self, path: &str) -> Option<Cow<'_, str>>;
}

impl SelectionExpression {
    /// Parses an expression.
    ///
    /// # Errors
    /// [`SelectionError`], worded as the control plane answers it.
    pub fn parse(text: &str) -> Result<Self, SelectionError> {
        if text.chars().count() > EXPRESSION_CHARS_MAX {
            return Err(SelectionError::TooLong);
        }
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            if let Some(escaped) = rest.strip_prefix("\\$") {
                literal.push('$');
                rest = escaped;
            } else if let Some(braced) = rest.strip_prefix("${") {
                let end = braced.find('}').ok_or_else(|| SelectionError::Unclosed(text.into()))?;
                push_literal(&mut parts, &mut literal);
                parts.push(variable(&braced[..end])?);
                rest = &braced[end + 1..];
            } else if let Some(bare) = rest.strip_prefix('$') {
                // An unbraced variable runs to the end: nothing can follow it that is not part of its path.
                push_literal(&mut parts, &mut literal);
                parts.push(variable(bare)?);
                rest = "";
            } else {
                literal.push(character);
                rest = &rest[character.len_utf8()..];
            }
        }
        push_literal(&mut parts, &mut literal);
        Ok(Self { parts })
    }

    /// Whether evaluation looks at the body, so that a caller need not parse it otherwise.
    pub fn reads_body(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Body(_)))
    }

    /// The expression's value; what is missing contributes nothing. The result is not evaluated again.
    pub fn evaluate(&self, subject: Subject<'_>) -> String {
        let mut result = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => result.push_str(text),
                Part::Body(path) => {
                    if let Some(value) = subject.body.and_then(|body| walk(body, path)) {
                        stringify(value, &mut result);
                    }
                }
                Part::Context(path) => {
                    if let Some(value) = subject.context.and_then(|context| context.lookup(path)) {
                        result.push_str(&value);
                    }
                }
                Part::Status => {
                    if let Some(status) = subject.status {
                        result.push_str(&status.to_string());
                    }
                }
            }
        }
        result
    }
}

fn push_literal(parts: &mut Vec<Part>, literal: &mut String) {
    if !literal.is_empty() {
        parts.push(Part::Literal(std::mem::take(literal)));
    }
}

fn variable(name: &str) -> Result<Part, SelectionError> {
    let unknown = || SelectionError::UnknownVariable(format!("${name}"));
    if let Some(path) = name.strip_prefix("request.body") {
        return Ok(Part::Body(steps(path).ok_or_else(unknown)?));
    }
    match name {
        "integration.response.statuscode" => Ok(Part::Status),
        _ => match name.strip_prefix("context.") {
            Some(path) if !path.is_empty() => Ok(Part::Context(path.into())),
            _ => Err(unknown()),
        },
    }
}

/// `.a.b[0]['c']` as steps; an empty path is the whole body.
fn steps(mut path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    while !path.is_empty() {
        if let Some(dotted) = path.strip_prefix('.') {
            let end = dotted.find(['.', '[']).unwrap_or(dotted.len());
            if end == 0 {
                return None;
            }
            steps.push(Step::Key(dotted[..end].into()));
            path = &dotted[end..];
        } else {
            let inner = path.strip_prefix('[')?;
            let end = inner.find(']')?;
            let index = &inner[..end];
            steps.push(match index.strip_prefix('\'').and_then(|key| key.strip_suffix('\'')) {
                Some(key) => Step::Key(key.into()),
                None => Step::Index(index.parse().ok()?),
            });
            path = &inner[end + 1..];
        }
    }
    Some(steps)
}

fn walk<'a>(value: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get(key.as_str()),
        Step::Index(index) => value.get(*index),
    })
}

/// Strings stand bare, arrays as `[item1, item2]`, null as nothing.
fn stringify(value: &Value, into: &mut String) {
    match value {
        Value::Null => {}
        Value::String(text) => into.push_str(text),
        Value::Array(items) => {
            into.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    into.push_str(", ");
                }
                stringify(item, into);
            }
            into.push(']');
        }
        other => into.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn select(expression: &str, body: &Value) -> String {
        let subject = Subject { body: Some(body), ..Subject::default() };
        SelectionExpression::parse(expression).unwrap().evaluate(subject)
    }

    #[test]
    fn a_path_into_the_body_selects_its_value() {
        let body = json!({"action": "relay", "deep": {"er": [{"k": 7}]}, "list": ["a", 1, null]});
        assert_eq!(select("$request.body.action", &body), "relay");
        assert_eq!(select("${request.body.action}", &body), "relay");
        assert_eq!(select("$request.body.deep.er[0].k", &body), "7");
        assert_eq!(select("$request.body['action']", &body), "relay");
        assert_eq!(select("$request.body.list", &body), "[a, 1, ]");
    }

    #[test]
    fn braced_variables_and_literals_are_joined() {
        let body = json!({"service": "chat", "action": "join"});
        assert_eq!(select("${request.body.service}/${request.body.action}", &body), "chat/join");
        assert_eq!(select("action", &body), "action");
    }

    #[test]
    fn what_is_missing_contributes_nothing() {
        assert_eq!(select("${request.body.a}/${request.body.b}", &json!({"b": "x"})), "/x");
        assert_eq!(SelectionExpression::parse("$request.body.a").unwrap().evaluate(Subject::default()), "");
    }

    #[test]
    fn an_escaped_dollar_is_a_literal() {
        assert_eq!(select("\\$default", &json!({})), "$default");
    }

    #[test]
    fn a_value_is_not_evaluated_again() {
        assert_eq!(
            select("$request.body.a", &json!({"a": "${request.body.b}", "b": 1})),
            "${request.body.b}"
        );
    }

    #[test]
    fn the_response_side_selects_by_status() {
        let subject = Subject { status: Some(200), ..Subject::default() };
        let expression = SelectionExpression::parse("${integration.response.statuscode}").unwrap();
        assert_eq!(expression.evaluate(subject), "200");
    }

    #[test]
    fn unknown_variables_are_refused_as_the_control_plane_words_it() {
        let refused = SelectionExpression::parse("$default").unwrap_err();
        assert_eq!(refused.to_string(), "Unexpected variable in selection expression: $default");
        assert!(SelectionExpression::parse("${request.body.a").is_err());
    }
}
