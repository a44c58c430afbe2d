//! Methods of lists and maps, with the names and results of `java.util`.

use super::{Renderer, Result};
use crate::error::Problem;
use crate::value::{ListId, Map, MapId, Text, Value};

impl<'s> Renderer<'s> {
    pub(super) fn list_method(
        &mut self,
        id: ListId,
        method: &str,
        arguments: &[Value<'s>],
    ) -> Result<Value<'s>> {
        let length = self.heap.list(id).items.len();
        Ok(match (method, arguments) {
            ("size", []) => count(length),
            ("isEmpty", []) => Value::Bool(length == 0),
            ("get", [index]) => {
                let at = self.bounded(method, index, length)?;
                self.heap.list(id).items.get(at).cloned().unwrap_or(Value::Undefined)
            }
            ("set", [index, value]) => {
                let at = self.bounded(method, index, length)?;
                match self.heap.list_mut(id).get_mut(at) {
                    Some(slot) => std::mem::replace(slot, value.clone()),
                    None => Value::Undefined,
                }
            }
            ("add", [value]) => {
                self.heap.list_mut(id).push(value.clone());
                Value::Bool(true)
            }
            ("add", [index, value]) => {
                let at = self.bounded(method, index, length + 1)?;
                self.charge(1 + length / 64)?;
                self.heap.list_mut(id).insert(at, value.clone());
                Value::Undefined
            }
            ("addAll", [Value::List(other)]) => {
                let items = self.heap.list(*other).items.clone();
                self.charge(items.len())?;
                self.heap.list_mut(id).extend(items);
                Value::Bool(true)
            }
            ("remove", [index @ Value::Int(_)]) => {
                let at = self.bounded(method, index, length)?;
                self.charge(1 + length / 64)?;
                self.heap.list_mut(id).remove(at)
            }
            ("clear", []) => {
                self.heap.list_mut(id).clear();
                Value::Undefined
            }
            ("contains", [value]) => Value::Bool(self.position(id, value)?.is_some()),
            ("indexOf", [value]) => self.position(id, value)?.map_or(Value::Int(-1), count),
            _ => Value::Undefined,
        })
    }

    /// An argument as an index below `length`.
    fn bounded(&self, method: &str, index: &Value<'s>, length: usize) -> Result<usize> {
        let Value::Int(index) = *index else {
            return self.bad_argument(method, "an integer as index", "something else");
        };
        match usize::try_from(index).ok().filter(|at| *at < length) {
            Some(at) => Ok(at),
            None => self.fault(Problem::OutOfBounds { index, length }),
        }
    }

    fn position(&mut self, id: ListId, value: &Value<'s>) -> Result<Option<usize>> {
        let mut at = 0;
        while let Some(item) = self.heap.list(id).items.get(at).cloned() {
            self.charge(1)?;
            if self.equal(&item, value)? {
                return Ok(Some(at));
            }
            at += 1;
        }
        Ok(None)
    }

    pub(super) fn map_method(
        &mut self,
        id: MapId,
        method: &str,
        arguments: &[Value<'s>],
    ) -> Result<Value<'s>> {
        let length = self.heap.map(id).len();
        let key = match arguments.first() {
            Some(key) if !matches!(method, "putAll" | "containsValue") => self.key(key.clone())?,
            _ => Text::Borrowed(""),
        };
        Ok(match (method, arguments) {
            ("size", []) => count(length),
            ("isEmpty", []) => Value::Bool(length == 0),
            ("get", [_]) => self.get(id, &key).unwrap_or(Value::Undefined),
            ("getOrDefault", [_, default]) => self.get(id, &key).unwrap_or_else(|| default.clone()),
            ("containsKey", [_]) => Value::Bool(self.heap.map(id).contains_key(&*key)),
            ("containsValue", [value]) => {
                let values: Vec<_> = self.heap.map(id).values().cloned().collect();
                self.charge(values.len())?;
                let mut found = false;
                for candidate in &values {
                    found = found || self.equal(candidate, value)?;
                }
                Value::Bool(found)
            }
            ("put", [_, value]) => {
                self.heap.map_mut(id).insert(key, value.clone()).unwrap_or(Value::Undefined)
            }
            ("putAll", [Value::Map(other)]) => {
                let entries: Vec<_> =
                    self.heap.map(*other).iter().map(|(key, value)| (key.clone(), value.clone())).collect();
                self.charge(entries.len())?;
                self.heap.map_mut(id).extend(entries);
                Value::Undefined
            }
            ("remove", [_]) => {
                self.charge(1 + length / 64)?;
                self.heap.map_mut(id).shift_remove(&*key).unwrap_or(Value::Undefined)
            }
            ("clear", []) => {
                self.heap.map_mut(id).clear();
                Value::Undefined
            }
            ("keySet", []) => {
                self.charge(length)?;
                let keys = self.heap.map(id).keys().cloned().map(Value::Text).collect();
                self.heap.add_list(keys, false)
            }
            ("values", []) => {
                self.charge(length)?;
                let values = self.heap.map(id).values().cloned().collect();
                self.heap.add_list(values, false)
            }
            ("entrySet", []) => self.entries(id)?,
            ("getKey", []) => self.get(id, "key").unwrap_or(Value::Undefined),
            ("getValue", []) => self.get(id, "value").unwrap_or(Value::Undefined),
            _ => Value::Undefined,
        })
    }

    fn get(&self, id: MapId, key: &str) -> Option<Value<'s>> {
        self.heap.map(id).get(key).cloned()
    }

    /// `entrySet()`: a list of maps with `key` and `value`.
    fn entries(&mut self, id: MapId) -> Result<Value<'s>> {
        let pairs: Vec<_> =
            self.heap.map(id).iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        self.charge(2 * pairs.len())?;
        let mut entries = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let mut entry = Map::new();
            entry.insert(Text::Borrowed("key"), Value::Text(key));
            entry.insert(Text::Borrowed("value"), value);
            entries.push(self.heap.add_map(entry));
        }
        Ok(self.heap.add_list(entries, false))
    }
}

fn count<'s>(length: usize) -> Value<'s> {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}
