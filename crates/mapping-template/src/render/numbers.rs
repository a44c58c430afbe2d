//! Numbers: 64-bit integers, doubles, and JSON numbers, which keep their digits until a calculation.

use std::cmp::Ordering;

use crate::ast::Operator;
use crate::error::Problem;
use crate::value::Value;

/// A number in a calculation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    /// The number of a value; `None` for texts, even if they consist of digits.
    pub(super) fn of(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Int(value) => Some(Self::Int(*value)),
            Value::Float(value) => Some(Self::Float(*value)),
            Value::Number(digits) => match digits.parse() {
                Ok(value) => Some(Self::Int(value)),
                Err(_) => digits.parse().ok().map(Self::Float),
            },
            _ => None,
        }
    }

    /// The number without its fraction.
    #[expect(clippy::cast_possible_truncation, reason = "Java's narrowing saturates in the same way")]
    pub(super) fn whole(self) -> i64 {
        match self {
            Self::Int(value) => value,
            Self::Float(value) => value as i64,
        }
    }

    /// Java's `hashCode`: that of a `Long` for integers that do not fit an `Integer`.
    #[expect(clippy::cast_possible_truncation, reason = "Java drops the upper half, after folding it in")]
    pub(super) fn hash(self) -> i32 {
        let folded = |bits: u64| (bits ^ (bits >> 32)) as i32;
        match self {
            Self::Int(value) => i32::try_from(value).unwrap_or_else(|_| folded(value.cast_unsigned())),
            Self::Float(value) => folded(value.to_bits()),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "as in Java, an integer beside a double is rounded to 53 bits"
    )]
    pub(super) fn float(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

/// The order of two numbers; `None` if one of them is not a number.
pub(super) fn compare(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    if let (Value::Number(left), Value::Number(right)) = (left, right)
        && left == right
    {
        // Equal digits are equal even if no number type can hold them.
        return Some(Ordering::Equal);
    }
    match (Number::of(left)?, Number::of(right)?) {
        (Number::Int(left), Number::Int(right)) => Some(left.cmp(&right)),
        (left, right) => left.float().partial_cmp(&right.float()),
    }
}

/// Arithmetic. As in Velocity, the result is undefined if an operand is not a number, and for a division by zero.
pub(super) fn arithmetic<'s>(
    operator: Operator,
    left: &Value<'_>,
    right: &Value<'_>,
) -> Result<Value<'s>, Problem> {
    let (Some(left), Some(right)) = (Number::of(left), Number::of(right)) else {
        return Ok(Value::Undefined);
    };
    let divides = matches!(operator, Operator::Divide | Operator::Remainder);
    if divides && right.float() == 0.0 {
        return Ok(Value::Undefined);
    }
    if let (Number::Int(left), Number::Int(right)) = (left, right) {
        let result = match operator {
            Operator::Add => left.checked_add(right),
            Operator::Subtract => left.checked_sub(right),
            Operator::Multiply => left.checked_mul(right),
            Operator::Divide => left.checked_div(right),
            Operator::Remainder => left.checked_rem(right),
            _ => return Ok(Value::Undefined),
        };
        return result.map(Value::Int).ok_or(Problem::Overflow { operator: operator.symbol() });
    }
    let (left, right) = (left.float(), right.float());
    Ok(match operator {
        Operator::Add => Value::Float(left + right),
        Operator::Subtract => Value::Float(left - right),
        Operator::Multiply => Value::Float(left * right),
        Operator::Divide => Value::Float(left / right),
        Operator::Remainder => Value::Float(left % right),
        _ => Value::Undefined,
    })
}

/// A double as Java prints it: `2.0`, `0.05`, `1.0E10`.
pub(super) fn float_text(value: f64) -> String {
    const PLAIN_FROM: f64 = 1e-3;
    const PLAIN_BELOW: f64 = 1e7;
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if value == 0.0 || (PLAIN_FROM..PLAIN_BELOW).contains(&value.abs()) {
        return format!("{value:?}");
    }
    let scientific = format!("{value:E}");
    match scientific.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => scientific,
    }
}
