//! Expressions: literals, logic and comparison.

use std::cmp::Ordering;

use super::{Renderer, Result, numbers};
use crate::ast::{Expression, Offset, Operator};
use crate::limits::EVALUATION_STEPS_MAX;
use crate::value::{ListKind, Map, Text, Value};

impl<'s> Renderer<'s> {
    pub(super) fn expression(&mut self, expression: &'s Expression) -> Result<Value<'s>> {
        self.charge(1)?;
        Ok(match expression {
            Expression::Null => Value::Undefined,
            Expression::Bool(value) => Value::Bool(*value),
            Expression::Int(value) => Value::Int(*value),
            Expression::Float(value) => Value::Float(*value),
            Expression::Text(text) => Value::borrowed(text),
            Expression::Interpolated(block) => {
                let text = self.text_of(block)?;
                self.built(text)?
            }
            Expression::List(elements) => {
                let items = self.nested(|this| {
                    elements.iter().map(|element| this.expression(element)).collect::<Result<_>>()
                })?;
                self.heap.add_list(items, ListKind::Own)
            }
            Expression::Map(entries) => {
                let map = self.nested(|this| this.map_literal(entries))?;
                self.heap.add_map(map)
            }
            Expression::Range(from, to) => self.range(from, to)?,
            // The value of an undefined reference is an empty string (observed: docs/aws-behaviour.md#template-language).
            Expression::Reference(reference) => return self.reference(reference).map(Value::or_empty),
            Expression::Not(inside) => Value::Bool(!self.nested(|this| this.condition(inside))?),
            Expression::Chain { first, rest, at } => self.nested(|this| this.chain(first, rest, *at))?,
        })
    }

    fn map_literal(&mut self, entries: &'s [(Expression, Expression)]) -> Result<Map<'s>> {
        let mut map = Map::with_capacity(entries.len());
        for (key, value) in entries {
            let key = self.expression(key)?;
            let key = self.new_key("a map", key)?;
            let value = self.expression(value)?;
            map.insert(key, value);
        }
        Ok(map)
    }

    fn range(&mut self, from: &'s Expression, to: &'s Expression) -> Result<Value<'s>> {
        let (from, to) = self.nested(|this| Ok((this.expression(from)?, this.expression(to)?)))?;
        let (Some(from), Some(to)) = (numbers::Number::of(&from), numbers::Number::of(&to)) else {
            // Velocity's result is null then, and no error.
            return Ok(Value::Undefined);
        };
        let (from, to) = (from.whole(), to.whole());
        let length = usize::try_from(from.abs_diff(to)).unwrap_or(EVALUATION_STEPS_MAX).saturating_add(1);
        self.charge(length)?;
        let items = if from <= to {
            (from..=to).map(Value::Int).collect()
        } else {
            (to..=from).rev().map(Value::Int).collect()
        };
        Ok(self.heap.add_list(items, ListKind::Own))
    }

    fn chain(
        &mut self,
        first: &'s Expression,
        rest: &'s [(Operator, Expression)],
        at: Offset,
    ) -> Result<Value<'s>> {
        if let Some((Operator::And | Operator::Or, _)) = rest.first() {
            return self.logic(first, rest).map(Value::Bool);
        }
        let mut left = self.expression(first)?;
        for (operator, right) in rest {
            let right = self.expression(right)?;
            self.at = at;
            left = self.binary(*operator, left, right)?;
        }
        Ok(left)
    }

    /// A chain of `&&` or of `||`. It stops at the first operand that determines the result.
    fn logic(&mut self, first: &'s Expression, rest: &'s [(Operator, Expression)]) -> Result<bool> {
        let mut left = self.condition(first)?;
        for (operator, right) in rest {
            if left == (*operator == Operator::Or) {
                return Ok(left);
            }
            left = self.condition(right)?;
        }
        Ok(left)
    }

    /// Whether an expression is true as a condition.
    ///
    /// A reference is true unless its value is the boolean `false` (observed: docs/aws-behaviour.md#template-truthiness).
    /// Other expressions are true only if they are `true` or a comparison or logic whose result is true, as in Velocity.
    pub(super) fn condition(&mut self, expression: &'s Expression) -> Result<bool> {
        match expression {
            Expression::Reference(reference) => {
                self.charge(1)?;
                Ok(!matches!(self.reference(reference)?, Value::Bool(false)))
            }
            Expression::Bool(_) | Expression::Not(_) | Expression::Chain { .. } => {
                Ok(matches!(self.expression(expression)?, Value::Bool(true)))
            }
            _ => self.charge(1).map(|()| false),
        }
    }

    fn binary(&mut self, operator: Operator, left: Value<'s>, right: Value<'s>) -> Result<Value<'s>> {
        let order = |expected: &[Ordering]| match numbers::compare(&left, &right) {
            Some(order) => Value::Bool(expected.contains(&order)),
            // Velocity compares only numbers; the comparison of other values is false.
            None => Value::Bool(false),
        };
        Ok(match operator {
            Operator::Equal => Value::Bool(self.equal(&left, &right)?),
            Operator::NotEqual => Value::Bool(!self.equal(&left, &right)?),
            Operator::Less => order(&[Ordering::Less]),
            Operator::LessOrEqual => order(&[Ordering::Less, Ordering::Equal]),
            Operator::Greater => order(&[Ordering::Greater]),
            Operator::GreaterOrEqual => order(&[Ordering::Greater, Ordering::Equal]),
            Operator::Add if is_text(&left) || is_text(&right) => {
                let mut text = self.text(&left)?.to_string();
                text.push_str(&self.text(&right)?);
                self.built(text)?
            }
            _ => match numbers::arithmetic(operator, &left, &right) {
                Ok(result) => result,
                Err(problem) => return self.fault(problem),
            },
        })
    }

    /// Velocity's equality: it compares numbers by value, lists and maps with Java's `equals`, and values of different
    /// types by their text. The text of an undefined value is empty.
    pub(super) fn equal(&mut self, left: &Value<'s>, right: &Value<'s>) -> Result<bool> {
        match (left, right) {
            (Value::Text(left), Value::Text(right)) => {
                self.charge_text(left)?;
                Ok(left == right)
            }
            (Value::List(_), Value::List(_)) | (Value::Map(_), Value::Map(_)) => self.same(left, right, 0),
            _ => match numbers::compare(left, right) {
                Some(order) => Ok(order == Ordering::Equal),
                None => Ok(self.text(left)? == self.text(right)?),
            },
        }
    }

    /// The value as a key to look up. Keys are strings, and Java finds no number, boolean or null among them.
    pub(super) fn key(&mut self, value: Value<'s>) -> Result<Option<Text<'s>>> {
        Ok(match value {
            Value::Text(text) => Some(text),
            Value::Block(_) => Some(self.text(&value)?),
            _ => None,
        })
    }

    /// The value as a key to insert. Java's maps take any; here another one than a string is an error.
    pub(super) fn new_key(&mut self, method: &str, value: Value<'s>) -> Result<Text<'s>> {
        match self.key(value.clone())? {
            Some(key) => Ok(key),
            None => self.wrong_argument(method, "a string as the key", &value),
        }
    }
}

fn is_text(value: &Value<'_>) -> bool {
    matches!(value, Value::Text(_) | Value::Block(_))
}
