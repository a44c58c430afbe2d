//! `$context`, looked up by the whole path of a reference, and the assignment of overrides.

use super::input::borrow;
use super::{Renderer, Result};
use crate::ast::{Expression, Reference, Step, StepKind};
use crate::context::Node;
use crate::error::Problem;
use crate::limits::{CONTEXT_PATH_NAMES_MAX, VALUE_LEVELS_MAX};
use crate::overrides::Overrides;
use crate::value::{Map, Owner, Text, Value};

/// The members of `$context.requestOverride`, in the recorded order.
const REQUEST_KINDS: [&str; 3] = ["path", "header", "querystring"];

impl<'s> Renderer<'s> {
    /// Looks up the names at the start of `steps` below `$context`; returns the value and the steps left.
    pub(super) fn context(&mut self, steps: &'s [Step]) -> Result<(Value<'s>, &'s [Step])> {
        let mut names = [""; CONTEXT_PATH_NAMES_MAX];
        let mut count = 0;
        for (slot, step) in names.iter_mut().zip(steps) {
            match &step.kind {
                StepKind::Property(name) => *slot = name,
                StepKind::Index(Expression::Text(name)) => *slot = name,
                StepKind::Index(_) | StepKind::Call { .. } => break,
            }
            count += 1;
        }
        let (names, rest) = (&names[..count], &steps[count..]);
        if names.is_empty() {
            return Ok((Value::Builtin(crate::ast::Builtin::Context), rest));
        }
        if let Some(root) = self.override_root(names[0]) {
            return Ok((root, &steps[1..]));
        }
        let value = match self.scope.context.get(names) {
            Some(node) => self.import(node, 0)?,
            None => Value::Undefined,
        };
        Ok((value, rest))
    }

    /// Converts a value of the context; objects become maps.
    pub(super) fn import(&mut self, node: Node<'s>, level: usize) -> Result<Value<'s>> {
        self.charge(1)?;
        if level > VALUE_LEVELS_MAX {
            return self.limit("levels of $context", VALUE_LEVELS_MAX);
        }
        Ok(match node {
            Node::Text(text) => Value::Text(borrow(text)),
            Node::Number(number) => Value::Int(number),
            Node::Bool(value) => Value::Bool(value),
            Node::Object(members) => {
                let mut map = Map::with_capacity(members.len());
                for (name, member) in members {
                    map.insert(borrow(name), self.import(member, level + 1)?);
                }
                self.heap.add_map_of(Owner::Gateway, map)
            }
        })
    }

    /// The map of `$context.requestOverride` or `responseOverride`.
    fn override_root(&mut self, name: &str) -> Option<Value<'s>> {
        let is_request = match name {
            "requestOverride" => true,
            "responseOverride" => false,
            _ => return None,
        };
        let (request, response) = *self.overrides.get_or_insert_with(|| {
            let mut root = |kinds: &[&'static str]| {
                let mut map = Map::new();
                for kind in kinds {
                    map.insert(Text::Borrowed(kind), self.heap.add_map_of(Owner::Override, Map::new()));
                }
                self.heap.add_override(map)
            };
            (root(&REQUEST_KINDS), root(&["header"]))
        });
        Some(Value::Map(if is_request { request } else { response }))
    }

    /// The path of an assignment below `$context`. Only members of the overrides can be assigned.
    pub(super) fn override_path(&self, target: &Reference) -> Result<String> {
        let name = |step: &'_ Step| match &step.kind {
            StepKind::Property(name) | StepKind::Index(Expression::Text(name)) => name.to_string(),
            StepKind::Index(_) => "[…]".to_owned(),
            StepKind::Call { name, .. } => format!("{name}(…)"),
        };
        let path: Vec<_> = target.steps.iter().map(name).collect();
        match path.first().map(String::as_str) {
            Some("requestOverride" | "responseOverride") if path.len() > 1 => Ok(path.join(".")),
            _ => self
                .override_error(path.join("."), "only requestOverride and responseOverride can be assigned"),
        }
    }

    pub(super) fn override_error<T>(&self, path: String, reason: &'static str) -> Result<T> {
        self.fault(Problem::Override { path, reason })
    }

    /// The template's overrides. Other members of the two maps have no effect.
    pub(super) fn overridden(&mut self) -> Result<Overrides> {
        let mut overrides = Overrides::default();
        let Some((request, response)) = self.overrides else { return Ok(overrides) };
        for (name, root, kinds) in
            [("requestOverride", request, &REQUEST_KINDS[..]), ("responseOverride", response, &["header"])]
        {
            for kind in kinds {
                let Some(Value::Map(id)) = self.heap.map(root).get(*kind) else { continue };
                for (key, value) in self.heap.map(*id).clone() {
                    overrides.push(&[name, kind, &key], self.text(&value)?.to_string());
                }
            }
        }
        if let Some(status) = self.heap.map(response).get("status").cloned() {
            overrides.push(&["responseOverride", "status"], self.text(&status)?.to_string());
        }
        Ok(overrides)
    }
}
