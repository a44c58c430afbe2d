//! References: a name, and the properties, calls and indexes after it.

use regex_lite::Regex;

use super::Parser;
use crate::ast::{Builtin, Expression, Reference, Step, StepKind};
use crate::error::ParseError;
use crate::lexer::identifier_length;
use crate::pattern;

impl Parser<'_> {
    /// The reference at the `$` that is next; none if the `$` is plain text.
    ///
    /// Quiet references are no different: here, every undefined reference is silent.
    pub(super) fn reference(&mut self) -> Result<Option<Reference>, ParseError> {
        let start = self.at;
        let mut at = start + 1;
        let mut skip = |mark: char| {
            let found = self.source.text[at..].starts_with(mark);
            at += usize::from(found);
            found
        };
        skip('!');
        let braced = skip('{');
        let rest = &self.text()[at..];
        let length = identifier_length(rest);
        if length == 0 {
            // Observed (docs/aws-behaviour.md#template-language): a template whose last character is `$` fails.
            return if rest.is_empty() { self.error(at, "a name or text after `$`") } else { Ok(None) };
        }
        let name = &rest[..length];
        let slot = self.names.slot(name);
        self.at = at + length;
        let steps = self.nested(Self::steps)?;
        if braced {
            if !self.rest().starts_with('}') {
                let opened = self.position(start);
                return self.error(self.at, format!("`}}` to close the `${{` at {opened}"));
            }
            self.at += 1;
        }
        Ok(Some(Reference { slot, builtin: Builtin::named(name), steps, at: self.offset(start) }))
    }

    fn steps(&mut self) -> Result<Vec<Step>, ParseError> {
        let mut steps = Vec::new();
        loop {
            let start = self.at;
            if self.rest().starts_with('[') {
                self.at += 1;
                let index = self.value()?;
                self.expect("]", "to close the index")?;
                steps.push(Step { at: self.offset(start), kind: StepKind::Index(index) });
                continue;
            }
            let Some(rest) = self.rest().strip_prefix('.') else { return Ok(steps) };
            let length = identifier_length(rest);
            if length == 0 {
                return Ok(steps);
            }
            let name = &rest[..length];
            self.at += 1 + length;
            let at = self.offset(start + 1);
            let kind = if self.rest().starts_with('(') {
                self.at += 1;
                let arguments = self.values(")", "in the arguments")?;
                let pattern = literal_pattern(name, &arguments);
                StepKind::Call { name: name.into(), arguments, pattern }
            } else {
                StepKind::Property(name.into())
            };
            steps.push(Step { at, kind });
        }
    }
}

/// The pattern of a call whose first argument is a literal, compiled once. One that does not
/// compile is reported when it is used, as on AWS.
fn literal_pattern(method: &str, arguments: &[Expression]) -> Option<Regex> {
    match arguments.first() {
        Some(Expression::Text(text)) if pattern::takes_pattern(method) => pattern::compile(method, text).ok(),
        _ => None,
    }
}
