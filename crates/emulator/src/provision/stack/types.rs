//! Terraform's type constraints: the type of a value, and the defaults of what it leaves out.

use hcl::Expression;
use hcl::expr::{FuncCall, ObjectKey};
use serde_json::{Map, Value};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Type {
    Any,
    String,
    Number,
    Bool,
    List(Box<Type>),
    Map(Box<Type>),
    Object(Vec<Member>),
}

/// One attribute of an `object({…})`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    name: String,
    r#type: Type,
    presence: Presence,
}

#[derive(Debug, Clone, PartialEq)]
enum Presence {
    Required,
    Optional(Value),
}

impl Type {
    /// Reads a constraint such as `map(object({ a = optional(number, 1) }))`.
    pub(super) fn parse(expression: &Expression) -> Result<Self, String> {
        match expression {
            Expression::Variable(name) => match name.as_str() {
                "string" => Ok(Self::String),
                "number" => Ok(Self::Number),
                "bool" => Ok(Self::Bool),
                "any" => Ok(Self::Any),
                other => Err(format!("type \"{other}\" is not known")),
            },
            Expression::FuncCall(call) => Self::parse_call(call),
            other => Err(format!("{other:?} is not a type")),
        }
    }

    fn parse_call(call: &FuncCall) -> Result<Self, String> {
        let argument = call.args.first();
        match (call.name.name.as_str(), argument) {
            ("list" | "set", Some(element)) => Ok(Self::List(Box::new(Self::parse(element)?))),
            ("map", Some(element)) => Ok(Self::Map(Box::new(Self::parse(element)?))),
            ("object", Some(Expression::Object(members))) => {
                let member = |(key, r#type): (&ObjectKey, &Expression)| {
                    let name = key_name(key)?;
                    match r#type {
                        Expression::FuncCall(call) if call.name.name.as_str() == "optional" => {
                            let r#type = Self::parse(call.args.first().ok_or("optional() has no type")?)?;
                            let default = call.args.get(1).map(literal).transpose()?.unwrap_or(Value::Null);
                            Ok(Member { name, r#type, presence: Presence::Optional(default) })
                        }
                        other => {
                            Ok(Member { name, r#type: Self::parse(other)?, presence: Presence::Required })
                        }
                    }
                };
                Ok(Self::Object(members.iter().map(member).collect::<Result<_, String>>()?))
            }
            (name, _) => Err(format!("type \"{name}(…)\" is not known")),
        }
    }

    /// Checks a value and fills in what it leaves out. Unlike Terraform, which drops them silently, it refuses
    /// attributes that the type does not have: nearly always they are typos.
    pub(super) fn convert(&self, path: &str, value: Value) -> Result<Value, String> {
        let mismatch = |expected: &str, value: &Value| Err(format!("{path} must be {expected}, not {value}"));
        match (self, value) {
            (_, Value::Null) => Ok(Value::Null),
            (Self::Any, value)
            | (Self::String, value @ Value::String(_))
            | (Self::Number, value @ Value::Number(_))
            | (Self::Bool, value @ Value::Bool(_)) => Ok(value),
            (Self::String, value @ (Value::Number(_) | Value::Bool(_))) => {
                Ok(Value::String(value.to_string()))
            }
            (Self::List(element), Value::Array(items)) => {
                let item = |(index, item)| element.convert(&format!("{path}[{index}]"), item);
                items.into_iter().enumerate().map(item).collect::<Result<_, _>>().map(Value::Array)
            }
            (Self::Map(element), Value::Object(members)) => {
                let member = |(key, value): (String, Value)| {
                    Ok((key.clone(), element.convert(&format!("{path}.{key}"), value)?))
                };
                members.into_iter().map(member).collect::<Result<_, String>>().map(Value::Object)
            }
            (Self::Object(members), Value::Object(mut given)) => {
                let mut converted = Map::new();
                for Member { name, r#type, presence } in members {
                    let inner = format!("{path}.{name}");
                    let value = match (given.remove(name), presence) {
                        (Some(Value::Null) | None, Presence::Optional(default)) => default.clone(),
                        (Some(value), _) => value,
                        (None, Presence::Required) => return Err(format!("{inner} is missing")),
                    };
                    converted.insert(name.clone(), r#type.convert(&inner, value)?);
                }
                match given.keys().next() {
                    None => Ok(Value::Object(converted)),
                    Some(extra) => {
                        let names = members.iter().map(|member| member.name.as_str());
                        Err(format!("{path}: {}", unknown("attribute", extra, names)))
                    }
                }
            }
            (Self::String, value) => mismatch("a string", &value),
            (Self::Number, value) => mismatch("a number", &value),
            (Self::Bool, value) => mismatch("true or false", &value),
            (Self::List(_), value) => mismatch("a list", &value),
            (Self::Map(_) | Self::Object(_), value) => mismatch("an object", &value),
        }
    }
}

/// A literal as JSON. The emulator evaluates no expressions, and the error says so.
pub(super) fn literal(expression: &Expression) -> Result<Value, String> {
    match expression {
        Expression::Null => Ok(Value::Null),
        Expression::Bool(value) => Ok(Value::Bool(*value)),
        Expression::Number(number) => serde_json::to_value(number).map_err(|error| error.to_string()),
        Expression::String(text) => Ok(Value::String(text.clone())),
        Expression::Array(items) => items.iter().map(literal).collect::<Result<_, _>>().map(Value::Array),
        Expression::Object(members) => {
            let member = |(key, value): (&ObjectKey, &Expression)| Ok((key_name(key)?, literal(value)?));
            members.iter().map(member).collect::<Result<_, String>>().map(Value::Object)
        }
        Expression::Parenthesis(inner) => literal(inner),
        other => {
            let text = hcl::format::to_string(other).unwrap_or_default();
            Err(format!("only literals can stand here, not {}: write the value itself", text.trim()))
        }
    }
}

fn key_name(key: &ObjectKey) -> Result<String, String> {
    match key {
        ObjectKey::Identifier(name) => Ok(name.as_str().to_owned()),
        ObjectKey::Expression(Expression::String(name)) => Ok(name.clone()),
        other => Err(format!("only literal keys can be used here, not {other:?}")),
    }
}

/// "there is no … called …", with the most similar name.
pub(super) fn unknown<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<_> = known.collect();
    known.sort_unstable();
    let nearest = known.iter().max_by(|a, b| strsim::jaro(a, name).total_cmp(&strsim::jaro(b, name)));
    match nearest {
        Some(nearest) if strsim::jaro(nearest, name) > 0.7 => {
            format!("there is no {kind} \"{name}\"; did you mean \"{nearest}\"?")
        }
        _ => format!("there is no {kind} \"{name}\"; there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn r#type(text: &str) -> Type {
        let body = hcl::parse(&format!("type = {text}")).unwrap();
        Type::parse(body.attributes().next().unwrap().expr()).unwrap()
    }

    #[test]
    fn defaults_fill_in_what_is_left_out() {
        let r#type = r#type(
            "map(object({ a = optional(number, 1), b = optional(list(string), [\"x\"]), c = string }))",
        );
        let converted = r#type.convert("functions", json!({"echo": {"c": "y"}})).unwrap();
        assert_eq!(converted, json!({"echo": {"a": 1, "b": ["x"], "c": "y"}}));
    }

    #[test]
    fn a_typing_error_is_named_with_its_cure() {
        let r#type = r#type("map(object({ batch_size = optional(number, 1) }))");
        let error = r#type.convert("functions", json!({"echo": {"batchsize": 2}})).unwrap_err();
        assert_eq!(
            error,
            "functions.echo: there is no attribute \"batchsize\"; did you mean \"batch_size\"?"
        );
        let error = r#type.convert("functions", json!({"echo": {"batch_size": "many"}})).unwrap_err();
        assert_eq!(error, "functions.echo.batch_size must be a number, not \"many\"");
    }
}
