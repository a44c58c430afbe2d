//! Methods of maps and of their entries, with the names and results of `java.util.LinkedHashMap`.

use super::call::Call;
use super::lists::count;
use super::reference::CONTEXT;
use super::{Renderer, Result};
use crate::methods::Type;
use crate::value::{EntryId, ListKind, MapId, Owner, Text, Value};

impl<'s> Renderer<'s> {
    pub(super) fn map_method(&mut self, id: MapId, call: Call<'_, 's>) -> Result<Value<'s>> {
        let length = self.heap.map(id).len();
        Ok(match (call.method, call.arguments) {
            ("size", []) => count(length),
            ("isEmpty", []) => Value::Bool(length == 0),
            ("containsValue", [value]) => {
                let mut found = false;
                for at in 0..length {
                    let Some((_, candidate)) = self.heap.map(id).get_index(at) else { break };
                    let candidate = candidate.clone();
                    found = found || self.same(&candidate, value, 0)?;
                }
                Value::Bool(found)
            }
            ("keySet", []) => {
                self.charge(length)?;
                let keys = self.heap.map(id).keys().cloned().map(Value::Text).collect();
                self.heap.add_list(keys, ListKind::View)
            }
            ("values", []) => {
                self.charge(length)?;
                let values = self.heap.map(id).values().cloned().collect();
                self.heap.add_list(values, ListKind::View)
            }
            ("entrySet", []) => {
                self.charge(2 * length)?;
                let keys: Vec<_> = self.heap.map(id).keys().cloned().collect();
                let entries = keys.into_iter().map(|key| self.heap.add_entry(id, key)).collect();
                self.heap.add_list(entries, ListKind::View)
            }
            ("get", [key]) => {
                let key = self.key(key.clone())?;
                key.and_then(|key| self.get(id, &key)).unwrap_or(Value::Undefined)
            }
            ("getOrDefault", [key, default]) => {
                let key = self.key(key.clone())?;
                key.and_then(|key| self.get(id, &key)).unwrap_or_else(|| default.clone())
            }
            ("containsKey", [key]) => {
                let key = self.key(key.clone())?;
                Value::Bool(key.is_some_and(|key| self.heap.map(id).contains_key(&*key)))
            }
            _ if self.heap.owner(id) == Owner::Gateway => return self.read_only(call.method, CONTEXT),
            _ => return self.change_map(id, length, call),
        })
    }

    /// Methods that change a map.
    fn change_map(&mut self, id: MapId, length: usize, call: Call<'_, 's>) -> Result<Value<'s>> {
        let key = match (call.method, call.arguments) {
            ("clear", []) => {
                self.heap.map_mut(id).clear();
                return Ok(Value::Undefined);
            }
            ("putAll", [other]) => return self.put_all(id, other),
            ("put" | "putIfAbsent", [key, _]) => self.new_key(call.method, key.clone())?,
            (_, [key, ..]) => match self.key(key.clone())? {
                Some(key) => key,
                // `replace` and `remove` of what is not there; those that compare its value answer a boolean.
                None if matches!((call.method, call.arguments.len()), ("replace", 3) | ("remove", 2)) => {
                    return Ok(Value::Bool(false));
                }
                None => return Ok(Value::Undefined),
            },
            _ => return self.no_method(Type::Map, call),
        };
        let before = self.get(id, &key);
        Ok(match (call.method, call.arguments) {
            ("put", [_, value]) => self.put(call.method, id, key, value)?,
            // A key with a null value counts as absent.
            ("putIfAbsent", [_, value]) => match before {
                None | Some(Value::Undefined) => self.put(call.method, id, key, value)?,
                Some(before) => before,
            },
            ("replace", [_, value]) => match before {
                Some(_) => self.put(call.method, id, key, value)?,
                None => Value::Undefined,
            },
            ("replace", [_, expected, value]) => {
                let replaces = match &before {
                    Some(before) => self.same(before, expected, 0)?,
                    None => false,
                };
                if replaces {
                    self.put(call.method, id, key, value)?;
                }
                Value::Bool(replaces)
            }
            ("remove", [_]) => {
                self.charge(1 + length / 64)?;
                self.heap.map_mut(id).shift_remove(&*key).unwrap_or(Value::Undefined)
            }
            ("remove", [_, expected]) => {
                self.charge(1 + length / 64)?;
                let removes = match &before {
                    Some(before) => self.same(before, expected, 0)?,
                    None => false,
                };
                if removes {
                    self.heap.map_mut(id).shift_remove(&*key);
                }
                Value::Bool(removes)
            }
            _ => return self.no_method(Type::Map, call),
        })
    }

    fn put_all(&mut self, id: MapId, other: &Value<'s>) -> Result<Value<'s>> {
        let Value::Map(other) = self.opened(other.clone())? else {
            return self.wrong_argument("putAll", "a map", other);
        };
        let entries: Vec<_> =
            self.heap.map(other).iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        self.charge(entries.len())?;
        for (key, value) in entries {
            self.insert("putAll", id, key, value)?;
        }
        Ok(Value::Undefined)
    }

    fn put(&mut self, method: &str, id: MapId, key: Text<'s>, value: &Value<'s>) -> Result<Value<'s>> {
        Ok(self.insert(method, id, key, value.clone())?.unwrap_or(Value::Undefined))
    }

    fn get(&self, id: MapId, key: &str) -> Option<Value<'s>> {
        self.heap.map(id).get(key).cloned()
    }

    pub(super) fn entry_method(&mut self, id: EntryId, call: Call<'_, 's>) -> Result<Value<'s>> {
        let (map, key) = self.heap.entry(id).clone();
        Ok(match (call.method, call.arguments) {
            ("getKey", []) => Value::Text(key),
            ("getValue", []) => self.heap.entry_value(id),
            ("setValue", [value]) => self.put("setValue", map, key, value)?,
            _ => return self.no_method(Type::Entry, call),
        })
    }
}
