//! Methods of lists, with the names and results of `java.util.ArrayList`.

use super::call::Call;
use super::{Renderer, Result};
use crate::error::Problem;
use crate::methods::Type;
use crate::value::{ListId, ListKind, Value};

impl<'s> Renderer<'s> {
    pub(super) fn list_method(&mut self, id: ListId, call: Call<'_, 's>) -> Result<Value<'s>> {
        let length = self.heap.list(id).items.len();
        match (call.method, call.arguments) {
            ("get", [index]) => {
                let at = self.bounded("get", index, length)?;
                Ok(self.heap.list(id).items.get(at).cloned().unwrap_or(Value::Undefined))
            }
            ("indexOf", [value]) => Ok(self.position(id, value, false)?.map_or(Value::Int(-1), count)),
            ("lastIndexOf", [value]) => Ok(self.position(id, value, true)?.map_or(Value::Int(-1), count)),
            ("subList", [from, to]) => {
                let to = self.bounded("subList", to, length + 1)?;
                let from = self.bounded("subList", from, to + 1)?;
                let items = self.heap.list(id).items[from..to].to_vec();
                self.charge(items.len())?;
                Ok(self.heap.add_list(items, ListKind::Fixed))
            }
            ("size" | "isEmpty" | "contains" | "containsAll", _) => self.view_method(id, call),
            _ => {
                self.changeable(call.method, id)?;
                self.change(id, length, call)
            }
        }
    }

    /// Methods that every collection has.
    pub(super) fn view_method(&mut self, id: ListId, call: Call<'_, 's>) -> Result<Value<'s>> {
        let length = self.heap.list(id).items.len();
        Ok(match (call.method, call.arguments) {
            ("size", []) => count(length),
            ("isEmpty", []) => Value::Bool(length == 0),
            ("contains", [value]) => Value::Bool(self.position(id, value, false)?.is_some()),
            ("containsAll", [others]) => {
                let others = self.collection("containsAll", others)?;
                let mut all = true;
                for other in &others {
                    all = all && self.position(id, other, false)?.is_some();
                }
                Value::Bool(all)
            }
            _ => {
                return self.no_method(
                    if self.heap.list(id).kind == ListKind::View { Type::View } else { Type::List },
                    call,
                );
            }
        })
    }

    /// Methods that change a list.
    fn change(&mut self, id: ListId, length: usize, call: Call<'_, 's>) -> Result<Value<'s>> {
        Ok(match (call.method, call.arguments) {
            ("set", [index, value]) => {
                let at = self.bounded("set", index, length)?;
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
                let at = self.bounded("add", index, length + 1)?;
                self.charge(1 + length / 64)?;
                self.heap.list_mut(id).insert(at, value.clone());
                Value::Undefined
            }
            ("addAll", [others]) => {
                let others = self.collection("addAll", others)?;
                let changed = !others.is_empty();
                self.heap.list_mut(id).extend(others);
                Value::Bool(changed)
            }
            ("addAll", [index, others]) => {
                let at = self.bounded("addAll", index, length + 1)?;
                let others = self.collection("addAll", others)?;
                self.charge(1 + length / 64)?;
                let changed = !others.is_empty();
                self.heap.list_mut(id).splice(at..at, others);
                Value::Bool(changed)
            }
            // An integer is an index; any other value is the element itself.
            ("remove", [value]) => {
                self.charge(1 + length / 64)?;
                if self.kind(value) == Some(Type::Integer) {
                    let at = self.bounded("remove", value, length)?;
                    return Ok(self.heap.list_mut(id).remove(at));
                }
                let found = self.position(id, value, false)?;
                if let Some(at) = found {
                    self.heap.list_mut(id).remove(at);
                }
                Value::Bool(found.is_some())
            }
            ("removeAll", [others]) => Value::Bool(self.keep(id, others, false, "removeAll")?),
            ("retainAll", [others]) => Value::Bool(self.keep(id, others, true, "retainAll")?),
            ("clear", []) => {
                self.heap.list_mut(id).clear();
                Value::Undefined
            }
            _ => return self.no_method(Type::List, call),
        })
    }

    /// Keeps the elements that are among `others` if `present`, otherwise those that are not; returns whether that changed
    /// the list.
    fn keep(&mut self, id: ListId, others: &Value<'s>, present: bool, method: &str) -> Result<bool> {
        let others = self.collection(method, others)?;
        let items = self.heap.list(id).items.clone();
        let before = items.len();
        let mut kept = Vec::new();
        for item in items {
            let mut found = false;
            for other in &others {
                found = found || self.same(&item, other, 0)?;
            }
            if found == present {
                kept.push(item);
            }
        }
        let changed = kept.len() != before;
        if changed {
            *self.heap.list_mut(id) = kept;
        }
        Ok(changed)
    }

    /// The elements of an argument that must be a collection.
    fn collection(&mut self, method: &str, value: &Value<'s>) -> Result<Vec<Value<'s>>> {
        let Value::List(id) = value else { return self.wrong_argument(method, "a list", value) };
        let items = self.heap.list(*id).items.clone();
        self.charge(items.len())?;
        Ok(items)
    }

    /// Fails for a read-only list. In Java, changes of some of these also change the list or map that they come from.
    pub(super) fn changeable(&self, method: &str, id: ListId) -> Result<()> {
        match self.heap.list(id).kind {
            ListKind::Own | ListKind::Json => Ok(()),
            ListKind::Fixed => self.read_only(method, "the result of split or subList"),
            ListKind::View => self.read_only(method, "the keys, values or entries of a map"),
        }
    }

    /// An argument as an index below `length`.
    fn bounded(&self, method: &str, index: &Value<'s>, length: usize) -> Result<usize> {
        let index = self.int_argument(method, index)?;
        match usize::try_from(index).ok().filter(|at| *at < length) {
            Some(at) => Ok(at),
            None => self.fault(Problem::OutOfBounds { index, length }),
        }
    }

    fn position(&mut self, id: ListId, value: &Value<'s>, last: bool) -> Result<Option<usize>> {
        let mut found = None;
        let mut at = 0;
        while let Some(item) = self.heap.list(id).items.get(at).cloned() {
            if self.same(&item, value, 0)? {
                found = Some(at);
                if !last {
                    break;
                }
            }
            at += 1;
        }
        Ok(found)
    }
}

pub(super) fn count<'s>(length: usize) -> Value<'s> {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}
