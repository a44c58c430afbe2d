//! JSON as text: checked, minified and taken apart without losing a digit.
//!
//! Nothing here builds a tree of a whole body. A node is a slice of a text that [`minify`] found
//! valid, so walking it never fails.

mod minify;
mod path;
mod text;

use std::borrow::Cow;

pub use minify::minify;
pub(crate) use path::{Path, Selection};
pub(crate) use text::{quote_into, unescape};

/// The text of the value that a JSONPath selects from a body, without its quotes if it is a
/// string, as selection expressions such as `$request.body.action` need it.
///
/// `None` if the body is no JSON, if the path is malformed, or if it selects nothing, `null`, or
/// more than one value.
#[must_use]
pub fn select_text<'a>(body: &'a str, path: &str) -> Option<Cow<'a, str>> {
    minify(body)?;
    let mut steps = crate::limits::EVALUATION_STEPS_MAX;
    let Selection::One(node) = Path::parse(path).ok()?.select(Node::root(body), &mut steps).ok()? else {
        return None;
    };
    match node.kind() {
        Kind::Null => None,
        Kind::Text(raw) => Some(unescape(raw)),
        Kind::Bool(_) | Kind::Number(_) | Kind::Array | Kind::Object => minify(node.0),
    }
}

/// A value in a valid JSON text: from its first to its last character, or with blanks around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'a>(&'a str);

/// What a node is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind<'a> {
    Null,
    Bool(bool),
    /// In the digits it was written with.
    Number(&'a str),
    /// Between the quotes, escapes unread.
    Text(&'a str),
    Array,
    Object,
}

impl<'a> Node<'a> {
    /// The value of a text that is known to be valid.
    pub(crate) fn root(valid: &'a str) -> Self {
        Self(valid.trim_matches(is_blank))
    }

    /// The node's text.
    pub(crate) fn as_str(self) -> &'a str {
        self.0
    }

    pub(crate) fn kind(self) -> Kind<'a> {
        match self.0.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::Text(self.0.get(1..self.0.len().saturating_sub(1)).unwrap_or_default()),
            Some(b't') => Kind::Bool(true),
            Some(b'f') => Kind::Bool(false),
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number(self.0),
        }
    }

    /// The elements of an array; nothing for other kinds.
    pub(crate) fn elements(self) -> impl Iterator<Item = Node<'a>> {
        let inside =
            if matches!(self.kind(), Kind::Array) { self.0.get(1..).unwrap_or_default() } else { "" };
        let mut rest = inside;
        std::iter::from_fn(move || next_value(&mut rest))
    }

    /// The members of an object in their order; nothing for other kinds.
    pub(crate) fn members(self) -> impl Iterator<Item = (Cow<'a, str>, Node<'a>)> {
        let inside =
            if matches!(self.kind(), Kind::Object) { self.0.get(1..).unwrap_or_default() } else { "" };
        let mut rest = inside;
        std::iter::from_fn(move || {
            let Kind::Text(name) = next_value(&mut rest)?.kind() else { return None };
            Some((unescape(name), next_value(&mut rest)?))
        })
    }

    /// The member of that name; of several, the last, as a reader into a map has it.
    pub(crate) fn member(self, name: &str) -> Option<Node<'a>> {
        self.members().filter(|(found, _)| found == name).last().map(|(_, node)| node)
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// Takes the next value after blanks and separators; none at a closing bracket.
fn next_value<'a>(rest: &mut &'a str) -> Option<Node<'a>> {
    let text = rest.trim_start_matches([' ', '\t', '\n', '\r', ',', ':']);
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        match bytes.get(at) {
            Some(b'"') => {
                at = after_string(bytes, at);
                if depth == 0 {
                    break;
                }
                continue;
            }
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']') if depth == 0 => break,
            Some(b'}' | b']') => {
                depth -= 1;
                if depth == 0 {
                    at += 1;
                    break;
                }
            }
            Some(b',' | b' ' | b'\t' | b'\n' | b'\r') if depth == 0 => break,
            Some(_) => {}
            None => break,
        }
        at += 1;
    }
    *rest = text.get(at..).unwrap_or_default();
    text.get(..at).filter(|value| !value.is_empty()).map(Node)
}

/// The offset after the string that begins at `at`.
fn after_string(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}
