//! `$input`: the message and its parameters.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use json_text::{Json, Kind, minify, quote_into};

use super::{Renderer, Result};
use crate::limits::{EVALUATION_STEPS_MAX, VALUE_LEVELS_MAX};
use crate::path::{Path, Selection};
use crate::value::{Map, Text, Value};

/// What an empty message is to templates (observed on REST APIs).
const EMPTY_MESSAGE: &str = "{}";

/// What `$input.json` writes for a path that selects nothing: an empty JSON string.
const NOTHING: &str = "\"\"";

impl<'s> Renderer<'s> {
    /// `$input.body`.
    pub(super) fn message(&self) -> &'s str {
        if self.scope.body.is_empty() { EMPTY_MESSAGE } else { self.scope.body }
    }

    pub(super) fn input_method(&mut self, method: &str, arguments: &[Value<'s>]) -> Result<Value<'s>> {
        match (method, arguments) {
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
                let params = self.scope.params;
                let found = [&params.path, &params.querystring, &params.header]
                    .into_iter()
                    .find_map(|names| names.get(&*name));
                Ok(found.map_or(Value::Undefined, |value| Value::borrowed(value)))
            }
            _ => Ok(Value::Undefined),
        }
    }

    /// The message minified, or none if it is not JSON. Checked once per rendering.
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
        let own = |text: Cow<'s, str>| match text {
            Cow::Borrowed(text) => Text::Borrowed(text),
            Cow::Owned(text) => Text::Owned(Rc::new(text)),
        };
        match self.select(&path, Json::of_valid(self.message()))? {
            Selection::Nothing => Ok(Value::Undefined),
            Selection::One(node) => self.load(node, &own, 0),
            Selection::Many(nodes) => {
                let items =
                    nodes.into_iter().map(|node| self.load(node, &own, 0)).collect::<Result<Vec<_>>>()?;
                Ok(self.heap.add_list(items, true))
            }
        }
    }

    fn parse_path(&self, method: &str, path: &str) -> Result<Path> {
        match Path::parse(path) {
            Ok(parsed) => Ok(parsed),
            Err(expected) => self.bad_argument(method, expected, path),
        }
    }

    fn select<'n>(&mut self, path: &Path, node: Json<'n>) -> Result<Selection<'n>> {
        match path.select(node, &mut self.steps_left) {
            Ok(selection) => Ok(selection),
            Err(_) => self.limit("evaluation, in steps,", EVALUATION_STEPS_MAX),
        }
    }

    /// Takes JSON into values; `own` keeps a text of it for the rest of the rendering.
    pub(super) fn load<'n>(
        &mut self,
        node: Json<'n>,
        own: &dyn Fn(Cow<'n, str>) -> Text<'s>,
        level: usize,
    ) -> Result<Value<'s>> {
        self.charge_text(node.as_str())?;
        if level > VALUE_LEVELS_MAX {
            return self.limit("JSON, in levels,", VALUE_LEVELS_MAX);
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
                self.heap.add_list(items, true)
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

    /// `$input.params()`: a map of three maps.
    fn params(&mut self) -> Result<Value<'s>> {
        let params = self.scope.params;
        let mut whole = Map::new();
        for (kind, names) in
            [("path", &params.path), ("querystring", &params.querystring), ("header", &params.header)]
        {
            self.charge(1 + names.len())?;
            let map = self.heap.add_map(borrowed_map(names));
            whole.insert(Text::Borrowed(kind), map);
        }
        Ok(self.heap.add_map(whole))
    }
}

fn borrowed_map(names: &BTreeMap<String, String>) -> Map<'_> {
    names.iter().map(|(name, value)| (Text::Borrowed(name.as_str()), Value::borrowed(value))).collect()
}
