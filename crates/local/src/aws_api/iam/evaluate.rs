//! Policy evaluation: a Deny wins, else an Allow permits, else nothing does.

use super::document::{Condition, ContextKey, Effect, Matches, Operator, Policy, Statement};
use memchr::memchr2;
use std::slice;

/// What is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    /// Such as `kinesis:PutRecord`; compared without regard to case.
    pub action: &'a str,
    /// The ARN it is tried on.
    pub resource: &'a str,
    /// The service that asks, when a role is assumed.
    pub service: Option<&'a str>,
    /// `aws:SourceAccount`, if the caller sends it.
    pub source_account: Option<&'a str>,
    /// `aws:SourceArn`, if the caller sends it.
    pub source_arn: Option<&'a str>,
}

/// Whether the policies together allow the request.
pub fn allows<'a>(policies: impl Iterator<Item = &'a Policy>, request: Request<'_>) -> bool {
    let mut allowed = false;
    for statement in policies.flat_map(|policy| &policy.statements) {
        if applies(statement, request) {
            match statement.effect {
                Effect::Deny => return false,
                Effect::Allow => allowed = true,
            }
        }
    }
    allowed
}

fn applies(statement: &Statement, request: Request<'_>) -> bool {
    let principal = match request.service {
        Some(service) => statement.services.iter().any(|named| named == "*" || named == service),
        None => true,
    };
    principal
        && covers(&statement.actions, |pattern| like_ignoring_case(pattern, request.action))
        && covers(&statement.resources, |pattern| like(pattern, request.resource))
        && statement.conditions.iter().all(|condition| holds(condition, request))
}

fn covers(matches: &Matches, test: impl Fn(&str) -> bool) -> bool {
    match matches {
        Matches::Any(patterns) => patterns.iter().any(|pattern| test(pattern)),
        Matches::Not(patterns) => !patterns.iter().any(|pattern| test(pattern)),
    }
}

/// A key that the request lacks makes its condition false.
fn holds(condition: &Condition, request: Request<'_>) -> bool {
    let value = match condition.key {
        ContextKey::SourceAccount => request.source_account,
        ContextKey::SourceArn => request.source_arn,
    };
    value.is_some_and(|value| {
        condition.values.iter().any(|wanted| match condition.operator {
            Operator::Equals => wanted == value,
            Operator::Like => like(wanted, value),
        })
    })
}

/// Whether `text` matches `pattern`, in which `*` stands for any run of characters and `?` for one.
pub fn like(pattern: &str, text: &str) -> bool {
    matches(pattern, text, <[u8]>::eq)
}

fn like_ignoring_case(pattern: &str, text: &str) -> bool {
    matches(pattern, text, <[u8]>::eq_ignore_ascii_case)
}

/// What comes before the first wildcard, often all there is, is compared at once.
fn matches(pattern: &str, text: &str, equal: impl Fn(&[u8], &[u8]) -> bool) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let Some(plain) = memchr2(b'*', b'?', pattern) else { return equal(pattern, text) };
    let begins_alike = text.get(..plain).is_some_and(|begin| equal(&pattern[..plain], begin));
    begins_alike
        && wildcard(&pattern[plain..], &text[plain..], |a, b| equal(slice::from_ref(a), slice::from_ref(b)))
}

/// Linear in practice and quadratic at worst: on a mismatch it returns to the last star alone.
fn wildcard(pattern: &[u8], text: &[u8], equal: impl Fn(&u8, &u8) -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(b'?') => {
                p += 1;
                t += 1;
            }
            Some(byte) if equal(byte, &text[t]) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((star_p, star_t)) => {
                    p = star_p + 1;
                    t = star_t + 1;
                    star = Some((star_p, t));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::super::document::Kind;
    use super::*;
    use proptest::prelude::*;

    fn policy(statements: &str) -> Policy {
        Policy::parse(&format!(r#"{{"Statement":[{statements}]}}"#), Kind::Identity).unwrap()
    }

    fn allowed(statements: &str, action: &str, resource: &str) -> bool {
        let policy = policy(statements);
        allows(std::iter::once(&policy), Request { action, resource, ..Request::default() })
    }

    const PUT: &str =
        r#"{"Effect":"Allow","Action":"kinesis:Put*","Resource":"arn:aws:kinesis:*:*:stream/s"}"#;

    #[test]
    fn an_allow_permits_what_it_covers_and_nothing_else() {
        assert!(allowed(PUT, "kinesis:PutRecord", "arn:aws:kinesis:us-east-1:0:stream/s"));
        assert!(allowed(PUT, "Kinesis:putrecord", "arn:aws:kinesis:us-east-1:0:stream/s"));
        assert!(!allowed(PUT, "kinesis:GetRecords", "arn:aws:kinesis:us-east-1:0:stream/s"));
        assert!(!allowed(PUT, "kinesis:PutRecord", "arn:aws:kinesis:us-east-1:0:stream/S"));
        assert!(!allowed(PUT, "kinesis:PutRecord", "arn:aws:kinesis:us-east-1:0:stream/s/consumer/c:1"));
    }

    #[test]
    fn a_deny_wins_wherever_it_stands() {
        let deny = r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#;
        assert!(!allowed(&format!("{PUT},{deny}"), "kinesis:PutRecord", "arn:aws:kinesis:a:b:stream/s"));
        assert!(!allowed(&format!("{deny},{PUT}"), "kinesis:PutRecord", "arn:aws:kinesis:a:b:stream/s"));
    }

    #[test]
    fn not_action_and_not_resource_cover_the_rest() {
        let rest = r#"{"Effect":"Allow","NotAction":"iam:*","NotResource":"arn:x"}"#;
        assert!(allowed(rest, "kinesis:PutRecord", "arn:y"));
        assert!(!allowed(rest, "iam:GetRole", "arn:y"));
        assert!(!allowed(rest, "kinesis:PutRecord", "arn:x"));
    }

    #[test]
    fn a_trust_policy_names_its_service_and_its_source() {
        let text = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole",
            "Principal":{"Service":"apigateway.amazonaws.com"},
            "Condition":{"StringEquals":{"aws:SourceAccount":"000000000000"}}}}"#;
        let trust = Policy::parse(text, Kind::Trust).unwrap();
        let assume = |service, source_account| {
            let request = Request { action: "sts:AssumeRole", service, source_account, ..Request::default() };
            allows(std::iter::once(&trust), request)
        };
        assert!(assume(Some("apigateway.amazonaws.com"), Some("000000000000")));
        assert!(!assume(Some("lambda.amazonaws.com"), Some("000000000000")));
        assert!(!assume(Some("apigateway.amazonaws.com"), None));
    }

    proptest! {
        #[test]
        fn a_text_matches_itself_and_any_part_replaced_by_a_star(
            text in "[a-c*?]{0,12}", from in 0_usize..13, to in 0_usize..13,
        ) {
            let (from, to) = (from.min(text.len()), to.min(text.len()));
            prop_assume!(from <= to);
            prop_assert!(like(&text, &text));
            let starred = format!("{}*{}", &text[..from], &text[to..]);
            prop_assert!(like(&starred, &text));
        }

        #[test]
        fn stars_match_as_a_regular_expression_does(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            let expression = format!("^{}$", pattern.replace('*', ".*").replace('?', "."));
            let expected = regex_lite::Regex::new(&expression).unwrap().is_match(&text);
            prop_assert_eq!(like(&pattern, &text), expected);
        }
    }
}
