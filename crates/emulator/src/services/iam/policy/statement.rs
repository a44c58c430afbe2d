//! What a document's statements say, once read.

use super::context::ContextKey;
use super::pattern::Pattern;
use serde::Deserialize;

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
