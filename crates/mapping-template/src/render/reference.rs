//! References: their evaluation from the root through properties, calls and indexes, and their assignment.

use super::call::Call;
use super::numbers::Number;
use super::{Fault, Renderer, Result};
use crate::ast::{Builtin, Reference, Step, StepKind};
use crate::error::{Problem, shown};
use crate::methods::Type;
use crate::value::{MapId, Owner, Text, Value};

/// The name of a read-only value in errors.
pub(super) const CONTEXT: &str = "a value that the gateway provides";

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
                    self.call(value, Call { method: name, arguments: &arguments, pattern: pattern.as_ref() })?
                }
            };
        }
        Ok(value)
    }

    pub(super) fn property(&mut self, value: &Value<'s>, name: &str) -> Result<Value<'s>> {
        self.charge(1)?;
        Ok(match value {
            Value::Map(id) => self.heap.map(*id).get(name).cloned().unwrap_or(Value::Undefined),
            Value::Builtin(Builtin::Input) if name == "body" => Value::borrowed(self.message()),
            Value::Builtin(Builtin::StageVariables) => {
                self.scope.stage_variables.get(name).map_or(Value::Undefined, |text| Value::borrowed(text))
            }
            Value::Loop(depth) => self.loop_property(*depth, name),
            Value::Entry(id) if name == "key" => Value::Text(self.heap.entry(*id).1.clone()),
            Value::Entry(id) if name == "value" => self.heap.entry_value(*id),
            Value::List(id) if name == "empty" => Value::Bool(self.heap.list(*id).items.is_empty()),
            Value::Text(text) if name == "empty" => Value::Bool(text.is_empty()),
            // Java has this property and this engine does not. Any other is null in Java too.
            Value::Text(_) if name == "bytes" => return self.unknown("`bytes`".to_owned(), Type::Text),
            _ => Value::Undefined,
        })
    }

    fn index(&mut self, value: &Value<'s>, index: Value<'s>) -> Result<Value<'s>> {
        match value {
            Value::List(id) => match Number::of(&index) {
                Some(Number::Int(index)) => {
                    let at = self.list_index(*id, index)?;
                    Ok(self.heap.list(*id).items.get(at).cloned().unwrap_or(Value::Undefined))
                }
                _ => Ok(Value::Undefined),
            },
            Value::Map(_) | Value::Builtin(_) => {
                let Some(name) = self.key(index)? else { return Ok(Value::Undefined) };
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

    /// `#set` of a variable, an entry of a map, an element of a list or an override. As in Velocity, other
    /// assignments have no effect.
    pub(super) fn assign(&mut self, target: &'s Reference, value: Value<'s>) -> Result<()> {
        self.at = target.at;
        let Some((last, above)) = target.steps.split_last() else {
            self.variables[target.slot] = Some(value);
            return Ok(());
        };
        let overrides = self.variables[target.slot].is_none() && target.builtin == Some(Builtin::Context);
        let path = if overrides { Some(self.override_path(target)?) } else { None };
        let assigned = self.assign_below(target, last, above, value);
        match (path, assigned) {
            (Some(path), Ok(false)) => self.override_error(
                path,
                "requestOverride takes header.NAME, path.NAME and querystring.NAME, responseOverride header.NAME and status",
            ),
            (Some(path), Err(Fault { at, problem: Problem::Override { reason, .. } })) => {
                Err(Fault { at, problem: Problem::Override { path, reason } })
            }
            (_, assigned) => assigned.map(|_| ()),
        }
    }

    /// Assigns a member or an element; returns whether there is a map or list to assign it to.
    fn assign_below(
        &mut self,
        target: &'s Reference,
        last: &'s Step,
        above: &'s [Step],
        value: Value<'s>,
    ) -> Result<bool> {
        let owner = self.walk(target, above)?;
        self.at = last.at;
        match (owner, &last.kind) {
            (Value::Builtin(_), _) => return self.read_only("#set", CONTEXT),
            (Value::Map(id), StepKind::Property(name)) => {
                self.insert("#set", id, Text::Borrowed(name), value)?;
            }
            (Value::Map(id), StepKind::Index(key)) => {
                let key = self.nested(|this| this.expression(key))?;
                let key = self.new_key("#set", key)?;
                self.insert("#set", id, key, value)?;
            }
            (Value::List(id), StepKind::Index(index)) => {
                self.changeable("#set", id)?;
                let index = self.nested(|this| this.expression(index))?;
                if let Some(Number::Int(index)) = Number::of(&index) {
                    let at = self.list_index(id, index)?;
                    if let Some(slot) = self.heap.list_mut(id).get_mut(at) {
                        *slot = value;
                    }
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Puts a value into a map and returns the previous one.
    pub(super) fn insert(
        &mut self,
        method: &str,
        id: MapId,
        key: Text<'s>,
        value: Value<'s>,
    ) -> Result<Option<Value<'s>>> {
        match self.heap.owner(id) {
            Owner::Template => {}
            Owner::Gateway => return self.read_only(method, CONTEXT),
            Owner::Override if self.heap.map(id).contains_key(&*key) => {
                return self.override_error(key.to_string(), "a parameter can be overridden once only");
            }
            Owner::Override => {}
        }
        Ok(self.heap.map_mut(id).insert(key, value))
    }

    /// The error for a method or property that a value does not have.
    pub(super) fn unknown<T>(&self, what: String, of: Type) -> Result<T> {
        self.fault(Problem::Unknown { what, of: of.to_string() })
    }

    /// The error for a change of a read-only value.
    pub(super) fn read_only<T>(&self, method: &str, what: &'static str) -> Result<T> {
        self.fault(Problem::ReadOnly { method: method.to_owned(), what })
    }

    /// The error for an argument that a method cannot use.
    pub(super) fn bad_argument<T>(&self, method: &str, expected: &'static str, found: &str) -> Result<T> {
        self.fault(Problem::Argument { method: method.to_owned(), expected, found: shown(found) })
    }
}
