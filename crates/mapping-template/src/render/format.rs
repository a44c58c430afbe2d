//! How values are written: texts as they are, maps as Java does, arrays from JSON as JSON.

use super::{Renderer, Result, numbers};
use crate::limits::VALUE_LEVELS_MAX;
use crate::value::{EntryId, ListId, ListKind, MapId, Owner, Text, Value};
use json_text::quote_into;

/// How a list or map is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `{k=v}`, `[a, b]`, null as `null`.
    Java,
    /// Compact JSON.
    Json,
}

impl<'s> Renderer<'s> {
    /// Writes a value as the text of a reference.
    pub(super) fn write_value(&mut self, value: &Value<'s>, out: &mut String) -> Result<()> {
        match value {
            Value::Undefined | Value::Loop(_) => Ok(()),
            Value::Text(text) | Value::Number(text) => self.write(text, out),
            // Objects below $context render empty (observed: docs/aws-behaviour.md#template-context-objects).
            Value::Map(id) if self.heap.owner(*id) != Owner::Template => Ok(()),
            // Written directly, because the block can stop the template.
            Value::Block(block) => self.nested(|this| this.block(block, out)),
            Value::Builtin(builtin) => {
                let whole = self.whole(*builtin)?;
                self.write_inside(&whole, Style::Java, out, 0, true)
            }
            _ => self.write_inside(value, Style::Java, out, 0, true),
        }
    }

    /// The text of a value.
    pub(super) fn text(&mut self, value: &Value<'s>) -> Result<Text<'s>> {
        match value {
            Value::Text(text) | Value::Number(text) => Ok(text.clone()),
            Value::Undefined => Ok(Text::Borrowed("")),
            Value::Bool(value) => Ok(Text::Borrowed(if *value { "true" } else { "false" })),
            Value::Block(block) => {
                let text = self.text_of(block)?;
                self.built_text(text)
            }
            _ => {
                let mut text = String::new();
                self.write_value(value, &mut text)?;
                self.built_text(text)
            }
        }
    }

    fn built_text(&mut self, text: String) -> Result<Text<'s>> {
        match self.built(text)? {
            Value::Text(text) => Ok(text),
            _ => Ok(Text::Borrowed("")),
        }
    }

    fn write_inside(
        &mut self,
        value: &Value<'s>,
        style: Style,
        out: &mut String,
        level: usize,
        top: bool,
    ) -> Result<()> {
        self.charge(1)?;
        if level > VALUE_LEVELS_MAX {
            return self.limit("levels of a written value", VALUE_LEVELS_MAX);
        }
        match value {
            Value::Undefined | Value::Builtin(_) | Value::Loop(_) if top => Ok(()),
            Value::Undefined | Value::Builtin(_) | Value::Loop(_) => self.write("null", out),
            Value::Bool(true) => self.write("true", out),
            Value::Bool(false) => self.write("false", out),
            Value::Int(value) => self.write(&value.to_string(), out),
            Value::Float(value) => self.write(&numbers::float_text(*value), out),
            Value::Number(digits) => self.write(digits, out),
            Value::Text(text) if style == Style::Json => self.write_quoted(text, out),
            Value::Text(text) => self.write(text, out),
            Value::Block(block) => {
                let text = self.text_of(block)?;
                if style == Style::Json { self.write_quoted(&text, out) } else { self.write(&text, out) }
            }
            Value::List(id) => self.write_list(*id, style, out, level),
            Value::Map(id) => self.write_map(*id, style, out, level),
            Value::Entry(id) => self.write_entry(*id, style, out, level),
        }
    }

    fn write_entry(&mut self, id: EntryId, style: Style, out: &mut String, level: usize) -> Result<()> {
        if style == Style::Json {
            // An entry has no form in JSON.
            let text = self.text(&Value::Entry(id))?;
            return self.write_quoted(&text, out);
        }
        let (key, value) = (self.heap.entry(id).1.clone(), self.heap.entry_value(id));
        self.write_name(&key, style, out)?;
        self.write_inside(&value, style, out, level + 1, false)
    }

    fn write_quoted(&mut self, text: &str, out: &mut String) -> Result<()> {
        // Checks the limit before writing as well, as a character can take up to six bytes.
        self.write("", out)?;
        self.charge_text(text)?;
        quote_into(text, out);
        self.write("", out)
    }

    fn write_list(&mut self, id: ListId, style: Style, out: &mut String, level: usize) -> Result<()> {
        let style = if self.heap.list(id).kind == ListKind::Json { Style::Json } else { style };
        self.write("[", out)?;
        let mut index = 0;
        // By index, because a block in the list can change it.
        while let Some(item) = self.heap.list(id).items.get(index).cloned() {
            if index > 0 {
                self.write(if style == Style::Json { "," } else { ", " }, out)?;
            }
            match item {
                Value::List(inside) if inside == id && style == Style::Java => {
                    self.write("(this Collection)", out)?;
                }
                item => self.write_inside(&item, style, out, level + 1, false)?,
            }
            index += 1;
        }
        self.write("]", out)
    }

    fn write_map(&mut self, id: MapId, style: Style, out: &mut String, level: usize) -> Result<()> {
        self.write("{", out)?;
        let mut index = 0;
        while let Some((key, value)) = self.heap.map(id).get_index(index) {
            let (key, value) = (key.clone(), value.clone());
            if index > 0 {
                self.write(if style == Style::Json { "," } else { ", " }, out)?;
            }
            self.write_name(&key, style, out)?;
            match value {
                Value::Map(inside) if inside == id && style == Style::Java => {
                    self.write("(this Map)", out)?;
                }
                value => self.write_inside(&value, style, out, level + 1, false)?,
            }
            index += 1;
        }
        self.write("}", out)
    }

    fn write_name(&mut self, key: &str, style: Style, out: &mut String) -> Result<()> {
        if style == Style::Json {
            self.write_quoted(key, out)?;
            self.write(":", out)
        } else {
            self.write(key, out)?;
            self.write("=", out)
        }
    }

    /// A value as JSON.
    pub(super) fn json_text(&mut self, value: &Value<'s>) -> Result<Value<'s>> {
        let mut text = String::new();
        self.write_inside(value, Style::Json, &mut text, 0, false)?;
        self.built(text)
    }
}
