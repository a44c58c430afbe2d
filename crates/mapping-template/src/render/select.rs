//! Selects from the loaded message, so that a path sees the template's changes.

use super::{Renderer, Result};
use crate::limits::EVALUATION_STEPS_MAX;
use crate::path::{Node, Path, Selection};
use crate::value::{Heap, Value};

/// A value in its heap.
#[derive(Clone)]
struct Held<'h, 's> {
    heap: &'h Heap<'s>,
    value: Value<'s>,
}

impl<'s> Held<'_, 's> {
    fn of(&self, value: &Value<'s>) -> Self {
        Self { heap: self.heap, value: value.clone() }
    }
}

impl Node for Held<'_, '_> {
    fn weight(&self) -> usize {
        match self.value {
            Value::List(id) => self.heap.list(id).items.len(),
            Value::Map(id) => self.heap.map(id).len(),
            _ => 0,
        }
    }

    fn member(&self, name: &str) -> Option<Self> {
        match self.value {
            Value::Map(id) => self.heap.map(id).get(name).map(|value| self.of(value)),
            _ => None,
        }
    }

    fn elements(&self) -> Vec<Self> {
        match self.value {
            Value::List(id) => self.heap.list(id).items.iter().map(|value| self.of(value)).collect(),
            _ => Vec::new(),
        }
    }

    fn members(&self) -> Vec<Self> {
        match self.value {
            Value::Map(id) => self.heap.map(id).values().map(|value| self.of(value)).collect(),
            _ => Vec::new(),
        }
    }
}

impl<'s> Renderer<'s> {
    /// Selects from a value.
    pub(super) fn select_value(&mut self, path: &Path, root: Value<'s>) -> Result<Selection<Value<'s>>> {
        let root = Held { heap: &self.heap, value: root };
        match path.select(root, &mut self.steps_left) {
            Ok(Selection::Nothing) => Ok(Selection::Nothing),
            Ok(Selection::One(held)) => Ok(Selection::One(held.value)),
            Ok(Selection::Many(held)) => {
                Ok(Selection::Many(held.into_iter().map(|held| held.value).collect()))
            }
            Err(_) => self.limit("evaluation steps", EVALUATION_STEPS_MAX),
        }
    }
}
