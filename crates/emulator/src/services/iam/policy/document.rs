//! Policy documents: parsed strictly, so that nothing is stored that evaluation would not honour.

use super::context::ContextKey;
use super::elements;
use super::malformed::Malformed;
use super::pattern::Pattern;
use super::raw::{OneOrMany, RawPolicy, RawPrincipal, RawStatement};
use super::statement::{Condition, Kind, Matches, Operator, Principals, SetOperator, Statement};
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, HashSet};

/// Characters of a policy document, at most (IAM's model).
pub const DOCUMENT_CHARS_MAX: usize = 131_072;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its statements; their order does not matter.
    pub statements: Vec<Statement>,
}

impl Policy {
    /// Parses a document. Fails with [`Malformed`]: invalid JSON, or an element, condition or principal that this
    /// emulator does not evaluate.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, Malformed> {
        if text.chars().count() > DOCUMENT_CHARS_MAX {
            return Err(Malformed::new(format!(
                "policy document is longer than {DOCUMENT_CHARS_MAX} characters"
            )));
        }
        if serde_json::from_str::<IgnoredAny>(text).is_err() {
            // docs/aws-behaviour.md#iam-policy-errors.
            return Err(Malformed::new(match kind {
                Kind::Trust => "This policy contains invalid Json",
                _ => "Syntax errors in policy.",
            }));
        }
        let raw = RawPolicy::read(text)?;
        let newer = raw.is_newer()?;
        let statements = raw.statement.into_vec();
        let mut sids = HashSet::new();
        for sid in statements.iter().filter_map(|raw| raw.sid.as_deref()).filter(|sid| !sid.is_empty()) {
            if !sids.insert(sid) {
                let message = "Statement IDs (SID) in a single policy must be unique.";
                return Err(Malformed::new(format!("{message} {sid} stands twice")));
            }
        }
        let statements = statements.into_iter().map(|raw| statement(raw, kind, newer));
        Ok(Self { statements: statements.collect::<Result<_, _>>()? })
    }
}

fn statement(raw: RawStatement, kind: Kind, newer: bool) -> Result<Statement, Malformed> {
    let actions = matches("actions", raw.action, raw.not_action, |text| elements::action(text, kind))?
        .ok_or_else(|| Malformed::new("Policy statement must contain actions."))?;
    let resources =
        matches("resources", raw.resource, raw.not_resource, |text| elements::resource(text, newer))?;
    let (resources, principals) = match (kind, resources, raw.principal) {
        (Kind::Trust, None, Some(principal)) => (Matches::Not(Vec::new()), Some(principals(principal)?)),
        (Kind::Trust, None, None) => return Err(Malformed::new("Missing required field Principal")),
        (Kind::Resource, Some(resources), Some(principal)) => (resources, Some(principals(principal)?)),
        (Kind::Resource, ..) => {
            return Err(Malformed::new("Policy statement must contain resources and a principal."));
        }
        (Kind::Trust, Some(_), _) => return Err(Malformed::new("Has prohibited field Resource")),
        (Kind::Identity, Some(resources), None) => (resources, None),
        (Kind::Identity, None, _) => {
            return Err(Malformed::new("Policy statement must contain resources."));
        }
        (Kind::Identity, _, Some(_)) => {
            return Err(Malformed::new("Policy document should not specify a principal."));
        }
    };
    let conditions = conditions(raw.condition, newer)?;
    Ok(Statement { effect: raw.effect, actions, resources, principals, conditions })
}

/// An element or its negation: not both, and never an empty list, which would cover nothing or, negated, everything.
fn matches(
    what: &str,
    positive: Option<OneOrMany<String>>,
    negative: Option<OneOrMany<String>>,
    read: impl Fn(&str) -> Result<Pattern, Malformed>,
) -> Result<Option<Matches>, Malformed> {
    let (of, patterns): (fn(_) -> _, _) = match (positive, negative) {
        (Some(patterns), None) => (Matches::Any, patterns.into_vec()),
        (None, Some(patterns)) => (Matches::Not, patterns.into_vec()),
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(Malformed::new(format!(
                "Policy statement must not have both {what} and their negation."
            )));
        }
    };
    if patterns.is_empty() {
        return Err(Malformed::new(format!("Policy statement must contain {what}.")));
    }
    Ok(Some(of(patterns.iter().map(|text| read(text)).collect::<Result<_, _>>()?)))
}

fn principals(principal: RawPrincipal) -> Result<Principals, Malformed> {
    match principal {
        RawPrincipal::Everyone(star) if star == "*" => {
            Ok(Principals { everyone: true, ..Principals::default() })
        }
        RawPrincipal::Everyone(other) => Err(Malformed::new(format!("Invalid principal in policy: {other}"))),
        RawPrincipal::Named(kinds) => {
            elements::principals(kinds.into_iter().map(|(kind, names)| (kind, names.into_vec())).collect())
        }
    }
}

fn conditions(
    raw: BTreeMap<String, BTreeMap<String, OneOrMany<String>>>,
    newer: bool,
) -> Result<Vec<Condition>, Malformed> {
    let mut conditions = Vec::new();
    for (name, keys) in raw {
        let (set, plain_name) = set_operator(&name);
        let operator = operator(plain_name, &name)?;
        let mut seen = Vec::new();
        for (key_name, values) in keys {
            let key = ContextKey::of_name(&key_name).ok_or_else(|| {
                Malformed::new(format!("condition key {key_name} is not supported by the emulator"))
            })?;
            if seen.contains(&key) {
                return Err(Malformed::new(format!("condition key {key_name} stands twice in {name}")));
            }
            if set.is_some() != (key == ContextKey::LeadingKeys) {
                return Err(Malformed::new(format!(
                    "condition {name} on {key_name} is not supported by the emulator: ForAllValues and ForAnyValue are for dynamodb:LeadingKeys, which needs one of them"
                )));
            }
            if operator == Operator::Flag && key != ContextKey::SecureTransport {
                return Err(Malformed::new(format!("{name} compares flags, and {key_name} is none")));
            }
            seen.push(key);
            let values = patterns(plain_name, operator, &values.into_vec(), newer)?;
            conditions.push(Condition { set, operator, key, values });
        }
    }
    Ok(conditions)
}

/// An operator for keys with several values, and the name of the one that it is made of.
fn set_operator(name: &str) -> (Option<SetOperator>, &str) {
    match name.split_once(':') {
        Some(("ForAllValues", plain)) => (Some(SetOperator::All), plain),
        Some(("ForAnyValue", plain)) => (Some(SetOperator::Any), plain),
        _ => (None, name),
    }
}

fn operator(plain_name: &str, name: &str) -> Result<Operator, Malformed> {
    match plain_name {
        "StringEquals" | "StringLike" => Ok(Operator::Text),
        "ArnLike" | "ArnEquals" => Ok(Operator::Arn),
        "Bool" => Ok(Operator::Flag),
        _ => Err(Malformed::new(format!("condition operator {name} is not supported by the emulator"))),
    }
}

fn patterns(
    name: &str,
    operator: Operator,
    values: &[String],
    newer: bool,
) -> Result<Vec<Pattern>, Malformed> {
    if values.is_empty() {
        return Err(Malformed::new(format!("condition {name} has no values")));
    }
    let read = |text: &String| {
        let pattern = match name {
            "Bool" => Pattern::Plain(text.to_ascii_lowercase()),
            "StringEquals" => Pattern::without_wildcards(text, newer)?,
            _ => Pattern::parse(text, newer)?,
        };
        match operator {
            Operator::Arn if !pattern.may_be_arn() => {
                Err(Malformed::new(format!("{name} compares ARNs, and {text} is none")))
            }
            Operator::Flag
                if !["true", "false"].map(|flag| Pattern::Plain(flag.into())).contains(&pattern) =>
            {
                Err(Malformed::new(format!("{name} compares flags, and {text} is none")))
            }
            _ => Ok(pattern),
        }
    };
    values.iter().map(read).collect()
}
