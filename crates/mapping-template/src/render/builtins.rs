//! Variables that exist without `#set`: those of loops, and stage variables.

use super::{Renderer, Result};
use crate::ast::Builtin;
use crate::value::{Map, Owner, Text, Value};

impl<'s> Renderer<'s> {
    /// The value of a builtin variable.
    pub(super) fn builtin(&self, builtin: Builtin) -> Value<'s> {
        match (builtin, self.loops.len().checked_sub(1)) {
            (Builtin::Input | Builtin::Context | Builtin::StageVariables | Builtin::Util, _) => {
                Value::Builtin(builtin)
            }
            (_, None) => Value::Undefined,
            (Builtin::Foreach, Some(depth)) => Value::Loop(depth),
            (Builtin::VelocityCount, Some(depth)) => self.loop_property(depth, "count"),
            (Builtin::VelocityHasNext, Some(depth)) => self.loop_property(depth, "hasNext"),
        }
    }

    /// A property of `$foreach`.
    pub(super) fn loop_property(&self, depth: usize, name: &str) -> Value<'s> {
        let Some(state) = self.loops.get(depth) else { return Value::Undefined };
        let number = |n: usize| Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
        match name {
            "index" => number(state.index),
            "count" => number(state.index + 1),
            "hasNext" => Value::Bool(state.index + 1 < state.length),
            "first" => Value::Bool(state.index == 0),
            "last" => Value::Bool(state.index + 1 == state.length),
            "parent" => depth.checked_sub(1).map_or(Value::Undefined, Value::Loop),
            "topmost" => Value::Loop(0),
            _ => Value::Undefined,
        }
    }

    /// `$context` or `$stageVariables` as a map; undefined for other builtins, which render empty.
    pub(super) fn whole(&mut self, builtin: Builtin) -> Result<Value<'s>> {
        Ok(match builtin {
            Builtin::Context => match self.scope.context.get(&[]) {
                Some(node) => self.import(node, 0)?,
                None => Value::Undefined,
            },
            Builtin::StageVariables => {
                let variables = self.scope.stage_variables;
                self.charge(variables.len())?;
                let map: Map<'s> = variables
                    .iter()
                    .map(|(name, value)| (Text::Borrowed(name.as_str()), Value::borrowed(value)))
                    .collect();
                self.heap.add_map_of(Owner::Gateway, map)
            }
            _ => Value::Undefined,
        })
    }

    /// The value, with `$context` and `$stageVariables` as maps, on which methods can be called.
    pub(super) fn opened(&mut self, value: Value<'s>) -> Result<Value<'s>> {
        match value {
            Value::Builtin(builtin @ (Builtin::Context | Builtin::StageVariables)) => self.whole(builtin),
            other => Ok(other),
        }
    }
}
