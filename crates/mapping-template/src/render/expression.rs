//! Expressions: literals, logic and comparison.

use std::cmp::Ordering;

use super::{Renderer, Result, numbers};
use crate::ast::{Expression, Offset, Operator};
use crate::limits::EVALUATION_STEPS_MAX;
use crate::value::{Map, Text, Value};

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
                self.heap.add_list(items, false)
            }
            Expression::Map(entries) => {
                let map = self.nested(|this| this.map_literal(entries))?;
                self.heap.add_map(map)
            }
            Expression::Range(from, to) => self.range(*from, *to)?,
            Expression::Reference(reference) => self.reference(reference)?,
            Expression::Not(inside) => {
                let value = self.nested(|this| this.expression(inside))?;
                Value::Bool(!value.is_true())
            }
            Expression::Chain { first, rest, at } => self.nested(|this| this.chain(first, rest, *at))?,
        })
    }

    fn map_literal(&mut self, entries: &'s [(Expression, Expression)]) -> Result<Map<'s>> {
        let mut map = Map::with_capacity(entries.len());
        for (key, value) in entries {
            let key = self.expression(key)?;
            let key = self.key(key)?;
            let value = self.expression(value)?;
            map.insert(key, value);
        }
        Ok(map)
    }

    fn range(&mut self, from: i64, to: i64) -> Result<Value<'s>> {
        let length = usize::try_from(from.abs_diff(to)).unwrap_or(EVALUATION_STEPS_MAX).saturating_add(1);
        self.charge(length)?;
        let items = if from <= to {
            (from..=to).map(Value::Int).collect()
        } else {
            (to..=from).rev().map(Value::Int).collect()
        };
        Ok(self.heap.add_list(items, false))
    }

    fn chain(
        &mut self,
        first: &'s Expression,
        rest: &'s [(Operator, Expression)],
        at: Offset,
    ) -> Result<Value<'s>> {
        let mut left = self.expression(first)?;
        for (operator, right) in rest {
            // Logic does not evaluate what cannot matter.
            left = match operator {
                Operator::And => Value::Bool(left.is_true() && self.expression(right)?.is_true()),
                Operator::Or => Value::Bool(left.is_true() || self.expression(right)?.is_true()),
                _ => {
                    let right = self.expression(right)?;
                    self.at = at;
                    self.binary(*operator, left, right)?
                }
            };
        }
        Ok(left)
    }

    fn binary(&mut self, operator: Operator, left: Value<'s>, right: Value<'s>) -> Result<Value<'s>> {
        let order = |expected: &[Ordering]| match numbers::compare(&left, &right) {
            Some(order) => Value::Bool(expected.contains(&order)),
            // Velocity compares numbers only; anything else is false.
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

    /// Equality: numbers by value, anything else by its text; undefined is the empty text.
    pub(super) fn equal(&mut self, left: &Value<'s>, right: &Value<'s>) -> Result<bool> {
        match (left, right) {
            (Value::Text(left), Value::Text(right)) => {
                self.charge_text(left)?;
                Ok(left == right)
            }
            (Value::List(left), Value::List(right)) if left == right => Ok(true),
            (Value::Map(left), Value::Map(right)) if left == right => Ok(true),
            _ => match numbers::compare(left, right) {
                Some(order) => Ok(order == Ordering::Equal),
                None => Ok(self.text(left)? == self.text(right)?),
            },
        }
    }

    /// The key of a map that a value names: its text.
    pub(super) fn key(&mut self, value: Value<'s>) -> Result<Text<'s>> {
        match value {
            Value::Text(text) => Ok(text),
            other => self.text(&other),
        }
    }
}

fn is_text(value: &Value<'_>) -> bool {
    matches!(value, Value::Text(_) | Value::Undefined | Value::Block(_))
}
