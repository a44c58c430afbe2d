//! Policy documents: read strictly, so that nothing in one is stored that evaluation would not honour.

use super::context::ContextKey;
use super::elements;
use super::pattern::Pattern;
use super::raw::{OneOrMany, RawPolicy, RawPrincipal, RawStatement};
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};

/// Characters in a policy document, at most (IAM's model).
pub const DOCUMENT_CHARS_MAX: usize = 131_072;

/// What a document is for: a trust policy has principals, an identity policy has resources, a resource's own
/// policy has both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Who may assume a role.
    Trust,
    /// What a role may do.
    Identity,
    /// Who may use the resource that it stands at.
    Resource,
}

/// A document, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its statements in their order, which does not matter.
    pub statements: Vec<Statement>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Whether it allows or denies.
    pub effect: Effect,
    /// The actions it is about.
    pub actions: Matches,
    /// The resources it is about; every one in a trust policy.
    pub resources: Matches,
    /// Whom it is about; `None` in an identity policy: whoever that belongs to.
    pub principals: Option<Principals>,
    /// All must hold.
    pub conditions: Vec<Condition>,
}

/// `Effect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Effect {
    /// Permits what no other statement denies.
    Allow,
    /// Wins over every Allow.
    Deny,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matches {
    /// Whatever matches one of these patterns.
    Any(Vec<Pattern>),
    /// Whatever matches none of them.
    Not(Vec<Pattern>),
}

/// `Principal`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principals {
    /// `*`, or `*` of kind `AWS`, which is the same.
    pub everyone: bool,
    /// Services.
    pub services: Vec<String>,
    /// Accounts by their ids. An Allow leaves it to the account's own policies who of it may; a Deny is for all of it.
    pub accounts: Vec<String>,
    /// Roles and users by their ARNs.
    pub arns: Vec<String>,
}

/// One operator on one context key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// How values are compared.
    pub operator: Operator,
    /// Which value of the call is looked at.
    pub key: ContextKey,
    /// One of these must match.
    pub values: Vec<Pattern>,
}

/// The operators that this emulator evaluates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `StringEquals`, `StringLike`: they differ in their patterns, of which those of the first have no wildcards.
    Text,
    /// `ArnLike`, and `ArnEquals`, which AWS treats as the same.
    Arn,
}

/// Why a document is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

impl Malformed {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    pub(super) fn principal(kind: &str, name: &str) -> Self {
        Self(format!("Invalid principal in policy: \"{kind}\":\"{name}\""))
    }
}

impl Policy {
    /// Reads a document.
    ///
    /// # Errors
    /// [`Malformed`]: no such JSON, or an element, condition or principal that this emulator does not evaluate.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, Malformed> {
        if text.chars().count() > DOCUMENT_CHARS_MAX {
            return Err(Malformed(format!("policy document is longer than {DOCUMENT_CHARS_MAX} characters")));
        }
        let raw = RawPolicy::read(text)?;
        let newer = raw.is_newer()?;
        let statements = raw.statement.into_vec();
        let mut sids = HashSet::new();
        for sid in statements.iter().filter_map(|raw| raw.sid.as_deref()).filter(|sid| !sid.is_empty()) {
            if !sids.insert(sid) {
                let message = "Statement IDs (SID) in a single policy must be unique.";
                return Err(Malformed(format!("{message} {sid} stands twice")));
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
            return Err(Malformed(format!(
                "Policy statement must not name {what} and also those that are none."
            )));
        }
    };
    if patterns.is_empty() {
        return Err(Malformed(format!("Policy statement must contain {what}.")));
    }
    Ok(Some(of(patterns.iter().map(|text| read(text)).collect::<Result<_, _>>()?)))
}

fn principals(principal: RawPrincipal) -> Result<Principals, Malformed> {
    match principal {
        RawPrincipal::Everyone(star) if star == "*" => {
            Ok(Principals { everyone: true, ..Principals::default() })
        }
        RawPrincipal::Everyone(other) => Err(Malformed(format!("Invalid principal in policy: {other}"))),
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
        let operator = operator(&name)?;
        let mut seen = Vec::new();
        for (key_name, values) in keys {
            let key = ContextKey::of_name(&key_name).ok_or_else(|| {
                Malformed(format!("condition key {key_name} is not supported by the local emulator"))
            })?;
            if seen.contains(&key) {
                return Err(Malformed(format!("condition key {key_name} stands twice in {name}")));
            }
            seen.push(key);
            let values = patterns(&name, operator, &values.into_vec(), newer)?;
            conditions.push(Condition { operator, key, values });
        }
    }
    Ok(conditions)
}

fn operator(name: &str) -> Result<Operator, Malformed> {
    match name {
        "StringEquals" | "StringLike" => Ok(Operator::Text),
        "ArnLike" | "ArnEquals" => Ok(Operator::Arn),
        _ => Err(Malformed(format!("condition operator {name} is not supported by the local emulator"))),
    }
}

fn patterns(
    name: &str,
    operator: Operator,
    values: &[String],
    newer: bool,
) -> Result<Vec<Pattern>, Malformed> {
    if values.is_empty() {
        return Err(Malformed(format!("condition {name} has no values")));
    }
    let read = |text: &String| {
        let pattern = match name {
            "StringEquals" => Pattern::without_wildcards(text, newer)?,
            _ => Pattern::parse(text, newer)?,
        };
        match operator {
            Operator::Arn if !pattern.may_be_arn() => {
                Err(Malformed(format!("{name} compares ARNs, and {text} is none")))
            }
            _ => Ok(pattern),
        }
    };
    values.iter().map(read).collect()
}
