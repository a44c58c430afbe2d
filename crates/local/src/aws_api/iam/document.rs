//! Policy documents: read strictly, so that nothing in one is stored that evaluation would not honour.

use serde::Deserialize;
use std::collections::BTreeMap;

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
    /// Services that a trust policy names; `*` names all.
    pub services: Vec<String>,
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
    /// Whatever equals one of these patterns.
    Any(Vec<String>),
    /// Whatever equals none of them.
    Not(Vec<String>),
}

/// One operator on one context key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// How values are compared.
    pub operator: Operator,
    /// Which value of the call is looked at.
    pub key: ContextKey,
    /// One of these must match.
    pub values: Vec<String>,
}

/// The operators that this plane evaluates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `StringEquals`
    Equals,
    /// `StringLike`, `ArnLike`, and `ArnEquals`, which AWS treats as `ArnLike`.
    Like,
}

/// The context keys that this plane knows: those that a service sends when it assumes a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextKey {
    /// `aws:SourceAccount`
    SourceAccount,
    /// `aws:SourceArn`
    SourceArn,
}

/// Why a document is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RawPolicy {
    version: Option<String>,
    #[serde(rename = "Id")]
    _id: Option<String>,
    statement: OneOrMany<RawStatement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RawStatement {
    #[serde(rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    action: Option<OneOrMany<String>>,
    not_action: Option<OneOrMany<String>>,
    resource: Option<OneOrMany<String>>,
    not_resource: Option<OneOrMany<String>>,
    principal: Option<RawPrincipal>,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, OneOrMany<String>>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawPrincipal {
    Everyone(String),
    Named(BTreeMap<String, OneOrMany<String>>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

impl Policy {
    /// Reads a document.
    ///
    /// # Errors
    /// [`Malformed`]: no such JSON, or an element, condition or principal that this plane does not evaluate.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, Malformed> {
        if text.chars().count() > DOCUMENT_CHARS_MAX {
            return Err(Malformed(format!("policy document is longer than {DOCUMENT_CHARS_MAX} characters")));
        }
        let raw: RawPolicy = serde_json::from_str(text)
            .map_err(|error| Malformed(format!("Syntax errors in policy: {error}")))?;
        if !matches!(raw.version.as_deref(), None | Some("2012-10-17" | "2008-10-17")) {
            return Err(Malformed("The policy must contain a valid version string".into()));
        }
        let statements = raw.statement.into_vec().into_iter();
        Ok(Self { statements: statements.map(|raw| statement(raw, kind)).collect::<Result<_, _>>()? })
    }
}

fn statement(raw: RawStatement, kind: Kind) -> Result<Statement, Malformed> {
    let actions = matches(raw.action, raw.not_action)
        .ok_or_else(|| Malformed("Policy statement must contain actions.".into()))?;
    let resources = matches(raw.resource, raw.not_resource);
    let (resources, services) = match (kind, resources, raw.principal) {
        (Kind::Trust, None, Some(principal)) => (Matches::Not(Vec::new()), services(principal)?),
        (Kind::Trust, None, None) => return Err(Malformed("Missing required field Principal".into())),
        (Kind::Resource, Some(resources), Some(principal)) => (resources, services(principal)?),
        (Kind::Resource, ..) => {
            return Err(Malformed("Policy statement must contain resources and a principal.".into()));
        }
        (Kind::Trust, Some(_), _) => return Err(Malformed("Has prohibited field Resource".into())),
        (Kind::Identity, Some(resources), None) => (resources, Vec::new()),
        (Kind::Identity, None, _) => {
            return Err(Malformed("Policy statement must contain resources.".into()));
        }
        (Kind::Identity, _, Some(_)) => {
            return Err(Malformed("Policy document should not specify a principal.".into()));
        }
    };
    Ok(Statement { effect: raw.effect, actions, resources, services, conditions: conditions(raw.condition)? })
}

fn matches(positive: Option<OneOrMany<String>>, negative: Option<OneOrMany<String>>) -> Option<Matches> {
    match (positive, negative) {
        (Some(patterns), None) => Some(Matches::Any(patterns.into_vec())),
        (None, Some(patterns)) => Some(Matches::Not(patterns.into_vec())),
        _ => None,
    }
}

fn services(principal: RawPrincipal) -> Result<Vec<String>, Malformed> {
    match principal {
        RawPrincipal::Everyone(star) if star == "*" => Ok(vec![star]),
        RawPrincipal::Everyone(other) => Err(Malformed(format!("Invalid principal in policy: {other}"))),
        RawPrincipal::Named(kinds) => {
            let mut services = Vec::new();
            for (kind, names) in kinds {
                match kind.as_str() {
                    "Service" => services.extend(names.into_vec()),
                    // Accounts and roles may assume a role by sts:AssumeRole, which this plane does not have.
                    "AWS" => {}
                    other => {
                        return Err(Malformed(format!(
                            "principal {other} is not supported by the local plane"
                        )));
                    }
                }
            }
            Ok(services)
        }
    }
}

fn conditions(
    raw: BTreeMap<String, BTreeMap<String, OneOrMany<String>>>,
) -> Result<Vec<Condition>, Malformed> {
    let mut conditions = Vec::new();
    for (name, keys) in raw {
        let operator = match name.as_str() {
            "StringEquals" => Operator::Equals,
            "StringLike" | "ArnLike" | "ArnEquals" => Operator::Like,
            _ => {
                return Err(Malformed(format!(
                    "condition operator {name} is not supported by the local plane"
                )));
            }
        };
        for (key, values) in keys {
            let key = match key.to_ascii_lowercase().as_str() {
                "aws:sourceaccount" => ContextKey::SourceAccount,
                "aws:sourcearn" => ContextKey::SourceArn,
                _ => {
                    return Err(Malformed(format!(
                        "condition key {key} is not supported by the local plane"
                    )));
                }
            };
            conditions.push(Condition { operator, key, values: values.into_vec() });
        }
    }
    Ok(conditions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_may_be_one_or_many() {
        let text =
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a:B","Resource":["r"]}}"#;
        let policy = Policy::parse(text, Kind::Identity).unwrap();
        assert_eq!(policy.statements[0].actions, Matches::Any(vec!["a:B".into()]));
        assert_eq!(policy.statements[0].resources, Matches::Any(vec!["r".into()]));
    }

    #[test]
    fn what_is_not_evaluated_is_refused_by_name() {
        let refused = |statement: &str, kind| {
            Policy::parse(&format!(r#"{{"Statement":[{statement}]}}"#), kind).unwrap_err().to_string()
        };
        let conditional =
            r#"{"Effect":"Allow","Action":"a:B","Resource":"*","Condition":{"Bool":{"x":"true"}}}"#;
        assert_eq!(
            refused(conditional, Kind::Identity),
            "condition operator Bool is not supported by the local plane"
        );
        let federated = r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Federated":"x"}}"#;
        assert_eq!(
            refused(federated, Kind::Trust),
            "principal Federated is not supported by the local plane"
        );
        let without_resource = r#"{"Effect":"Allow","Action":"a:B"}"#;
        assert_eq!(refused(without_resource, Kind::Identity), "Policy statement must contain resources.");
        assert!(refused(r#"{"Effect":"Maybe"}"#, Kind::Identity).starts_with("Syntax errors in policy"));
    }
}
