//! References: a name, and the properties, calls and indexes after it.

use regex_lite::Regex;

use super::Parser;
use crate::ast::{Builtin, Expression, Reference, Slot, Step, StepKind};
use crate::error::{ParseError, Position};
use crate::lexer::identifier_length;
use crate::methods::{self, Type, call};
use crate::pattern;

impl Parser<'_> {
    /// The reference at the `$` that is next; `None` if the `$` is plain text.
    ///
    /// Quiet references (`$!`) are parsed like others: every undefined reference renders empty.
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
            // Observed (docs/aws-behaviour.md#template-language): a `$` at the end of a template is an error, and one
            // at the end of a string is text.
            let last = rest.is_empty() && !braced && self.source.name == "template";
            return if last { self.error(at, "a name or text after `$`") } else { Ok(None) };
        }
        let name = &rest[..length];
        let slot = self.names.slot(name);
        self.at = at + length;
        let steps = self.nested(Self::steps)?;
        let builtin = Builtin::named(name);
        self.check(slot, builtin, &steps);
        if braced {
            if !self.rest().starts_with('}') {
                let opened = self.position(start);
                return self.error(self.at, format!("`}}` to close the `${{` at {opened}"));
            }
            self.at += 1;
        }
        Ok(Some(Reference { slot, builtin, steps, at: self.offset(start) }))
    }

    /// Records unknown methods and properties. Only the end of the template shows whether a name such as `$util` is
    /// the builtin, because the template can assign it.
    fn check(&mut self, slot: Slot, builtin: Option<Builtin>, steps: &[Step]) {
        let kind = match builtin {
            Some(Builtin::Input) => Some(Type::Input),
            Some(Builtin::Util) => Some(Type::Util),
            _ => None,
        };
        for (index, step) in steps.iter().enumerate() {
            let Some((conditional, what, instead)) = unknown(kind.filter(|_| index == 0), &step.kind) else {
                continue;
            };
            let at = Position::of(self.template, step.at as usize);
            self.names.unknown.push((conditional.then_some(slot), ParseError::Unknown { at, what, instead }));
        }
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

/// Compiles the pattern of a call whose first argument is a literal. A pattern that does not
/// compile is reported when the call is rendered, as on AWS.
fn literal_pattern(method: &str, arguments: &[Expression]) -> Option<Regex> {
    match arguments.first() {
        Some(Expression::Text(text)) if pattern::takes_pattern(method) => pattern::compile(method, text).ok(),
        _ => None,
    }
}

/// For a step that no value has: whether it is valid if the template assigns the variable, what is unknown, and what to
/// use instead.
fn unknown(root: Option<Type>, step: &StepKind) -> Option<(bool, String, String)> {
    match (step, root) {
        (StepKind::Property(name), _) if &**name == "class" => {
            let instead = "Java's classes cannot be reached; write ['class'] for a member of that name";
            Some((false, "`class`".to_owned(), instead.to_owned()))
        }
        (StepKind::Property(name), Some(kind)) if kind != Type::Input || &**name != "body" => {
            Some((true, format!("`{name}` of {kind}"), kind.has_these()))
        }
        (StepKind::Call { name, arguments, .. }, Some(kind)) if !kind.has(name, arguments.len()) => {
            Some((true, format!("{} of {kind}", call(name, arguments.len())), kind.has_these()))
        }
        (StepKind::Call { name, arguments, .. }, None) if !methods::any_has(name, arguments.len()) => {
            let instead = "no value has such a method; docs/aws-behaviour.md lists the methods that exist";
            Some((false, call(name, arguments.len()), instead.to_owned()))
        }
        _ => None,
    }
}
