//! Selection expressions: which route, template or response a message picks.
//!
//! `$request.body.action`, `${request.body.service}/${request.body.action}`, a bare literal, `\$default`.

mod reach;

use json_text::{ArrayPart, Json, Kind, minify};
use std::borrow::Cow;

/// Characters of an expression, at most; AWS does not publish its limit.
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

/// The values that an expression may use.
#[derive(Debug, Default, Clone, Copy)]
pub struct Subject<'a> {
    /// The message's body, if it is JSON.
    pub body: Option<Json<'a>>,
    /// The backend's HTTP status, of responses.
    pub status: Option<u16>,
    /// `$context` by name.
    pub context: Option<&'a dyn ContextLookup>,
}

/// Looks up `$context` variables by their dotted path.
pub trait ContextLookup: std::fmt::Debug {
    fn lookup(&self, path: &str) -> Option<Cow<'_, str>>;
}

impl SelectionExpression {
    /// Parses an expression. Fails with [`SelectionError`], in the control plane's words.
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
                // An unbraced variable extends to the end: everything after it belongs to its path.
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

    /// Whether evaluation needs the parsed body.
    pub fn reads_body(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Body(_)))
    }

    /// The expression's value; missing parts are empty. The result is not evaluated again.
    ///
    /// `None` if a string in it has half a surrogate pair: no key is equal to it.
    pub fn evaluate<'s>(&'s self, subject: Subject<'s>) -> Option<Cow<'s, str>> {
        // Most expressions are one variable, which needs no copy.
        if let [part] = self.parts.as_slice() {
            return part.evaluate(subject);
        }
        let mut result = String::new();
        for part in &self.parts {
            result.push_str(&part.evaluate(subject)?);
        }
        Some(result.into())
    }
}

impl Part {
    fn evaluate<'s>(&'s self, subject: Subject<'s>) -> Option<Cow<'s, str>> {
        let nothing = Cow::Borrowed("");
        Some(match self {
            Self::Literal(text) => Cow::Borrowed(text),
            Self::Body(path) => match subject.body.and_then(|body| walk(body, path)) {
                Some(value) => return stringify(value),
                None => nothing,
            },
            Self::Context(path) => {
                subject.context.and_then(|context| context.lookup(path)).unwrap_or(nothing)
            }
            Self::Status => subject.status.map_or(nothing, |status| status.to_string().into()),
        })
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

fn walk<'a>(value: Json<'a>, path: &[Step]) -> Option<Json<'a>> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.member(key),
        Step::Index(index) => value.elements().nth(*index),
    })
}

/// Strings without quotes, arrays as `[item1, item2]`, null as nothing.
fn stringify(value: Json<'_>) -> Option<Cow<'_, str>> {
    if !matches!(value.kind(), Kind::Array) {
        return stringify_one(value);
    }
    let mut text = String::new();
    for part in value.array_parts() {
        match part {
            ArrayPart::Begin => text.push('['),
            ArrayPart::End => text.push(']'),
            ArrayPart::Comma => text.push_str(", "),
            ArrayPart::Value(value) => text.push_str(&stringify_one(value)?),
        }
    }
    Some(text.into())
}

fn stringify_one(value: Json<'_>) -> Option<Cow<'_, str>> {
    match value.kind() {
        Kind::Null => Some(Cow::Borrowed("")),
        Kind::Text(text) => text.exact(),
        Kind::Bool(_) | Kind::Number(_) | Kind::Array => Some(Cow::Borrowed(value.as_str())),
        Kind::Object => minify(value.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn select(expression: &str, body: &str) -> Option<String> {
        let body = Json::read(body).ok();
        let expression = SelectionExpression::parse(expression).unwrap();
        expression.evaluate(Subject { body, ..Subject::default() }).map(Cow::into_owned)
    }

    #[test]
    fn a_path_into_the_body_selects_its_value() {
        let body =
            r#"{"action": "re\u006cay", "deep": {"er": [{"k": 7}]}, "list": ["a", 1, null, [true, []]]}"#;
        for (expression, expected) in [
            ("$request.body.action", "relay"),
            ("${request.body.action}", "relay"),
            ("$request.body.deep.er[0].k", "7"),
            ("$request.body.deep.er", r#"[{"k":7}]"#),
            ("$request.body['action']", "relay"),
            ("$request.body.list", "[a, 1, , [true, []]]"),
            ("$request.body.list[3][0]", "true"),
            ("$request.body.deep", r#"{"er":[{"k":7}]}"#),
        ] {
            assert_eq!(select(expression, body).as_deref(), Some(expected), "{expression}");
        }
    }

    #[test]
    fn braced_variables_and_literals_are_joined() {
        let body = r#"{"service": "chat", "action": "join"}"#;
        let both = "${request.body.service}/${request.body.action}";
        assert_eq!(select(both, body).as_deref(), Some("chat/join"));
        assert_eq!(select("action", body).as_deref(), Some("action"));
    }

    #[test]
    fn what_is_missing_contributes_nothing() {
        let selected = select("${request.body.a}/${request.body.b}", r#"{"b": "x"}"#);
        assert_eq!(selected.as_deref(), Some("/x"));
        assert_eq!(select("$request.body.a", "no json").as_deref(), Some(""));
    }

    #[test]
    fn an_escaped_dollar_is_a_literal() {
        assert_eq!(select("\\$default", "{}").as_deref(), Some("$default"));
    }

    #[test]
    fn a_value_is_not_evaluated_again() {
        let body = json!({"a": "${request.body.b}", "b": 1}).to_string();
        assert_eq!(select("$request.body.a", &body).as_deref(), Some("${request.body.b}"));
    }

    #[test]
    fn the_response_side_selects_by_status() {
        let subject = Subject { status: Some(200), ..Subject::default() };
        let expression = SelectionExpression::parse("${integration.response.statuscode}").unwrap();
        assert_eq!(expression.evaluate(subject).as_deref(), Some("200"));
    }

    /// Values that other JSON readers reject, beside the selected value and as that value.
    #[test]
    fn all_that_rfc_8259_allows_is_read() {
        let deep = format!(r#"{{"x": {}{}, "action": "join"}}"#, "[".repeat(60_000), "]".repeat(60_000));
        for body in [
            r#"{"action": "join", "x": "\ud83d"}"#,
            r#"{"action": "join", "\ude00": 1}"#,
            r#"{"x": 1e400, "action": "join"}"#,
            r#"{"action": "no", "x": -0.1E-99999999999, "action": "join"}"#,
            &deep,
        ] {
            assert_eq!(select("$request.body.action", body).as_deref(), Some("join"));
        }
        assert_eq!(select("$request.body.x", &deep).unwrap().len(), 120_000);
        assert_eq!(select("$request.body.x", r#"{"x": 1e400}"#).as_deref(), Some("1e400"));
        for half in [r#"{"x": "\ud83d"}"#, r#"{"x": ["\ude00"]}"#, r#"{"x": "\ude00\ud83d"}"#] {
            assert_eq!(select("$request.body.x", half), None, "{half}");
            assert_eq!(select("${request.body.x}!", half), None, "{half}");
        }
        assert_eq!(select("$request.body.x", r#"{"x": "\ud83d\ude00"}"#).as_deref(), Some("😀"));
    }

    #[test]
    fn unknown_variables_are_refused_as_the_control_plane_words_it() {
        let refused = SelectionExpression::parse("$default").unwrap_err();
        assert_eq!(refused.to_string(), "Unexpected variable in selection expression: $default");
        assert!(SelectionExpression::parse("${request.body.a").is_err());
    }
}
