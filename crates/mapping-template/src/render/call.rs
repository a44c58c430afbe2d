//! Calls: the dispatch of methods by the type of the value, and their arguments.

use regex_lite::Regex;

use super::numbers::Number;
use super::{Renderer, Result};
use crate::ast::Builtin;
use crate::methods::{Type, call};
use crate::value::{ListKind, Text, Value};

/// A call: its method, and its arguments.
#[derive(Clone, Copy)]
pub(super) struct Call<'c, 's> {
    pub(super) method: &'c str,
    pub(super) arguments: &'c [Value<'s>],
    /// The compiled first argument, if it is a literal pattern.
    pub(super) pattern: Option<&'c Regex>,
}

impl<'s> Renderer<'s> {
    /// Calls a method. As in Velocity, each method of an undefined value gives undefined. A method that the value does not
    /// have fails.
    pub(super) fn call(&mut self, value: Value<'s>, call: Call<'_, 's>) -> Result<Value<'s>> {
        self.charge(1)?;
        match value {
            Value::Builtin(Builtin::Input) => return self.input_method(call),
            Value::Builtin(Builtin::Util) => return self.util_method(call),
            _ => {}
        }
        let value = self.opened(value)?;
        let Some(kind) = self.kind(&value) else { return Ok(Value::Undefined) };
        if !kind.has(call.method, call.arguments.len()) {
            return self.no_method(kind, call);
        }
        match (call.method, call.arguments) {
            ("toString", []) => return Ok(Value::Text(self.text(&value)?)),
            ("equals", [other]) => return Ok(Value::Bool(self.same(&value, other, 0)?)),
            ("hashCode", []) => return Ok(Value::Int(self.hash(&value, 0)?.into())),
            _ => {}
        }
        match value {
            Value::Text(text) => self.text_method(&text, call),
            Value::Block(block) => {
                let text = self.text_of(block)?;
                self.text_method(&Text::from(text), call)
            }
            Value::Bool(value) => self.boolean_method(value, call),
            Value::Int(_) | Value::Float(_) | Value::Number(_) => match Number::of(&value) {
                Some(Number::Int(value)) => self.integer_method(value, call),
                Some(Number::Float(value)) => self.double_method(value, call),
                None => self.no_method(kind, call),
            },
            Value::List(id) if kind == Type::View => self.view_method(id, call),
            Value::List(id) => self.list_method(id, call),
            Value::Map(id) => self.map_method(id, call),
            Value::Entry(id) => self.entry_method(id, call),
            Value::Loop(depth) => Ok(self.loop_property(depth, getter_property(call.method))),
            _ => self.no_method(kind, call),
        }
    }

    /// The error for a method that a value does not have, or not with that number of arguments.
    pub(super) fn no_method<T>(&self, kind: Type, found: Call<'_, 's>) -> Result<T> {
        self.unknown(call(found.method, found.arguments.len()), kind)
    }

    /// The type of a value; `None` if it is undefined.
    pub(super) fn kind(&self, value: &Value<'s>) -> Option<Type> {
        Some(match value {
            Value::Undefined => return None,
            Value::Text(_) | Value::Block(_) => Type::Text,
            Value::Bool(_) => Type::Boolean,
            Value::Int(_) => Type::Integer,
            Value::Float(_) => Type::Double,
            Value::Number(_) => match Number::of(value) {
                Some(Number::Int(_)) => Type::Integer,
                _ => Type::Double,
            },
            Value::List(id) if self.heap.list(*id).kind == ListKind::View => Type::View,
            Value::List(_) => Type::List,
            Value::Map(_) => Type::Map,
            Value::Entry(_) => Type::Entry,
            Value::Loop(_) => Type::Loop,
            Value::Builtin(Builtin::Input) => Type::Input,
            Value::Builtin(Builtin::Util) => Type::Util,
            Value::Builtin(_) => Type::Map,
        })
    }

    /// An argument that must be a string.
    pub(super) fn text_argument(&mut self, method: &str, value: &Value<'s>) -> Result<Text<'s>> {
        match value {
            Value::Text(text) => Ok(text.clone()),
            Value::Block(_) => self.text(value),
            other => self.wrong_argument(method, "a string", other),
        }
    }

    /// An argument that must be an integer.
    pub(super) fn int_argument(&self, method: &str, value: &Value<'s>) -> Result<i64> {
        match Number::of(value) {
            Some(Number::Int(value)) => Ok(value),
            _ => self.wrong_argument(method, "an integer", value),
        }
    }

    /// The error for an argument of another type.
    pub(super) fn wrong_argument<T>(
        &self,
        method: &str,
        expected: &'static str,
        found: &Value<'s>,
    ) -> Result<T> {
        let found = self.kind(found).map_or_else(|| "null".to_owned(), |kind| kind.to_string());
        self.fault(crate::error::Problem::Argument { method: method.to_owned(), expected, found })
    }
}

/// The property of a getter: `index` for `getIndex`, `first` for `isFirst`.
fn getter_property(method: &str) -> &str {
    match method {
        "getIndex" => "index",
        "getCount" => "count",
        "getParent" => "parent",
        "getTopmost" => "topmost",
        "getHasNext" => "hasNext",
        "isFirst" => "first",
        "isLast" => "last",
        other => other,
    }
}
