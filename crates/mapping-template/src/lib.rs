//! API Gateway's dialect of the Velocity template language, as a pure library.
//!
//! A [`Template`] is parsed once, when an integration is created, and rendered for every
//! message. Rendering does no I/O, reads no clock, and ends: every loop, depth and length has a
//! limit in [`limits`].
//!
//! ```
//! use mapping_template::{ContextTree, Node, Scope, Template};
//!
//! let template = Template::parse(
//!     r#"#set($event = "{""payload"":$input.json('$'),""from"":""$context.connectionId""}")
//! {"Data": "$util.base64Encode($event)"}"#,
//! )?;
//! let context = ContextTree::new().with("connectionId", Node::text("abc="));
//! let rendered = template.render(&Scope::new(r#"{ "n": 1.0 }"#, &context))?;
//! assert_eq!(rendered.text, r#"{"Data": "eyJwYXlsb2FkIjp7Im4iOjEuMH0sImZyb20iOiJhYmM9In0="}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What differs from Apache Velocity
//!
//! - An undefined or null reference is an empty string: it renders empty, equals `""`, and is
//!   *true* in `#if`. Only the boolean `false` is false.
//! - A method that this engine does not have fails by name: where the template is parsed if no
//!   value could have it, else where it is rendered. Java's classes (`.class`) are never reached.
//! - A backslash in a string is an ordinary character; a quote is written twice.
//! - `#macro` is read over and its calls are text, as are `#evaluate`, `#return` and every other
//!   unknown `#name(…)`, with their arguments unevaluated.
//! - A range takes integer literals only.
//! - Arrays from JSON print as compact JSON, objects as `{name=value}`.
//!
//! # JSON is not re-serialised
//!
//! `$input.json` checks the body and removes the whitespace between tokens. Digits, escapes, the
//! order of keys and keys that occur twice stay as they came, so that
//! `{"n":12345678901234567890123,"x":1.0,"y":1e3}` is written as it was read. A body that is not
//! JSON is written as a JSON string.
//!
//! Lists and maps are shared, as in Java: what a template puts into the object of `$input.path`
//! is there in each later `$input.path` and `$input.json`. From the first change on `$input.json`
//! writes the values instead of the text, with numbers still in the digits they came in.

#![warn(missing_docs)] // a library that others read

mod ast;
mod context;
mod error;
mod lexer;
pub mod limits;
mod methods;
mod overrides;
mod parse;
mod path;
mod pattern;
mod render;
mod scope;
mod value;

pub use context::{Context, ContextTree, Node};
pub use error::{ParseError, Position, Problem, RenderError};
pub use overrides::{Override, Overrides};
pub use scope::{Params, Scope, StageVariables};

/// A template, ready to be rendered any number of times and from any thread.
#[derive(Debug)]
pub struct Template {
    source: Box<str>,
    parsed: parse::Parsed,
}

/// What a rendering yields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// What the template assigned below `$context.requestOverride` and `responseOverride`.
    pub overrides: Overrides,
}

impl Template {
    /// Parses a template; that it parses is what makes it valid.
    ///
    /// # Errors
    ///
    /// The first place where the text breaks the language, or a length or depth beyond
    /// [`limits::TEMPLATE_BYTES_MAX`] and [`limits::NESTING_LEVELS_MAX`].
    pub fn parse(source: &str) -> Result<Self, ParseError> {
        Ok(Self { parsed: parse::parse(source)?, source: source.into() })
    }

    /// The text it was parsed from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Renders with a scope.
    ///
    /// # Errors
    ///
    /// A value that a method cannot use, an index out of bounds, or a limit reached: what API
    /// Gateway answers with a 500-class error.
    pub fn render(&self, scope: &Scope<'_>) -> Result<Rendered, RenderError> {
        let mut text = String::new();
        let overrides = self.render_into(scope, &mut text)?;
        Ok(Rendered { text, overrides })
    }

    /// Renders with a scope, appending to a text that can be reused.
    ///
    /// # Errors
    ///
    /// As [`Template::render`]; the text is then as it was before.
    pub fn render_into(&self, scope: &Scope<'_>, into: &mut String) -> Result<Overrides, RenderError> {
        let length = into.len();
        render::render(&self.parsed, scope, into).map_err(|fault| {
            into.truncate(length);
            RenderError { at: Position::of(&self.source, fault.at as usize), problem: fault.problem }
        })
    }
}

/// The README's example compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
