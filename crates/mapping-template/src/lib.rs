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
//! - A method that this engine does not have fails with an error that names it: when the template
//!   is parsed if no type has the method, otherwise when it is rendered. `.class` always fails.
//! - In a string, a backslash is an ordinary character, and a quote is escaped by doubling it.
//! - `#macro` definitions are skipped. Calls of macros, `#evaluate`, `#return` and every other
//!   unknown `#name(…)` are text; their arguments are not evaluated.
//! - A range takes integer literals only.
//! - Arrays from JSON print as compact JSON, objects as `{name=value}`.
//!
//! # JSON is not re-serialised
//!
//! `$input.json` checks the body and removes the whitespace between tokens. It keeps digits,
//! escapes, the order of keys and duplicate keys: `{"n":12345678901234567890123,"x":1.0,"y":1e3}`
//! is written unchanged. A body that is not JSON is written as a JSON string.
//!
//! Lists and maps are shared, as in Java: a change that a template makes to the object of
//! `$input.path` is visible in every later `$input.path` and `$input.json`. After the first change,
//! `$input.json` writes the values instead of the body's text; numbers keep their digits.

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

/// The result of a rendering.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The rendered text.
    pub text: String,
    /// What the template assigned below `$context.requestOverride` and `responseOverride`.
    pub overrides: Overrides,
}

impl Template {
    /// Parses a template. A template is valid if it parses.
    ///
    /// # Errors
    ///
    /// Fails at the first place that is not valid, and if the template exceeds
    /// [`limits::TEMPLATE_BYTES_MAX`] or [`limits::NESTING_LEVELS_MAX`].
    pub fn parse(source: &str) -> Result<Self, ParseError> {
        Ok(Self { parsed: parse::parse(source)?, source: source.into() })
    }

    /// The text that the template was parsed from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Renders with a scope.
    ///
    /// # Errors
    ///
    /// Fails if a method cannot use an argument, an index is out of bounds, or a limit is reached.
    /// API Gateway answers such a message with a 500-class error.
    pub fn render(&self, scope: &Scope<'_>) -> Result<Rendered, RenderError> {
        let mut text = String::new();
        let overrides = self.render_into(scope, &mut text)?;
        Ok(Rendered { text, overrides })
    }

    /// Renders with a scope and appends the result to `into`, so that a caller can reuse the string.
    ///
    /// # Errors
    ///
    /// Fails as [`Template::render`] does, and leaves `into` unchanged then.
    pub fn render_into(&self, scope: &Scope<'_>, into: &mut String) -> Result<Overrides, RenderError> {
        let length = into.len();
        render::render(&self.parsed, scope, into).map_err(|fault| {
            into.truncate(length);
            RenderError { at: Position::of(&self.source, fault.at as usize), problem: fault.problem }
        })
    }
}

/// Tests the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
