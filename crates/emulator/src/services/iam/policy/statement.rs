//! A document's statements, once parsed.

use super::context::ContextKey;
use super::pattern::Pattern;
use serde::Deserialize;

/// The kind of a document: a trust policy has principals, an identity policy has resources, a resource policy has both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Who may assume a role.
    Trust,
    /// What a role may do.
    Identity,
    /// Who may use the resource.
    Resource,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub effect: Effect,
    /// The actions that it covers.
    pub actions: Matches,
    /// The resources that it covers; all of them in a trust policy.
    pub resources: Matches,
    /// The principals that it covers; `None` in an identity policy, which belongs to one.
    pub principals: Option<Principals>,
    /// All must hold.
    pub conditions: Vec<Condition>,
}

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
    /// Everything that matches one of these patterns.
    Any(Vec<Pattern>),
    /// Everything that matches none of them.
    Not(Vec<Pattern>),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principals {
    /// `*`, or `*` of kind `AWS`, which is the same.
    pub everyone: bool,
    pub services: Vec<String>,
    /// Accounts by their ids. With an Allow, the account's own policies decide which of its principals may; a Deny is
    /// for all of them.
    pub accounts: Vec<String>,
    /// Roles and users by their ARNs.
    pub arns: Vec<String>,
}

/// One operator for one context key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// How a key with several values is compared; `None`: the key has one value.
    pub set: Option<SetOperator>,
    pub operator: Operator,
    /// The compared context key.
    pub key: ContextKey,
    /// One of these must match.
    pub values: Vec<Pattern>,
}

/// What must hold of a key's several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOperator {
    /// `ForAllValues`: all of them match. Also true where the request lacks the key.
    All,
    /// `ForAnyValue`: one of them matches.
    Any,
}

/// The operators that this emulator evaluates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `StringEquals`, `StringLike`: only the patterns of the second have wildcards.
    Text,
    /// `ArnLike`, and `ArnEquals`, which AWS treats as the same.
    Arn,
    /// `Bool`: `true` or `false`.
    Flag,
}
