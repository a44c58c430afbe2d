//! `$input`: the message and its parameters.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use json_text::{Json, Kind, minify, quote_into};

use super::call::Call;
use super::{Renderer, Result};
use crate::limits::{EVALUATION_STEPS_MAX, VALUE_LEVELS_MAX};
use crate::methods::Type;
use crate::path::{Path, Selection};
use crate::value::{ListKind, Map, Text, Value};

/// The body of an empty message (observed on REST APIs).
const EMPTY_MESSAGE: &str = "{}";

/// The result of `$input.json` for a path that selects nothing: an empty JSON string.
const NOTHING: &str = "\"\"";

impl<'s> Renderer<'s> {
    /// `$input.body`.
    pub(super) fn message(&self) -> &'s str {
        if self.scope.body.is_empty() { EMPTY_MESSAGE } else { self.scope.body }
    }

    pub(super) fn input_method(&mut self, call: Call<'_, 's>) -> Result<Value<'s>> {
        match (call.method, call.arguments) {
            ("json", [path]) => {
                let path = self.text(path)?;
                self.json(&path)
            }
            ("path", [path]) => {
                let path = self.text(path)?;
                self.path(&path)
            }
            ("params", []) => self.params(),
            ("params", [name]) => {
                let name = self.text(name)?;
                self.param(&name)
            }
            _ => self.no_method(Type::Input, call),
        }
    }

    /// The minified message; `None` if it is not JSON. It is checked once per rendering.
    fn minified(&mut self) -> Result<Option<Text<'s>>> {
        if let Some(known) = &self.body {
            return Ok(known.clone());
        }
        let message = self.message();
        self.charge_text(message)?;
        let minified = match minify(message) {
            None => None,
            Some(Cow::Borrowed(text)) => Some(Text::Borrowed(text)),
            Some(Cow::Owned(text)) => Some(Text::Owned(Rc::new(text))),
        };
        self.body = Some(minified.clone());
        Ok(minified)
    }

    /// `$input.json(path)`: JSON text.
    fn json(&mut self, path: &str) -> Result<Value<'s>> {
        let path = self.parse_path("$input.json", path)?;
        let Some(whole) = self.minified()? else {
            let mut text = String::new();
            if path.is_root() {
                quote_into(self.message(), &mut text);
            } else {
                text.push_str(NOTHING);
            }
            return self.built(text);
        };
        if let Some(root) = self.root.clone().filter(|_| self.heap.message_changed()) {
            return match self.select_value(&path, root)? {
                Selection::Nothing => Ok(Value::borrowed(NOTHING)),
                Selection::One(value) => self.json_text(&value),
                Selection::Many(values) => {
                    let list = self.heap.add_list(values, ListKind::Json);
                    self.json_text(&list)
                }
            };
        }
        if path.is_root() {
            return Ok(Value::Text(whole));
        }
        match self.select(&path, Json::of_valid(self.message()))? {
            Selection::Nothing => Ok(Value::borrowed(NOTHING)),
            Selection::One(node) => match minify(node.as_str()) {
                Some(Cow::Borrowed(text)) => Ok(Value::borrowed(text)),
                Some(Cow::Owned(text)) => self.built(text),
                None => Ok(Value::Undefined),
            },
            Selection::Many(nodes) => {
                let mut text = String::from("[");
                for (index, node) in nodes.into_iter().enumerate() {
                    self.charge_text(node.as_str())?;
                    if index > 0 {
                        text.push(',');
                    }
                    text.push_str(&minify(node.as_str()).unwrap_or_default());
                }
                text.push(']');
                self.built(text)
            }
        }
    }

    /// `$input.path(path)`: a value to work with.
    fn path(&mut self, path: &str) -> Result<Value<'s>> {
        let path = self.parse_path("$input.path", path)?;
        if self.minified()?.is_none() {
            return Ok(Value::Undefined);
        }
        let message = Json::of_valid(self.message());
        if self.root.is_none() && !path.is_root() {
            // A value that cannot be changed is read from the text, without loading the whole message.
            match self.select(&path, message)? {
                Selection::Nothing => return Ok(Value::Undefined),
                Selection::One(node) if !matches!(node.kind(), Kind::Array | Kind::Object) => {
                    return self.load(node, &borrow, 0);
                }
                Selection::One(_) | Selection::Many(_) => {}
            }
        }
        let root = match &self.root {
            Some(root) => root.clone(),
            None => {
                let before = self.heap.lengths();
                let root = self.load(message, &borrow, 0)?;
                self.heap.watch_since(before);
                self.root.insert(root).clone()
            }
        };
        match self.select_value(&path, root)? {
            Selection::Nothing => Ok(Value::Undefined),
            Selection::One(value) => Ok(value),
            Selection::Many(values) => Ok(self.heap.add_list(values, ListKind::Json)),
        }
    }

    fn parse_path(&self, method: &str, path: &str) -> Result<Path> {
        match Path::parse(path) {
            Ok(parsed) => Ok(parsed),
            Err(expected) => self.bad_argument(method, expected, path),
        }
    }

    fn select<'n>(&mut self, path: &Path, node: Json<'n>) -> Result<Selection<Json<'n>>> {
        match path.select(node, &mut self.steps_left) {
            Ok(selection) => Ok(selection),
            Err(_) => self.limit("evaluation steps", EVALUATION_STEPS_MAX),
        }
    }

    /// Loads JSON into values; `own` keeps a text of it for the rest of the rendering.
    pub(super) fn load<'n>(
        &mut self,
        node: Json<'n>,
        own: &dyn Fn(Cow<'n, str>) -> Text<'s>,
        level: usize,
    ) -> Result<Value<'s>> {
        self.charge_text(node.as_str())?;
        if level > VALUE_LEVELS_MAX {
            return self.limit("levels of JSON", VALUE_LEVELS_MAX);
        }
        Ok(match node.kind() {
            Kind::Null => Value::Undefined,
            Kind::Bool(value) => Value::Bool(value),
            Kind::Number(digits) => Value::Number(own(Cow::Borrowed(digits))),
            Kind::Text(raw) => Value::Text(own(raw.lossy())),
            Kind::Array => {
                let mut items = Vec::new();
                for element in node.elements() {
                    items.push(self.load(element, own, level + 1)?);
                }
                self.heap.add_list(items, ListKind::Json)
            }
            Kind::Object => {
                let mut map = Map::new();
                for (name, member) in node.members() {
                    let value = self.load(member, own, level + 1)?;
                    map.insert(own(name.lossy()), value);
                }
                self.heap.add_map(map)
            }
        })
    }

    /// `$input.params(name)`, as the template may have changed it in `$input.params()`; an empty string if there is no such
    /// parameter.
    fn param(&mut self, name: &str) -> Result<Value<'s>> {
        let params = self.scope.params;
        let kinds =
            [("path", &params.path), ("querystring", &params.querystring), ("header", &params.header)];
        for (kind, names) in kinds {
            let value = match &self.params {
                Some(whole) => {
                    let whole = whole.clone();
                    let map = self.property(&whole, kind)?;
                    self.property(&map, name)?
                }
                None => names.get(name).map_or(Value::Undefined, |value| Value::borrowed(value)),
            };
            if !matches!(value, Value::Undefined) {
                return Ok(value);
            }
        }
        Ok(Value::borrowed(""))
    }

    /// `$input.params()`: a map of three maps, which the whole template shares.
    fn params(&mut self) -> Result<Value<'s>> {
        if let Some(params) = &self.params {
            return Ok(params.clone());
        }
        let params = self.scope.params;
        let mut whole = Map::new();
        for (kind, names) in
            [("path", &params.path), ("querystring", &params.querystring), ("header", &params.header)]
        {
            self.charge(1 + names.len())?;
            let map = self.heap.add_map(borrowed_map(names));
            whole.insert(Text::Borrowed(kind), map);
        }
        let params = self.heap.add_map(whole);
        Ok(self.params.insert(params).clone())
    }
}

/// A text of the message or of a template, kept for the rest of the rendering.
pub(super) fn borrow(text: Cow<'_, str>) -> Text<'_> {
    match text {
        Cow::Borrowed(text) => Text::Borrowed(text),
        Cow::Owned(text) => Text::from(text),
    }
}

fn borrowed_map(names: &BTreeMap<String, String>) -> Map<'_> {
    names.iter().map(|(name, value)| (Text::Borrowed(name.as_str()), Value::borrowed(value))).collect()
}
