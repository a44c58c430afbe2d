//! A policy's request: an action on a resource, the caller, and the resulting context keys.

use std::borrow::Cow;

#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    /// Such as `kinesis:PutRecord`; compared without regard to case.
    pub action: &'a str,
    /// The ARN that it is attempted on.
    pub resource: &'a str,
    pub caller: Caller<'a>,
    /// `aws:SourceAccount`, if the caller sends it.
    pub source_account: Option<&'a str>,
    /// `aws:SourceArn`, if the caller sends it.
    pub source_arn: Option<&'a str>,
    /// `dynamodb:LeadingKeys`: the partition keys of the items.
    pub leading_keys: Option<&'a [String]>,
    /// `iam:PassedToService`, of a call that passes a role.
    pub passed_to_service: Option<&'a str>,
    /// `lambda:FunctionArn`, of a call that concerns an event source mapping.
    pub function_arn: Option<&'a str>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Caller<'a> {
    /// An unknown principal with an identity policy: a client, before an authorizer.
    #[default]
    Unnamed,
    /// A service, such as `apigateway.amazonaws.com`.
    Service(&'a str),
    /// A role, by its ARN.
    Role(&'a str),
    /// The account's own keys, by the account's id.
    Account(&'a str),
}

/// The context keys that this emulator supports, in conditions and as policy variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContextKey {
    /// `lambda:FunctionArn`
    FunctionArn,
    /// `iam:PassedToService`
    PassedToService,
    /// `aws:PrincipalAccount`
    PrincipalAccount,
    /// `aws:PrincipalArn`
    PrincipalArn,
    /// `aws:SecureTransport`
    SecureTransport,
    /// `aws:SourceAccount`
    SourceAccount,
    /// `aws:SourceArn`
    SourceArn,
    /// `dynamodb:LeadingKeys`, which has several values: only `ForAllValues:` and `ForAnyValue:` compare it.
    LeadingKeys,
}

impl ContextKey {
    /// The key with a name, which is compared without regard to case.
    pub fn of_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "aws:principalaccount" => Some(Self::PrincipalAccount),
            "aws:principalarn" => Some(Self::PrincipalArn),
            "aws:securetransport" => Some(Self::SecureTransport),
            "aws:sourceaccount" => Some(Self::SourceAccount),
            "aws:sourcearn" => Some(Self::SourceArn),
            "dynamodb:leadingkeys" => Some(Self::LeadingKeys),
            "iam:passedtoservice" => Some(Self::PassedToService),
            "lambda:functionarn" => Some(Self::FunctionArn),
            _ => None,
        }
    }
}

impl<'a> Request<'a> {
    /// The values of a context key; `None` if this request has none.
    pub fn values(&self, key: ContextKey) -> Option<Vec<Cow<'a, str>>> {
        match key {
            ContextKey::LeadingKeys => {
                Some(self.leading_keys?.iter().map(|key| Cow::Borrowed(key.as_str())).collect())
            }
            _ => self.value(key).map(|value| vec![value]),
        }
    }

    /// The value of a context key that has one; `None` if this request has none.
    pub fn value(&self, key: ContextKey) -> Option<Cow<'a, str>> {
        match (key, self.caller) {
            // Whoever calls this emulator over HTTP calls AWS over TLS.
            (ContextKey::SecureTransport, _) => Some(Cow::Borrowed("true")),
            (ContextKey::SourceAccount, _) => self.source_account.map(Cow::Borrowed),
            (ContextKey::SourceArn, _) => self.source_arn.map(Cow::Borrowed),
            (ContextKey::PassedToService, _) => self.passed_to_service.map(Cow::Borrowed),
            (ContextKey::FunctionArn, _) => self.function_arn.map(Cow::Borrowed),
            (ContextKey::PrincipalAccount, Caller::Role(arn)) => account_of(arn).map(Cow::Borrowed),
            (ContextKey::PrincipalAccount, Caller::Account(id)) => Some(Cow::Borrowed(id)),
            (ContextKey::PrincipalArn, Caller::Role(arn)) => Some(Cow::Borrowed(arn)),
            (ContextKey::PrincipalArn, Caller::Account(id)) => {
                Some(Cow::Owned(format!("arn:aws:iam::{id}:root")))
            }
            (ContextKey::LeadingKeys, _) => None,
            // A service that calls for itself belongs to no account.
            (_, Caller::Service(_) | Caller::Unnamed) => None,
        }
    }
}

/// The account in a role's ARN.
pub fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}
