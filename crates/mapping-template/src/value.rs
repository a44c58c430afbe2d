//! Values while rendering, and the heap that owns the lists and maps among them.
//!
//! Velocity's lists and maps are shared, changed in place, and can contain themselves. One heap per
//! rendering owns them and values refer to them by number, so that cycles do not leak memory.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};
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
    /// An entry of a map, as `entrySet()` gives them.
    Entry(EntryId),
    /// A block of `#define`, rendered wherever it is used.
    Block(&'s Block),
    /// `$input`, `$util` and so on, without a property or call.
    Builtin(Builtin),
    /// The `$foreach` of the loop at that depth.
    Loop(usize),
}

impl<'s> Value<'s> {
    pub(crate) fn text(text: String) -> Self {
        Self::Text(Text::from(text))
    }

    pub(crate) fn borrowed(text: &'s str) -> Self {
        Self::Text(Text::Borrowed(text))
    }

    /// The value, or an empty string if it is undefined.
    pub(crate) fn or_empty(self) -> Self {
        if matches!(self, Self::Undefined) { Self::borrowed("") } else { self }
    }
}

/// A text, borrowed from the template or the request where possible.
#[derive(Debug, Clone)]
pub(crate) enum Text<'s> {
    Borrowed(&'s str),
    Owned(Rc<String>),
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::Owned(Rc::new(text))
    }
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MapId(usize);

/// An entry of a map in the heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntryId(usize);

/// A list and its kind.
#[derive(Debug)]
pub(crate) struct List<'s> {
    pub(crate) items: Vec<Value<'s>>,
    pub(crate) kind: ListKind,
}

/// The kind of a list, which determines how it is written and whether it can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListKind {
    /// A list of the template, which prints as `[a, b]`.
    Own,
    /// An array from JSON, which prints as JSON (observed: docs/aws-behaviour.md#template-language).
    Json,
    /// The result of `split` or `subList`: it has indexes and is read-only.
    Fixed,
    /// The result of `keySet`, `values` or `entrySet`: it has no indexes and is read-only.
    View,
}

/// The owner of a map, which determines how the template can change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The template, for its own maps and those of the message: every change is allowed.
    Template,
    /// The gateway, for `$context` and `$stageVariables`: read-only.
    Gateway,
    /// `$context.requestOverride` and `responseOverride`, and the maps in them: each key can be put once.
    Override,
}

/// A map: keys in the order they were put.
pub(crate) type Map<'s> = IndexMap<Text<'s>, Value<'s>>;

/// The lists and maps of one rendering.
#[derive(Debug, Default)]
pub(crate) struct Heap<'s> {
    lists: Vec<List<'s>>,
    maps: Vec<Map<'s>>,
    entries: Vec<(MapId, Text<'s>)>,
    /// The owners of maps that the template does not own, by ascending id.
    gateway: Vec<(MapId, Owner)>,
    /// The lists and maps of the message, once it is loaded.
    message: (Range<usize>, Range<usize>),
    /// Whether the template has changed one of `message`.
    message_changed: bool,
}

impl<'s> Heap<'s> {
    pub(crate) fn add_list(&mut self, items: Vec<Value<'s>>, kind: ListKind) -> Value<'s> {
        self.lists.push(List { items, kind });
        Value::List(ListId(self.lists.len() - 1))
    }

    pub(crate) fn add_map(&mut self, map: Map<'s>) -> Value<'s> {
        self.maps.push(map);
        Value::Map(MapId(self.maps.len() - 1))
    }

    pub(crate) fn add_map_of(&mut self, owner: Owner, map: Map<'s>) -> Value<'s> {
        self.gateway.push((MapId(self.maps.len()), owner));
        self.add_map(map)
    }

    pub(crate) fn add_override(&mut self, map: Map<'s>) -> MapId {
        let id = MapId(self.maps.len());
        self.add_map_of(Owner::Override, map);
        id
    }

    pub(crate) fn owner(&self, id: MapId) -> Owner {
        let found = self.gateway.binary_search_by_key(&id, |(id, _)| *id);
        found.ok().and_then(|at| self.gateway.get(at)).map_or(Owner::Template, |(_, owner)| *owner)
    }

    pub(crate) fn add_entry(&mut self, map: MapId, key: Text<'s>) -> Value<'s> {
        self.entries.push((map, key));
        Value::Entry(EntryId(self.entries.len() - 1))
    }

    /// The map and the key of an entry.
    pub(crate) fn entry(&self, id: EntryId) -> &(MapId, Text<'s>) {
        &self.entries[id.0]
    }

    /// The current value of an entry's key in its map.
    pub(crate) fn entry_value(&self, id: EntryId) -> Value<'s> {
        let (map, key) = self.entry(id);
        self.map(*map).get(&**key).cloned().unwrap_or(Value::Undefined)
    }

    /// The number of values in a list or map; `None` for other values, which loops skip.
    pub(crate) fn length(&self, items: &Value<'s>) -> Option<usize> {
        match items {
            Value::List(id) => Some(self.list(*id).items.len()),
            Value::Map(id) => Some(self.map(*id).len()),
            _ => None,
        }
    }

    /// The value at an index of a list, or of a map in the order of its keys.
    pub(crate) fn item(&self, items: &Value<'s>, index: usize) -> Value<'s> {
        let found = match items {
            Value::List(id) => self.list(*id).items.get(index),
            Value::Map(id) => self.map(*id).get_index(index).map(|(_, value)| value),
            _ => None,
        };
        found.cloned().unwrap_or(Value::Undefined)
    }

    /// The number of lists and of maps, to be passed to [`Heap::watch_since`].
    pub(crate) fn lengths(&self) -> (usize, usize) {
        (self.lists.len(), self.maps.len())
    }

    /// Marks everything added since [`Heap::lengths`] as the message, so that changes of it are recorded.
    pub(crate) fn watch_since(&mut self, (lists, maps): (usize, usize)) {
        self.message = (lists..self.lists.len(), maps..self.maps.len());
    }

    pub(crate) fn message_changed(&self) -> bool {
        self.message_changed
    }

    // Indexing cannot fail: only the `add_` functions make ids, and nothing is ever removed.
    pub(crate) fn list(&self, id: ListId) -> &List<'s> {
        &self.lists[id.0]
    }

    pub(crate) fn list_mut(&mut self, id: ListId) -> &mut Vec<Value<'s>> {
        self.message_changed |= self.message.0.contains(&id.0);
        &mut self.lists[id.0].items
    }

    pub(crate) fn map(&self, id: MapId) -> &Map<'s> {
        &self.maps[id.0]
    }

    pub(crate) fn map_mut(&mut self, id: MapId) -> &mut Map<'s> {
        self.message_changed |= self.message.1.contains(&id.0);
        &mut self.maps[id.0]
    }
}
