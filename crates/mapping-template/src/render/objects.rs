//! The methods of every Java object: `equals` and `hashCode`.

use super::numbers::Number;
use super::{Renderer, Result};
use crate::limits::VALUE_LEVELS_MAX;
use crate::value::{MapId, Text, Value};

/// The factor in Java's hashes of strings and lists.
const FACTOR: i32 = 31;

impl<'s> Renderer<'s> {
    /// Java's `equals`: the same type and value. `Integer` and `Long` are one type here.
    pub(super) fn same(&mut self, left: &Value<'s>, right: &Value<'s>, level: usize) -> Result<bool> {
        self.charge(1)?;
        self.level_within(level)?;
        Ok(match (left, right) {
            (Value::Undefined, Value::Undefined) => true,
            (Value::Text(left), Value::Text(right)) => {
                self.charge_text(left)?;
                left == right
            }
            (Value::Bool(left), Value::Bool(right)) => left == right,
            (Value::List(left), Value::List(right)) if left == right => true,
            (Value::List(left), Value::List(right)) => {
                let length = self.heap.list(*left).items.len();
                if length != self.heap.list(*right).items.len() {
                    return Ok(false);
                }
                for at in 0..length {
                    let item = |id| self.heap.list(id).items.get(at).cloned().unwrap_or(Value::Undefined);
                    let (left, right) = (item(*left), item(*right));
                    if !self.same(&left, &right, level + 1)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Value::Map(left), Value::Map(right)) => self.same_maps(*left, *right, level)?,
            (Value::Entry(left), Value::Entry(right)) => {
                let same_key = self.heap.entry(*left).1 == self.heap.entry(*right).1;
                let (left, right) = (self.heap.entry_value(*left), self.heap.entry_value(*right));
                same_key && self.same(&left, &right, level + 1)?
            }
            _ => match (Number::of(left), Number::of(right)) {
                (Some(Number::Int(left)), Some(Number::Int(right))) => left == right,
                (Some(Number::Float(left)), Some(Number::Float(right))) => left.to_bits() == right.to_bits(),
                _ => false,
            },
        })
    }

    fn same_maps(&mut self, left: MapId, right: MapId, level: usize) -> Result<bool> {
        if left == right {
            return Ok(true);
        }
        let length = self.heap.map(left).len();
        if length != self.heap.map(right).len() {
            return Ok(false);
        }
        for at in 0..length {
            let Some((key, value)) = self.heap.map(left).get_index(at) else { break };
            let (value, other) = (value.clone(), self.heap.map(right).get(&**key).cloned());
            let Some(other) = other else { return Ok(false) };
            if !self.same(&value, &other, level + 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Java's `hashCode`.
    pub(super) fn hash(&mut self, value: &Value<'s>, level: usize) -> Result<i32> {
        self.charge(1)?;
        self.level_within(level)?;
        Ok(match value {
            Value::Text(text) => {
                self.charge_text(text)?;
                text_hash(text)
            }
            Value::Bool(value) => boolean_hash(*value),
            Value::Int(_) | Value::Float(_) | Value::Number(_) => Number::of(value).map_or(0, Number::hash),
            Value::List(id) => {
                let mut hash = 1_i32;
                let mut at = 0;
                while let Some(item) = self.heap.list(*id).items.get(at).cloned() {
                    hash = hash.wrapping_mul(FACTOR).wrapping_add(self.hash(&item, level + 1)?);
                    at += 1;
                }
                hash
            }
            Value::Map(id) => {
                let mut hash = 0_i32;
                let mut at = 0;
                while let Some((key, value)) = self.heap.map(*id).get_index(at) {
                    let (key, value) = (key.clone(), value.clone());
                    hash = hash.wrapping_add(self.entry_hash(&key, &value, level)?);
                    at += 1;
                }
                hash
            }
            Value::Entry(id) => {
                let (key, value) = (self.heap.entry(*id).1.clone(), self.heap.entry_value(*id));
                self.entry_hash(&key, &value, level)?
            }
            Value::Undefined | Value::Block(_) | Value::Builtin(_) | Value::Loop(_) => 0,
        })
    }

    fn entry_hash(&mut self, key: &Text<'s>, value: &Value<'s>, level: usize) -> Result<i32> {
        self.charge_text(key)?;
        Ok(text_hash(key) ^ self.hash(value, level + 1)?)
    }

    fn level_within(&self, level: usize) -> Result<()> {
        if level > VALUE_LEVELS_MAX {
            return self.limit("levels of a compared or hashed value", VALUE_LEVELS_MAX);
        }
        Ok(())
    }
}

pub(super) fn boolean_hash(value: bool) -> i32 {
    if value { 1231 } else { 1237 }
}

fn text_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(FACTOR).wrapping_add(unit.into()))
}
