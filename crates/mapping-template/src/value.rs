//! Values while rendering, and the heap that owns the lists and maps among them.
//!
//! Velocity's lists and maps are shared and changed in place, and may hold themselves. They live
//! in one heap per rendering and are named by number, so nothing leaks however they refer to
//! each other.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

use indexmap::IndexMap;

use crate::ast::{Block, Builtin};

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum Value<'s> {
    /// Undefined or null: API Gateway treats both as an empty string.
    Undefined,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A number from JSON, in the digits it was written with.
    Number(Text<'s>),
    Text(Text<'s>),
    List(ListId),
    Map(MapId),
    /// A block of `#define`, rendered wherever it is used.
    Block(&'s Block),
    /// `$input`, `$util` and so on, before a step is taken.
    Builtin(Builtin),
    /// The `$foreach` of the loop at that depth.
    Loop(usize),
}

impl<'s> Value<'s> {
    pub(crate) fn text(text: String) -> Self {
        Self::Text(Text::Owned(Rc::new(text)))
    }

    pub(crate) fn borrowed(text: &'s str) -> Self {
        Self::Text(Text::Borrowed(text))
    }

    /// Only the boolean `false` is false: undefined and empty are true (observed:
    /// docs/aws-behaviour.md#template-language).
    pub(crate) fn is_true(&self) -> bool {
        !matches!(self, Self::Bool(false))
    }
}

/// A text, borrowed from the template or the request wherever possible.
#[derive(Debug, Clone)]
pub(crate) enum Text<'s> {
    Borrowed(&'s str),
    Owned(Rc<String>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => text,
        }
    }
}

impl Borrow<str> for Text<'_> {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text<'_> {}

impl Hash for Text<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

/// A list in the heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListId(usize);

/// A map in the heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MapId(usize);

/// A list, and how it is written.
#[derive(Debug, Default)]
pub(crate) struct List<'s> {
    pub(crate) items: Vec<Value<'s>>,
    /// Arrays from JSON print as JSON, the template's own lists as Java's `[a, b]` (observed:
    /// docs/aws-behaviour.md#template-language).
    pub(crate) from_json: bool,
}

/// A map: keys in the order they were put.
pub(crate) type Map<'s> = IndexMap<Text<'s>, Value<'s>>;

/// The lists and maps of one rendering.
#[derive(Debug, Default)]
pub(crate) struct Heap<'s> {
    lists: Vec<List<'s>>,
    maps: Vec<Map<'s>>,
}

impl<'s> Heap<'s> {
    pub(crate) fn add_list(&mut self, items: Vec<Value<'s>>, from_json: bool) -> Value<'s> {
        self.lists.push(List { items, from_json });
        Value::List(ListId(self.lists.len() - 1))
    }

    pub(crate) fn add_map(&mut self, map: Map<'s>) -> Value<'s> {
        self.maps.push(map);
        Value::Map(MapId(self.maps.len() - 1))
    }

    // An id is only made by `add_list` and `add_map`, and nothing is ever removed.
    pub(crate) fn list(&self, id: ListId) -> &List<'s> {
        &self.lists[id.0]
    }

    pub(crate) fn list_mut(&mut self, id: ListId) -> &mut Vec<Value<'s>> {
        &mut self.lists[id.0].items
    }

    pub(crate) fn map(&self, id: MapId) -> &Map<'s> {
        &self.maps[id.0]
    }

    pub(crate) fn map_mut(&mut self, id: MapId) -> &mut Map<'s> {
        &mut self.maps[id.0]
    }
}
