//! Documents that are accepted, and documents that are refused with the reason.

use crate::services::iam::policy::Kind;
use crate::services::iam::policy::Kind::{Identity, Resource, Trust};
use crate::services::iam::policy::Policy;
use crate::services::iam::policy::pattern::Pattern;
use crate::services::iam::policy::statement::Matches;

const STREAM: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/s";

/// A document of the newer version with these statements.
fn newer(statements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)
}

/// Members that complete a statement.
fn identity(members: &str) -> String {
    newer(&format!(r#"{{"Effect":"Deny",{members}}}"#))
}

fn trust(principal: &str) -> String {
    newer(&format!(r#"{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{principal}}}"#))
}

fn condition(condition: &str) -> String {
    identity(&format!(r#""Action":"a:B","Resource":"*","Condition":{condition}"#))
}

#[test]
fn elements_may_be_one_or_many() {
    let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a:B","Resource":["*"]}}"#;
    let policy = Policy::parse(text, Identity).unwrap();
    assert_eq!(policy.statements[0].actions, Matches::Any(vec![Pattern::Plain("a:B".into())]));
    assert_eq!(policy.statements[0].resources, Matches::Any(vec![Pattern::Plain("*".into())]));
}

#[test]
fn what_evaluation_honours_is_accepted() {
    let on = |resource: &str| identity(&format!(r#""Action":"kinesis:*","Resource":"{resource}""#));
    let doing = |action: &str| identity(&format!(r#""Action":"{action}","Resource":"*""#));
    let mut cases: Vec<(String, Kind)> = Vec::new();
    for resource in [
        STREAM,
        "arn:*",
        "arn:aws:kinesis:*",
        "arn:aws:kinesis:*:*:stream/?",
        "arn:aws:execute-api:us-east-1:000000000000:abc/$default/POST/@connections/*",
        "arn:aws:kinesis:us-east-1:${aws:PrincipalAccount}:stream/s",
        "arn:aws:kinesis:us-east-1:${AWS:principalaccount}:stream/${*}${?}${$}",
    ] {
        cases.push((on(resource), Identity));
    }
    for action in ["*", "*:*", "kinesis:*", "execute-api:Invoke", "KINESIS:put?ecord*"] {
        cases.push((doing(action), Identity));
    }
    for principal in [
        r#""*""#,
        r#"{"AWS":"*"}"#,
        r#"{"Service":["lambda.amazonaws.com","edgelambda.amazonaws.com.cn"]}"#,
        r#"{"AWS":["000000000000","arn:aws:iam::000000000000:root","arn:aws:iam::000000000000:role/a/b"]}"#,
    ] {
        cases.push((trust(principal), Trust));
    }
    for held in [
        "{}",
        r#"{"StringEquals":{"aws:SourceAccount":["000000000000","*"]}}"#,
        r#"{"StringLike":{"AWS:SourceArn":"*"},"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:*:*:*"}}"#,
        r#"{"ArnEquals":{"aws:PrincipalArn":"${aws:PrincipalArn}"}}"#,
        r#"{"Bool":{"aws:securetransport":["True","false"]}}"#,
    ] {
        cases.push((condition(held), Identity));
    }
    cases.push((r#"{"Statement":[]}"#.into(), Identity));
    cases.push((newer(r#"{"Sid":"","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"","Effect":"Allow","Action":"*","Resource":"*"}"#), Identity));
    for (text, kind) in cases {
        assert!(Policy::parse(&text, kind).is_ok(), "{text}: {:?}", Policy::parse(&text, kind));
    }
}

// long: a table of cases
#[test]
fn what_evaluation_would_not_honour_is_refused_by_name() {
    let on = |resource: &str| identity(&format!(r#""Action":"a:B","Resource":{resource}"#));
    let doing = |action: &str| identity(&format!(r#"{action},"Resource":"*""#));
    let whole = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    let cases: Vec<(String, Kind, &str)> = vec![
        // Syntax, and duplicate keys at any depth.
        ("{".into(), Identity, "Syntax errors"),
        (newer(r#"{"Effect":"Maybe","Action":"*","Resource":"*"}"#), Identity, "Syntax errors"),
        (format!(r#"{{"Statement":{whole},"Statement":{whole}}}"#), Identity, "duplicate key Statement"),
        (newer(r#"{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}"#), Identity, "duplicate key Effect"),
        (newer(r#"{"Effect":"Deny","Action":"*","\u0041ction":"a:B","Resource":"*"}"#), Identity, "duplicate key Action"),
        (condition(r#"{"StringEquals":{"aws:SourceArn":"a"},"StringEquals":{"aws:SourceArn":"b"}}"#), Identity, "duplicate key StringEquals"),
        (condition(r#"{"StringEquals":{"aws:SourceArn":"a","aws:SourceArn":"b"}}"#), Identity, "duplicate key aws:SourceArn"),
        (condition(r#"{"StringEquals":{"aws:SourceArn":"a","AWS:sourcearn":"b"}}"#), Identity, "stands twice"),
        (format!(r#"{{"Version":"2013-01-01","Statement":{whole}}}"#), Identity, "version"),
        (identity(r#""Action":"*","Resource":"*","Other":1"#), Identity, "Other"),
        (newer(r#"{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"}"#), Identity, "unique"),
        // Actions.
        (doing(r#""Action":[]"#), Identity, "must contain actions"),
        (doing(r#""NotAction":[]"#), Identity, "must contain actions"),
        (doing(r#""Action":"a:B","NotAction":"a:C""#), Identity, "must not have both actions"),
        (doing(r#""Action":"PutRecord""#), Identity, "PutRecord: Actions/Conditions must be prefaced by a vendor"),
        (doing(r#""Action":["kinesis:PutRecord",":x"]"#), Identity, "Action :x"),
        (doing(r#""NotAction":"kin*:PutRecord""#), Identity, "Action kin*"),
        (doing(r#""Action":"kinesis:""#), Identity, "Action kinesis:"),
        (doing(r#""Action":"kinesis:${aws:SourceArn}""#), Identity, "Action kinesis:$"),
        (doing(r#""Action":"kinesis:Put Record""#), Identity, "Put Record"),
        // Resources.
        (on("[]"), Identity, "must contain resources"),
        (identity(r#""Action":"*""#), Identity, "must contain resources"),
        (identity(r#""Action":"*","NotResource":[]"#), Identity, "must contain resources"),
        (on(r#""stream/s""#), Identity, "stream/s must be in ARN format"),
        (on(r#""**""#), Identity, "ARN format"),
        (on(r#""arn""#), Identity, "ARN format"),
        (on(r#""arn:aws:kinesis""#), Identity, "ARN format"),
        (on(r#""arn::kinesis:us-east-1:0:stream/s""#), Identity, "ARN format"),
        (on(r#"["*","ARN:aws:kinesis:us-east-1:0:stream/s"]"#), Identity, "ARN:aws"),
        // Variables.
        (on(r#""arn:aws:kinesis:us-east-1:0:stream/${aws:username}""#), Identity, "${aws:username}"),
        (on(r#""arn:aws:kinesis:us-east-1:0:stream/${aws:PrincipalAccount""#), Identity, "not closed"),
        (on(r#""arn:aws:kinesis:us-east-1:0:stream/${aws:SourceArn, 'x'}""#), Identity, "aws:SourceArn, 'x'"),
        (on(r#""arn:aws:kinesis:us-east-1:0:stream/${}""#), Identity, "${}"),
        (condition(r#"{"StringLike":{"aws:SourceArn":"${aws:CurrentTime}"}}"#), Identity, "aws:CurrentTime"),
        (
            r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"arn:aws:kinesis:us-east-1:${aws:PrincipalAccount}:stream/s"}}"#.into(),
            Identity,
            "${aws:PrincipalAccount} needs Version 2012-10-17",
        ),
        // Conditions.
        (condition(r#"{"Bool":{"aws:SourceArn":"true"}}"#), Identity, "aws:SourceArn is none"),
        (condition(r#"{"Bool":{"aws:SecureTransport":["false","*"]}}"#), Identity, "* is none"),
        (condition(r#"{"BoolIfExists":{"aws:SecureTransport":"true"}}"#), Identity, "condition operator BoolIfExists"),
        (condition(r#"{"StringEqualsIfExists":{"aws:SourceArn":"a"}}"#), Identity, "StringEqualsIfExists"),
        (condition(r#"{"ForAllValues:NumericEquals":{}}"#), Identity, "ForAllValues:NumericEquals"),
        (condition(r#"{"ForAllValues:StringLike":{"aws:SourceArn":"*"}}"#), Identity, "ForAllValues:StringLike on aws:SourceArn"),
        (condition(r#"{"StringEquals":{"dynamodb:LeadingKeys":"a"}}"#), Identity, "StringEquals on dynamodb:LeadingKeys"),
        (condition(r#"{"StringEquals":{"aws:SourceIp":"a"}}"#), Identity, "condition key aws:SourceIp"),
        (condition(r#"{"StringEquals":{"aws:SourceArn":[]}}"#), Identity, "no values"),
        (condition(r#"{"ArnLike":{"aws:SourceArn":"*"}}"#), Identity, "compares ARNs"),
        (condition(r#"{"StringEquals":{"aws:SourceAccount":0}}"#), Identity, "Syntax errors"),
        // Principals.
        (identity(r#""Action":"*","Resource":"*","Principal":"*""#), Identity, "should not specify a principal"),
        (identity(r#""Action":"sts:AssumeRole""#), Trust, "Principal"),
        (identity(r#""Action":"sts:AssumeRole","NotPrincipal":"*""#), Trust, "NotPrincipal"),
        (identity(r#""Action":"sts:AssumeRole","Principal":"*","Resource":"*""#), Trust, "Resource"),
        (identity(r#""Action":"kinesis:PutRecord","Principal":"*""#), Trust, "STS AssumeRole actions"),
        (identity(r#""Action":"*","Resource":"*""#), Resource, "principal"),
        (identity(r#""Action":"sts:*","Principal":"*","Resource":[],"NotResource":"*""#), Trust, "resources"),
        (trust(r#"{"Federated":"x"}"#), Trust, "principal Federated"),
        (trust(r#"{"Service":[]}"#), Trust, "Service has no members"),
        (trust("{}"), Trust, "Principal is empty"),
        (trust(r#"{"Service":"*"}"#), Trust, r#""Service":"*""#),
        (trust(r#"{"Service":"lambda"}"#), Trust, r#""Service":"lambda""#),
        (trust(r#"{"AWS":"arn:aws:iam::000000000000:role/*"}"#), Trust, "role/*"),
        (trust(r#"{"AWS":"0"}"#), Trust, r#""AWS":"0""#),
        (trust(r#""lambda.amazonaws.com""#), Trust, "lambda.amazonaws.com"),
    ];
    for (text, kind, named) in cases {
        match Policy::parse(&text, kind) {
            Ok(policy) => panic!("accepted: {text}: {policy:?}"),
            Err(error) => assert!(error.to_string().contains(named), "{text}: {error}"),
        }
    }
    let long = newer(&format!(
        r#"{{"Sid":"{}","Effect":"Allow","Action":"*","Resource":"*"}}"#,
        "x".repeat(131_072)
    ));
    assert!(Policy::parse(&long, Identity).unwrap_err().to_string().contains("longer than"));
}
