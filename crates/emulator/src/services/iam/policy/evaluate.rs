//! Policy evaluation: a Deny wins; else an Allow permits; else nothing does.

use super::context::account_of;
pub use super::context::{Caller, Request};
use super::document::Policy;
use super::pattern::Pattern;
use super::statement::{Condition, Effect, Matches, Operator, Principals, SetOperator, Statement};
use std::borrow::Cow;

/// What policies decide about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// One denies it, whatever the others say.
    Denied,
    /// One allows it and none denies it.
    Allowed,
    /// None applies to it.
    Silent,
}

/// The decision of all policies together.
pub fn judge<'a>(policies: impl Iterator<Item = &'a Policy>, request: &Request<'_>) -> Decision {
    let mut decision = Decision::Silent;
    for statement in policies.flat_map(|policy| &policy.statements) {
        if applies(statement, request) {
            match statement.effect {
                Effect::Deny => return Decision::Denied,
                Effect::Allow => decision = Decision::Allowed,
            }
        }
    }
    decision
}

/// Whether the policies together allow the request.
pub fn allows<'a>(policies: impl Iterator<Item = &'a Policy>, request: &Request<'_>) -> bool {
    judge(policies, request) == Decision::Allowed
}

fn applies(statement: &Statement, request: &Request<'_>) -> bool {
    let named = |principals| names(principals, statement.effect, request.caller);
    statement.principals.as_ref().is_none_or(named)
        && covers(&statement.actions, |pattern| pattern.matches_action(request.action))
        && covers(&statement.resources, |pattern| pattern.matches(request.resource, request))
        && statement.conditions.iter().all(|condition| holds(condition, request))
}

/// If an account is allowed something, its own policies decide which of its principals may; if it is denied, all of
/// them are.
fn names(principals: &Principals, effect: Effect, caller: Caller<'_>) -> bool {
    let has = |list: &[String], name: &str| list.iter().any(|one| one == name);
    principals.everyone
        || match caller {
            Caller::Unnamed => false,
            Caller::Service(service) => has(&principals.services, service),
            Caller::Account(id) => has(&principals.accounts, id),
            Caller::Role(arn) => {
                let of_account = || account_of(arn).is_some_and(|id| has(&principals.accounts, id));
                has(&principals.arns, arn) || (effect == Effect::Deny && of_account())
            }
        }
}

fn covers(matches: &Matches, test: impl Fn(&Pattern) -> bool) -> bool {
    match matches {
        Matches::Any(patterns) => patterns.iter().any(test),
        Matches::Not(patterns) => !patterns.iter().any(test),
    }
}

/// A condition on a key that the request lacks is false, but for `ForAllValues`.
fn holds(condition: &Condition, request: &Request<'_>) -> bool {
    let matches = |value: &Cow<'_, str>| {
        condition.values.iter().any(|wanted| match condition.operator {
            Operator::Text | Operator::Flag => wanted.matches(value, request),
            Operator::Arn => wanted.matches_arn(value, request),
        })
    };
    let values = request.values(condition.key);
    match condition.set {
        Some(SetOperator::All) => values.is_none_or(|values| values.iter().all(matches)),
        Some(SetOperator::Any) | None => values.is_some_and(|values| values.iter().any(matches)),
    }
}
