//! References: from the root through properties, calls and indexes; and their assignment.

use regex_lite::Regex;

use super::{Renderer, Result};
use crate::ast::{Builtin, Reference, Step, StepKind};
use crate::error::{Problem, shown};
use crate::value::Value;

impl<'s> Renderer<'s> {
    pub(super) fn reference(&mut self, reference: &'s Reference) -> Result<Value<'s>> {
        self.walk(reference, &reference.steps)
    }

    /// The value of a reference's root after some of its steps.
    fn walk(&mut self, reference: &'s Reference, steps: &'s [Step]) -> Result<Value<'s>> {
        self.charge(1)?;
        self.at = reference.at;
        let (mut value, steps) = match (&self.variables[reference.slot], reference.builtin) {
            (Some(value), _) => (value.clone(), steps),
            (None, None) => return Ok(Value::Undefined),
            (None, Some(Builtin::Context)) => self.context(steps)?,
            (None, Some(builtin)) => (self.builtin(builtin), steps),
        };
        for step in steps {
            self.at = step.at;
            value = match &step.kind {
                StepKind::Property(name) => self.property(&value, name)?,
                StepKind::Index(index) => {
                    let index = self.nested(|this| this.expression(index))?;
                    self.at = step.at;
                    self.index(&value, index)?
                }
                StepKind::Call { name, arguments, pattern } => {
                    let arguments = self.nested(|this| {
                        arguments.iter().map(|argument| this.expression(argument)).collect::<Result<Vec<_>>>()
                    })?;
                    self.at = step.at;
                    self.call(value, name, &arguments, pattern.as_ref())?
                }
            };
        }
        Ok(value)
    }

    fn property(&mut self, value: &Value<'s>, name: &str) -> Result<Value<'s>> {
        self.charge(1)?;
        Ok(match value {
            Value::Map(id) => self.heap.map(*id).get(name).cloned().unwrap_or(Value::Undefined),
            Value::Builtin(Builtin::Input) if name == "body" => Value::borrowed(self.message()),
            Value::Builtin(Builtin::StageVariables) => {
                self.scope.stage_variables.get(name).map_or(Value::Undefined, |text| Value::borrowed(text))
            }
            Value::Loop(depth) => self.loop_property(*depth, name),
            Value::List(id) if name == "empty" => Value::Bool(self.heap.list(*id).items.is_empty()),
            Value::Text(text) if name == "empty" => Value::Bool(text.is_empty()),
            _ => Value::Undefined,
        })
    }

    fn index(&mut self, value: &Value<'s>, index: Value<'s>) -> Result<Value<'s>> {
        match value {
            Value::List(id) => match index {
                Value::Int(index) => {
                    let at = self.list_index(*id, index)?;
                    Ok(self.heap.list(*id).items.get(at).cloned().unwrap_or(Value::Undefined))
                }
                _ => Ok(Value::Undefined),
            },
            Value::Map(_) | Value::Builtin(_) => {
                let name = self.key(index)?;
                let value = self.opened(value.clone())?;
                self.property(&value, &name)
            }
            _ => Ok(Value::Undefined),
        }
    }

    /// An index into a list; a negative one counts from the end.
    fn list_index(&self, id: crate::value::ListId, index: i64) -> Result<usize> {
        let length = self.heap.list(id).items.len();
        let at = match usize::try_from(index) {
            Ok(at) => Some(at),
            Err(_) => usize::try_from(index.unsigned_abs()).ok().and_then(|back| length.checked_sub(back)),
        };
        match at.filter(|at| *at < length) {
            Some(at) => Ok(at),
            None => self.fault(Problem::OutOfBounds { index, length }),
        }
    }

    /// Calls a method. One that the value does not have yields undefined, as in Velocity.
    fn call(
        &mut self,
        value: Value<'s>,
        method: &str,
        arguments: &[Value<'s>],
        pattern: Option<&Regex>,
    ) -> Result<Value<'s>> {
        self.charge(1)?;
        match (method, arguments) {
            ("toString", []) if !matches!(value, Value::Undefined) => {
                return Ok(Value::Text(self.text(&value)?));
            }
            ("equals", [other]) if !matches!(value, Value::Undefined) => {
                return Ok(Value::Bool(self.equal(&value, other)?));
            }
            _ => {}
        }
        match self.opened(value)? {
            Value::Text(text) => self.text_method(&text, method, arguments, pattern),
            Value::List(id) => self.list_method(id, method, arguments),
            Value::Map(id) => self.map_method(id, method, arguments),
            Value::Builtin(Builtin::Input) => self.input_method(method, arguments),
            Value::Builtin(Builtin::Util) => self.util_method(method, arguments),
            Value::Loop(depth) => Ok(self.loop_property(depth, getter_property(method))),
            number @ (Value::Int(_) | Value::Float(_) | Value::Number(_)) => {
                Ok(number_method(number, method))
            }
            Value::Undefined | Value::Bool(_) | Value::Block(_) | Value::Builtin(_) => Ok(Value::Undefined),
        }
    }

    /// `#set`: a variable, an entry of a map, an element of a list, or an override. Anything else
    /// is ignored, as in Velocity.
    pub(super) fn assign(&mut self, target: &'s Reference, value: Value<'s>) -> Result<()> {
        self.at = target.at;
        let Some((last, above)) = target.steps.split_last() else {
            self.variables[target.slot] = Some(value);
            return Ok(());
        };
        if self.variables[target.slot].is_none() && target.builtin == Some(Builtin::Context) {
            return self.assign_override(target, &value);
        }
        let owner = self.walk(target, above)?;
        self.at = last.at;
        match (owner, &last.kind) {
            (Value::Map(id), StepKind::Property(name)) => {
                self.heap.map_mut(id).insert(crate::value::Text::Borrowed(name), value);
            }
            (Value::Map(id), StepKind::Index(key)) => {
                let key = self.nested(|this| this.expression(key))?;
                let key = self.key(key)?;
                self.heap.map_mut(id).insert(key, value);
            }
            (Value::List(id), StepKind::Index(index)) => {
                if let Value::Int(index) = self.nested(|this| this.expression(index))? {
                    let at = self.list_index(id, index)?;
                    if let Some(slot) = self.heap.list_mut(id).get_mut(at) {
                        *slot = value;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The error for an argument that a method cannot use.
    pub(super) fn bad_argument<T>(&self, method: &str, expected: &'static str, found: &str) -> Result<T> {
        self.fault(Problem::Argument { method: method.to_owned(), expected, found: shown(found) })
    }
}

/// `getIndex` and `isFirst` name the properties `index` and `first`.
fn getter_property(method: &str) -> &str {
    match method {
        "getIndex" => "index",
        "getCount" => "count",
        "isFirst" => "first",
        "isLast" => "last",
        other => other,
    }
}

fn number_method<'s>(number: Value<'s>, method: &str) -> Value<'s> {
    use super::numbers::Number;
    match (method, Number::of(&number)) {
        ("intValue" | "longValue", Some(Number::Int(value))) => Value::Int(value),
        #[expect(clippy::cast_possible_truncation, reason = "Java's narrowing saturates in the same way")]
        ("intValue" | "longValue", Some(Number::Float(value))) => Value::Int(value as i64),
        #[expect(clippy::cast_precision_loss, reason = "Java's widening rounds in the same way")]
        ("doubleValue" | "floatValue", Some(Number::Int(value))) => Value::Float(value as f64),
        ("doubleValue" | "floatValue", Some(Number::Float(value))) => Value::Float(value),
        _ => Value::Undefined,
    }
}
