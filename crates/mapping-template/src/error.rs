//! Errors of parsing and of rendering, with their place in the template.
//!
//! Both say what was expected and what was found. A parse error is returned to the client that
//! creates the integration. For a render error, API Gateway answers with a 500-class frame.

use std::fmt;

use crate::limits;

/// A place in a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Position {
    /// The position of a byte offset; one past the end is the position after the last character.
    pub(crate) fn of(source: &str, offset: usize) -> Self {
        let mut end = offset.min(source.len());
        while !source.is_char_boundary(end) {
            end -= 1;
        }
        let before = &source[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).saturating_add(1);
        Self {
            line: count(before.bytes().filter(|byte| *byte == b'\n').count()),
            column: count(before[line_start..].chars().count()),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// The reason why a template is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// The text is longer than API Gateway allows.
    #[error("template has {bytes} bytes, the limit is {}: shorten it", limits::TEMPLATE_BYTES_MAX)]
    TooLong {
        /// Length of the text.
        bytes: usize,
    },
    /// The text at this place is not valid there.
    #[error("{at}: expected {expected}, found {found}")]
    Unexpected {
        /// The place of the text that is not valid.
        at: Position,
        /// What would be valid here.
        expected: String,
        /// The text at the place.
        found: String,
    },
    /// A method or property that no value of the template has.
    #[error("{at}: {what} is not supported: {instead}")]
    Unknown {
        /// The place of the method or property.
        at: Position,
        /// The name of the method or property.
        what: String,
        /// What to use instead.
        instead: String,
    },
    /// Blocks, brackets or strings are nested too deeply.
    #[error("{at}: nested deeper than {} levels: split it with #set", limits::NESTING_LEVELS_MAX)]
    TooDeep {
        /// The place that is one level too deep.
        at: Position,
    },
}

impl ParseError {
    /// The place of the error; a template that is too long has none.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::TooLong { .. } => None,
            Self::Unexpected { at, .. } | Self::Unknown { at, .. } | Self::TooDeep { at } => Some(*at),
        }
    }
}

/// The reason why a valid template could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct RenderError {
    /// The place in the template that was being evaluated.
    pub at: Position,
    /// What went wrong there.
    pub problem: Problem,
}

/// What went wrong while rendering.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// An index outside of a list or a string.
    #[error("index {index} is outside of 0..{length}")]
    OutOfBounds {
        /// The index.
        index: i64,
        /// The length of the list or string.
        length: usize,
    },
    /// A method was given an argument that it cannot use.
    #[error("{method} expected {expected}, found {found}")]
    Argument {
        /// The method's name.
        method: String,
        /// What the method takes.
        expected: &'static str,
        /// The argument, shortened.
        found: String,
    },
    /// A value does not have the method or property.
    #[error("{what} of {of} is not supported")]
    Unknown {
        /// The method with its number of arguments, or the property.
        what: String,
        /// The type of the value.
        of: String,
    },
    /// A method or directive would change a value that is read-only.
    #[error("{method} cannot change {what}: copy it first, with addAll or putAll")]
    ReadOnly {
        /// The method or directive.
        method: String,
        /// The value that it would change.
        what: &'static str,
    },
    /// A loop's list or map changed its length while the loop ran.
    #[error("a list or map cannot grow or shrink while #foreach goes over it: collect the changes first")]
    Resized,
    /// The result of an integer operation needs more than 64 bits.
    #[error("the result of {operator} does not fit 64 bits")]
    Overflow {
        /// The operator as written.
        operator: &'static str,
    },
    /// A template can assign only the two override maps of `$context`, and each parameter only once.
    #[error("cannot assign $context.{path}: {reason}")]
    Override {
        /// The path below `$context`.
        path: String,
        /// The reason.
        reason: &'static str,
    },
    /// A limit of this engine was reached; the limits are in [`crate::limits`].
    #[error("the rendering exceeds the limit of {limit} {what}")]
    Limit {
        /// The limited quantity with its unit, such as `evaluation steps`.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// Most characters of a value in an error message.
const SHOWN_CHARACTERS_MAX: usize = 24;

/// A text shortened for an error, in backticks.
pub(crate) fn shown(text: &str) -> String {
    let mut characters = text.chars();
    let head: String = characters.by_ref().take(SHOWN_CHARACTERS_MAX).collect();
    let more = if characters.next().is_some() { "…" } else { "" };
    format!("`{}{more}`", head.escape_debug())
}
