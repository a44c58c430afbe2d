//! `$context`: looked up by its whole path at once, and the assignment of overrides.

use std::borrow::Cow;
use std::rc::Rc;

use super::{Renderer, Result};
use crate::ast::{Expression, Reference, Step, StepKind};
use crate::context::Node;
use crate::error::Problem;
use crate::limits::{CONTEXT_PATH_NAMES_MAX, VALUE_LEVELS_MAX};
use crate::value::{Map, Text, Value};

impl<'s> Renderer<'s> {
    /// The value that the leading names of some steps have below `$context`, and the steps left.
    pub(super) fn context(&mut self, steps: &'s [Step]) -> Result<(Value<'s>, &'s [Step])> {
        let mut names = [""; CONTEXT_PATH_NAMES_MAX];
        let mut count = 0;
        for (slot, step) in names.iter_mut().zip(steps) {
            match &step.kind {
                StepKind::Property(name) => *slot = name,
                StepKind::Index(Expression::Text(name)) => *slot = name,
                StepKind::Index(_) | StepKind::Call { .. } => break,
            }
            count += 1;
        }
        let (names, rest) = (&names[..count], &steps[count..]);
        if names.is_empty() {
            return Ok((Value::Builtin(crate::ast::Builtin::Context), rest));
        }
        if names[0].ends_with("Override")
            && let Some(value) = self.overrides.get(names).map(str::to_owned)
        {
            return Ok((self.built(value)?, rest));
        }
        let value = match self.scope.context.get(names) {
            Some(node) => self.import(node, 0)?,
            None => Value::Undefined,
        };
        Ok((value, rest))
    }

    /// Takes a context value over; objects become maps.
    pub(super) fn import(&mut self, node: Node<'s>, level: usize) -> Result<Value<'s>> {
        self.charge(1)?;
        if level > VALUE_LEVELS_MAX {
            return self.limit("$context, in levels,", VALUE_LEVELS_MAX);
        }
        Ok(match node {
            Node::Text(text) => Value::Text(import_text(text)),
            Node::Number(number) => Value::Int(number),
            Node::Bool(value) => Value::Bool(value),
            Node::Object(members) => {
                let mut map = Map::with_capacity(members.len());
                for (name, member) in members {
                    map.insert(import_text(name), self.import(member, level + 1)?);
                }
                self.heap.add_map(map)
            }
        })
    }

    /// `#set($context.requestOverride.… = value)`.
    pub(super) fn assign_override(&mut self, target: &'s Reference, value: &Value<'s>) -> Result<()> {
        let mut path: Vec<Text<'s>> = Vec::with_capacity(target.steps.len());
        for step in &target.steps {
            path.push(match &step.kind {
                StepKind::Property(name) => Text::Borrowed(name),
                StepKind::Index(index) => {
                    let index = self.nested(|this| this.expression(index))?;
                    self.key(index)?
                }
                StepKind::Call { name, .. } => Text::Borrowed(name),
            });
        }
        let value = self.text(value)?;
        self.charge_text(&value)?;
        let names: Vec<&str> = path.iter().map(|name| &**name).collect();
        self.at = target.at;
        match self.overrides.assign(&names, value.to_string()) {
            Ok(()) => Ok(()),
            Err(reason) => self.fault(Problem::Override { path: names.join("."), reason }),
        }
    }
}

fn import_text(text: Cow<'_, str>) -> Text<'_> {
    match text {
        Cow::Borrowed(text) => Text::Borrowed(text),
        Cow::Owned(text) => Text::Owned(Rc::new(text)),
    }
}
