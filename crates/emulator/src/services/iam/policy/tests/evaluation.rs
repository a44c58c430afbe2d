//! What documents mean for a request.

use crate::services::iam::policy::evaluate::{Caller, Request, allows};
use crate::services::iam::policy::{Kind, Policy};

const PUT: &str = r#"{"Effect":"Allow","Action":"kinesis:Put*","Resource":"arn:aws:kinesis:*:*:stream/s"}"#;
const STREAM: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/s";
const ROLE: &str = "arn:aws:iam::000000000000:role/r";

fn asked(statements: &str, kind: Kind, request: Request<'_>) -> bool {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    let policy = Policy::parse(&text, kind).unwrap_or_else(|error| panic!("{text}: {error}"));
    allows(std::iter::once(&policy), &request)
}

fn allowed(statements: &str, action: &str, resource: &str) -> bool {
    let request = Request { action, resource, caller: Caller::Role(ROLE), ..Request::default() };
    asked(statements, Kind::Identity, request)
}

#[test]
fn an_allow_permits_what_it_covers_and_nothing_else() {
    assert!(allowed(PUT, "kinesis:PutRecord", STREAM));
    assert!(allowed(PUT, "Kinesis:putrecord", STREAM));
    assert!(!allowed(PUT, "kinesis:GetRecords", STREAM));
    assert!(!allowed(PUT, "kinesis:PutRecord", "arn:aws:kinesis:us-east-1:0:stream/S"));
    assert!(!allowed(PUT, "kinesis:PutRecord", "arn:aws:kinesis:us-east-1:0:stream/s/consumer/c:1"));
}

#[test]
fn a_deny_wins_wherever_it_stands() {
    let deny = r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#;
    assert!(!allowed(&format!("{PUT},{deny}"), "kinesis:PutRecord", STREAM));
    assert!(!allowed(&format!("{deny},{PUT}"), "kinesis:PutRecord", STREAM));
}

#[test]
fn not_action_and_not_resource_cover_the_rest() {
    let rest = r#"{"Effect":"Allow","NotAction":"iam:*","NotResource":"arn:a:b:c:d:x"}"#;
    assert!(allowed(rest, "kinesis:PutRecord", "arn:a:b:c:d:y"));
    assert!(!allowed(rest, "iam:GetRole", "arn:a:b:c:d:y"));
    assert!(!allowed(rest, "kinesis:PutRecord", "arn:a:b:c:d:x"));
}

/// A past bug: the variable in the Deny was compared literally.
#[test]
fn a_deny_with_a_variable_denies() {
    let deny = r#"{"Effect":"Deny","Action":"*","Resource":"arn:aws:kinesis:us-east-1:${aws:PrincipalAccount}:stream/s"}"#;
    let both = format!("{PUT},{deny}");
    assert!(!allowed(&both, "kinesis:PutRecord", STREAM));
    assert!(allowed(&both, "kinesis:PutRecord", "arn:aws:kinesis:us-east-1:111111111111:stream/s"));
}

#[test]
fn escapes_stand_for_their_characters_and_values_are_no_patterns() {
    let on =
        |resource: &str| format!(r#"{{"Effect":"Allow","Action":"*","Resource":"arn:aws:x:::{resource}"}}"#);
    for (pattern, text, matches) in [
        ("a${*}b", "a*b", true),
        ("a${*}b", "axb", false),
        ("a${?}*", "a?bc", true),
        ("a${?}*", "axbc", false),
        ("${$}{x}", "${x}", true),
        ("$connect", "$connect", true),
        ("${aws:PrincipalArn}/?", "arn:aws:iam::000000000000:role/r/x", true),
        ("${aws:PrincipalArn}/?", "arn:aws:iam::000000000000:role/s/x", false),
        // No source: a variable without a value matches nothing, not even with a star beside it.
        ("*${aws:SourceArn}", "x", false),
    ] {
        assert_eq!(allowed(&on(pattern), "a:B", &format!("arn:aws:x:::{text}")), matches, "{pattern} {text}");
    }
    let starred = "arn:aws:iam::000000000000:role/*";
    let own = on("${aws:PrincipalArn}");
    let request =
        |resource| Request { action: "a:B", resource, caller: Caller::Role(starred), ..Request::default() };
    assert!(asked(&own, Kind::Identity, request("arn:aws:x:::arn:aws:iam::000000000000:role/*")));
    assert!(!asked(&own, Kind::Identity, request("arn:aws:x:::arn:aws:iam::000000000000:role/r")));
}

#[test]
fn every_call_is_a_secure_one() {
    for (flag, denied) in [("false", false), ("true", true), ("TRUE", true)] {
        let deny = format!(
            r#"{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{{"Bool":{{"aws:SecureTransport":"{flag}"}}}}}}"#
        );
        assert_eq!(!allowed(&format!("{PUT},{deny}"), "kinesis:PutRecord", STREAM), denied, "{flag}");
    }
}

#[test]
fn a_negated_resource_without_a_value_covers_everything() {
    let rest = r#"{"Effect":"Deny","Action":"*","NotResource":"arn:aws:x:::${aws:SourceArn}"}"#;
    let both = format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*"}},{rest}"#);
    assert!(!allowed(&both, "a:B", "arn:aws:x:::anything"));
}

#[test]
fn a_trust_policy_names_its_service_and_its_source() {
    let text = r#"{"Effect":"Allow","Action":"sts:AssumeRole",
        "Principal":{"Service":"apigateway.amazonaws.com"},
        "Condition":{"StringEquals":{"aws:SourceAccount":"000000000000"}}}"#;
    let assume = |service, source_account| {
        let caller = Caller::Service(service);
        asked(
            text,
            Kind::Trust,
            Request { action: "sts:AssumeRole", caller, source_account, ..Request::default() },
        )
    };
    assert!(assume("apigateway.amazonaws.com", Some("000000000000")));
    assert!(!assume("lambda.amazonaws.com", Some("000000000000")));
    assert!(!assume("apigateway.amazonaws.com", None));
}

/// A past bug: `{"AWS": "*"}`, which includes everybody, even services, was ignored.
#[test]
fn everybody_is_denied_in_either_spelling() {
    let allow =
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}"#;
    let request = Request {
        action: "sts:AssumeRole",
        caller: Caller::Service("lambda.amazonaws.com"),
        ..Request::default()
    };
    assert!(asked(allow, Kind::Trust, request));
    for everybody in [r#""*""#, r#"{"AWS":"*"}"#] {
        let deny = format!(r#"{{"Effect":"Deny","Action":"sts:*","Principal":{everybody}}}"#);
        assert!(!asked(&format!("{allow},{deny}"), Kind::Trust, request), "{everybody}");
    }
}

#[test]
fn arns_are_compared_part_by_part() {
    let holds = |pattern: &str, source_arn| {
        let statement = format!(
            r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"ArnLike":{{"aws:SourceArn":"{pattern}"}}}}}}"#
        );
        let request = Request { action: "a:B", source_arn: Some(source_arn), ..Request::default() };
        asked(&statement, Kind::Identity, request)
    };
    let api = "arn:aws:execute-api:us-east-1:000000000000:abc/authorizers/x";
    for (pattern, matches) in [
        (api, true),
        ("arn:aws:execute-api:*:*:abc/*", true),
        ("arn:aws:execute-api:us-east-?:000000000000:*", true),
        // A star stays within its part, except in the last one.
        ("arn:*:000000000000:abc/*:*:*", false),
        ("arn:*:*:*:*:*", true),
        ("arn:aws:execute-api:*:000000000001:*", false),
        ("${aws:SourceArn}", true),
    ] {
        assert_eq!(holds(pattern, api), matches, "{pattern}");
    }
    assert!(holds("arn:aws:x:::*", "arn:aws:x:::a:b:c"));
    assert!(!holds("arn:aws:x:::*", "no arn"));
}
