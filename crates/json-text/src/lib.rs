//! JSON as text: checked, walked and minified without a tree and without losing a digit.
//!
//! One parser for everything that inspects messages: route selection, mapping filters, request models and mapping
//! templates. It accepts everything that RFC 8259 allows, including values that Rust's numbers and strings cannot
//! hold: `1e400`, half of a surrogate pair (`"\ud83d"`, which `JSON.stringify` emits), any depth of nesting.
//!
//! ```
//! use json_text::Json;
//!
//! let message = Json::read(r#"{"action": "join", "x": "\ud83d", "n": 1e400}"#)?;
//! assert!(message.member("action").is_some_and(|action| action.is_text("join")));
//! # Ok::<(), json_text::NotJson>(())
//! ```
//!
//! # Bounds
//!
//! There is no recursion: a level of nesting costs one byte while a text is checked and nothing while it is
//! walked, so the length of a text bounds everything. Callers limit the length (a message by the gateway's
//! 128 KB, a record by its stream's maximum), and their own depth where they do recurse.

#![warn(missing_docs)] // a library that others read

mod arrays;
mod minify;
mod text;
mod tokens;

pub use arrays::ArrayPart;
pub use minify::minify;
pub use text::{RawText, quote_into};
pub use tokens::{Token, Tokens};

use minify::check;

/// The text is not valid JSON (RFC 8259).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotJson {
    /// The byte, counted from 0, at which it stops being JSON.
    pub at: usize,
}

impl std::error::Error for NotJson {}

impl std::fmt::Display for NotJson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the text is not JSON from byte {} on", self.at)
    }
}

/// A JSON value: a slice of a text that was checked, without blanks around it. Cheap to copy.
///
/// Nothing is parsed before it is asked for, and walking never fails.
#[derive(Debug, Clone, Copy)]
pub struct Json<'a>(&'a str);

/// What a value is.
#[derive(Debug, Clone, Copy)]
pub enum Kind<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, in the digits it was written with.
    Number(&'a str),
    /// A string.
    Text(RawText<'a>),
    /// An array.
    Array,
    /// An object.
    Object,
}

impl<'a> Json<'a> {
    /// Checks a text.
    ///
    /// # Errors
    /// [`NotJson`] where it is not JSON as RFC 8259 defines it. A byte order mark is not JSON.
    pub fn read(text: &'a str) -> Result<Self, NotJson> {
        check(text).map(|()| Self::of_valid(text))
    }

    /// Checks bytes: JSON is UTF-8.
    ///
    /// # Errors
    /// [`NotJson`], also where they are not UTF-8.
    pub fn read_bytes(bytes: &'a [u8]) -> Result<Self, NotJson> {
        let text = std::str::from_utf8(bytes).map_err(|error| NotJson { at: error.valid_up_to() })?;
        Self::read(text)
    }

    /// The value of a text that is known to be JSON. Of any other text the values are arbitrary, but no call panics.
    #[must_use]
    pub fn of_valid(text: &'a str) -> Self {
        Self(text.trim_matches(is_blank))
    }

    /// The value's text.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind<'a> {
        match self.0.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::Text(RawText::of_quoted(self.0)),
            Some(b't') => Kind::Bool(true),
            Some(b'f') => Kind::Bool(false),
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number(self.0),
        }
    }

    /// Whether it is this string.
    #[must_use]
    pub fn is_text(self, text: &str) -> bool {
        matches!(self.kind(), Kind::Text(raw) if raw.is(text))
    }

    /// The elements of an array; nothing for other kinds.
    pub fn elements(self) -> impl Iterator<Item = Self> + use<'a> {
        let mut rest = self.inside(b'[');
        std::iter::from_fn(move || next_value(&mut rest))
    }

    /// The members of an object in their order; nothing for other kinds.
    pub fn members(self) -> impl Iterator<Item = (RawText<'a>, Self)> + use<'a> {
        let mut rest = self.inside(b'{');
        std::iter::from_fn(move || {
            let Kind::Text(name) = next_value(&mut rest)?.kind() else { return None };
            Some((name, next_value(&mut rest)?))
        })
    }

    /// The member of that name; of several, the last, as a reader into a map has it.
    #[must_use]
    pub fn member(self, name: &str) -> Option<Self> {
        self.members().filter(|(found, _)| found.is(name)).last().map(|(_, value)| value)
    }

    /// The text after the opening bracket.
    fn inside(self, open: u8) -> &'a str {
        if self.0.as_bytes().first() == Some(&open) { &self.0[1..] } else { "" }
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// Takes the next value after blanks and separators; none at a closing bracket.
fn next_value<'a>(rest: &mut &'a str) -> Option<Json<'a>> {
    let bytes = rest.as_bytes();
    let start = bytes.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':'))?;
    let end = end_of_value(bytes, start);
    let value = rest.get(start..end).filter(|value| !value.is_empty())?;
    *rest = rest.get(end..).unwrap_or_default();
    Some(Json(value))
}

/// The offset after the value that begins at `at`; `at` itself at a closing bracket.
fn end_of_value(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = after_string(bytes, at);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return at + depth,
            b'}' | b']' => depth -= 1,
            b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    at
}

/// The offset after the string that begins at `at`.
fn after_string(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while at < bytes.len() {
        at += minify::plain_length(&bytes[at..]);
        match bytes.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}
