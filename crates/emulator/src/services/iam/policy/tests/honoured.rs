//! Everything that is accepted is honoured: random documents, partly invalid, compared with the second evaluator.

use super::reference::{self, Query};
use crate::services::iam::policy::evaluate::{Caller, Request, allows};
use crate::services::iam::policy::{Kind, Policy};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const ROLE: &str = "arn:aws:iam::000000000000:role/r";
const OTHER_ROLE: &str = "arn:aws:iam::111111111111:role/*";
const SERVICE: &str = "lambda.amazonaws.com";

/// One or a list of some texts; the list may be empty.
fn some(texts: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let list = proptest::collection::vec(select(texts), 0..3);
    prop_oneof![3 => select(texts).prop_map(Value::from), 2 => list.prop_map(Value::from)]
}

fn actions() -> impl Strategy<Value = Value> {
    some(&[
        "*",
        "k:*",
        "k:Put*",
        "K:PUT?ecord",
        "k:Get",
        "*:*",
        "sts:AssumeRole",
        "Put",
        "k:",
        "k*:Put",
        "k:${*}",
    ])
}

fn resources() -> impl Strategy<Value = Value> {
    some(&[
        "*",
        "arn:*",
        "arn:aws:k:*",
        "arn:aws:k:r:000000000000:s/a",
        "arn:aws:k:r:${aws:PrincipalAccount}:s/?",
        "arn:aws:k:r:*:s/${*}",
        "arn:aws:k:r:*:s/${?}*",
        "arn:aws:k:r:${AWS:SourceAccount}:*",
        "arn:aws:k:*:*:${aws:PrincipalArn}",
        "arn:aws:k:r:000000000000:s/${$}x",
        "arn:aws:k:r:000000000000:s/${aws:username}",
        "arn:aws:k:r:000000000000:s/${aws:SourceArn",
        "s/a",
        "arn:aws:k",
    ])
}

fn principals() -> impl Strategy<Value = Value> {
    let names = some(&[
        "*",
        SERVICE,
        "apigateway.amazonaws.com",
        "000000000000",
        "arn:aws:iam::000000000000:root",
        ROLE,
        "arn:aws:iam::000000000000:role/*",
    ]);
    let kinds = proptest::collection::btree_map(select(&["Service", "AWS", "Federated"][..]), names, 0..3);
    prop_oneof![1 => Just(json!("*")), 4 => kinds.prop_map(|kinds| json!(kinds))]
}

fn conditions() -> impl Strategy<Value = Value> {
    let values = some(&[
        "000000000000",
        "0000*",
        "${aws:PrincipalAccount}",
        "*",
        "arn:aws:iam::*:role/?",
        "arn:*:000000000000:role/*",
        "arn:*:*:*:*:${*}",
        "${aws:PrincipalArn}",
        "arn:aws:x:::${aws:username}",
        "True",
        "false",
    ]);
    let keys = select(
        &[
            "aws:SourceAccount",
            "AWS:SourceAccount",
            "aws:SourceArn",
            "aws:PrincipalAccount",
            "aws:PrincipalArn",
            "aws:SecureTransport",
            "aws:SourceIp",
        ][..],
    );
    let block = proptest::collection::btree_map(keys, values, 0..3);
    let operators =
        select(&["StringEquals", "StringLike", "ArnLike", "ArnEquals", "StringNotEquals", "Bool"][..]);
    proptest::collection::btree_map(operators, block, 0..3).prop_map(|conditions| json!(conditions))
}

/// A member with its odds: most statements have what they need.
fn member(
    often: u32,
    name: &'static str,
    value: impl Strategy<Value = Value> + 'static,
) -> impl Strategy<Value = Option<(&'static str, Value)>> {
    prop_oneof![often => value.prop_map(move |value| Some((name, value))), 10 - often => Just(None)]
}

fn statement() -> impl Strategy<Value = Value> {
    let effect = select(&["Allow", "Deny"][..]).prop_map(Value::from);
    let members = (
        effect,
        member(8, "Action", actions()),
        member(2, "NotAction", actions()),
        member(8, "Resource", resources()),
        member(2, "NotResource", resources()),
        member(5, "Principal", principals()),
        member(4, "Condition", conditions()),
        member(1, "NotPrincipal", principals()),
    );
    members.prop_map(|(effect, a, b, c, d, e, f, g)| {
        let mut statement = Map::from_iter([("Effect".to_owned(), effect)]);
        let members = [a, b, c, d, e, f, g].into_iter().flatten();
        statement.extend(members.map(|(name, value)| (name.to_owned(), value)));
        Value::Object(statement)
    })
}

fn document() -> impl Strategy<Value = Value> {
    let version = select(&[Some("2012-10-17"), Some("2012-10-17"), None, Some("2008-10-17")][..]);
    (version, proptest::collection::vec(statement(), 0..3)).prop_map(|(version, statements)| match version {
        Some(version) => json!({"Version": version, "Statement": statements}),
        None => json!({"Statement": statements}),
    })
}

fn query() -> impl Strategy<Value = Query> {
    let action = select(&["k:PutRecord", "k:Get", "sts:AssumeRole", "K:putrecord"][..]);
    let resource = select(
        &[
            "arn:aws:k:r:000000000000:s/a",
            "arn:aws:k:r:000000000000:s/*",
            "arn:aws:k:r:111111111111:s/?b",
            "arn:aws:k:r:000000000000:s/$x",
            "arn:aws:k:r:000000000000:arn:aws:iam::000000000000:role/r",
        ][..],
    );
    let caller = select(&[("AWS", ROLE), ("AWS", OTHER_ROLE), ("Service", SERVICE)][..]);
    let source = select(&[None, Some("000000000000"), Some("111111111111")][..]);
    let source_arn = select(&[None, Some(ROLE), Some("arn:aws:x:y:000000000000:role/*")][..]);
    (action, resource, caller, source, source_arn).prop_map(|(action, resource, caller, account, arn)| {
        let mut keys = BTreeMap::from([("aws:securetransport", "true".to_owned())]);
        if caller.0 == "AWS" {
            keys.insert("aws:principalarn", caller.1.to_owned());
            keys.insert("aws:principalaccount", caller.1.split(':').nth(4).unwrap_or_default().to_owned());
        }
        keys.extend(account.map(|account| ("aws:sourceaccount", account.to_owned())));
        keys.extend(arn.map(|arn| ("aws:sourcearn", arn.to_owned())));
        let caller = (caller.0, caller.1.to_owned());
        Query { action: action.to_owned(), resource: resource.to_owned(), caller, keys }
    })
}

fn decision(policy: &Policy, query: &Query) -> bool {
    let request = Request {
        action: &query.action,
        resource: &query.resource,
        caller: match &query.caller {
            ("Service", name) => Caller::Service(name),
            (_, arn) => Caller::Role(arn),
        },
        source_account: query.keys.get("aws:sourceaccount").map(String::as_str),
        source_arn: query.keys.get("aws:sourcearn").map(String::as_str),
        ..Request::default()
    };
    allows(std::iter::once(policy), &request)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn whatever_is_accepted_is_honoured(
        document in document(),
        kind in select(&[Kind::Identity, Kind::Trust, Kind::Resource][..]),
        queries in proptest::collection::vec(query(), 8),
    ) {
        if let Ok(policy) = Policy::parse(&document.to_string(), kind) {
            for mut query in queries {
                // A trust policy has no resources: it applies to its own role.
                if kind == Kind::Trust {
                    query.action = "sts:AssumeRole".to_owned();
                }
                prop_assert_eq!(Some(decision(&policy, &query)), reference::allows(&document, &query), "{:?}", query);
            }
        }
    }
}
