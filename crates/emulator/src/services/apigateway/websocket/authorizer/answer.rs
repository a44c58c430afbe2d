//! The answer of an authorizer's function: a policy, and what the connection keeps of it.

use crate::services::apigateway::websocket::identity::Identity;
use crate::services::iam::policy::evaluate::{Request, allows};
use crate::services::iam::policy::strict;
use crate::services::iam::policy::{Kind, Policy};
use serde_json::Value;
use std::collections::BTreeMap;

/// Bytes of an authorizer's result, at most (docs/aws-behaviour.md#apigateway-quotas).
pub const RESULT_BYTES_MAX: usize = 8 * 1_024;
/// The action that the policy must allow.
const INVOKE: &str = "execute-api:Invoke";

/// Why an answer is invalid. The client gets a 500; the log gets this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// Over [`RESULT_BYTES_MAX`].
    #[error("the authorizer's result has {0} bytes, and {RESULT_BYTES_MAX} are allowed")]
    TooLarge(usize),
    #[error("the authorizer's result cannot be read: {0}")]
    Unreadable(String),
    /// JSON other than an object.
    #[error("the authorizer's result is not a JSON object")]
    NoObject,
    /// A member is missing or of another type.
    #[error("the authorizer's result has no {0}")]
    Missing(&'static str),
    /// The policy cannot be evaluated.
    #[error("the authorizer's policy document is not usable: {0}")]
    Policy(String),
    /// A member occurs twice, in the policy or beside it, so its meaning is ambiguous.
    #[error("the authorizer's result is ambiguous: {0}")]
    Ambiguous(String),
    /// A value in `context` that is not a string, number or boolean.
    #[error("context.{0} of the authorizer's result is neither string, number nor boolean")]
    Context(String),
}

/// Whether the client may connect, and who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Whether the policy allows the method.
    pub allows: bool,
    pub identity: Identity,
}

/// Evaluates an answer for `$connect`'s ARN. Fails with [`BadAnswer`].
pub fn judge(body: &[u8], method_arn: &str) -> Result<Judgement, BadAnswer> {
    if body.len() > RESULT_BYTES_MAX {
        return Err(BadAnswer::TooLarge(body.len()));
    }
    let answer: Value =
        serde_json::from_slice(body).map_err(|error| BadAnswer::Unreadable(error.to_string()))?;
    if !answer.is_object() {
        return Err(BadAnswer::NoObject);
    }
    strict::refuse_duplicates(body).map_err(|error| BadAnswer::Ambiguous(error.to_string()))?;
    let principal_id = answer["principalId"].as_str().ok_or(BadAnswer::Missing("principalId"))?;
    let document = answer.get("policyDocument").filter(|policy| policy.is_object());
    let document = document.ok_or(BadAnswer::Missing("policyDocument"))?;
    let policy = Policy::parse(&document.to_string(), Kind::Identity)
        .map_err(|error| BadAnswer::Policy(error.to_string()))?;
    let request = Request { action: INVOKE, resource: method_arn, ..Request::default() };
    Ok(Judgement {
        allows: allows(std::iter::once(&policy), &request),
        identity: Identity {
            principal_id: principal_id.to_owned(),
            context: context(&answer["context"])?,
            latency_ms: 0,
        },
    })
}

fn context(context: &Value) -> Result<BTreeMap<String, String>, BadAnswer> {
    let members = match context {
        Value::Null => return Ok(BTreeMap::new()),
        Value::Object(members) => members,
        _ => return Err(BadAnswer::Context(String::new())),
    };
    let text = |(name, value): (&String, &Value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => return Err(BadAnswer::Context(name.clone())),
        };
        Ok((name.clone(), text))
    };
    members.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const CONNECT: &str = "arn:aws:execute-api:us-east-1:000000000000:abc/v1/$connect";

    fn answer(effect: &str, resource: &str, context: &Value) -> Value {
        json!({
            "principalId": "me",
            "policyDocument": {"Version": "2012-10-17", "Statement": [
                {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource},
            ]},
            "context": context,
        })
    }

    fn judged(answer: &Value) -> Result<Judgement, BadAnswer> {
        judge(answer.to_string().as_bytes(), CONNECT)
    }

    fn is_allowed(effect: &str, resource: &str) -> bool {
        judged(&answer(effect, resource, &Value::Null)).unwrap().allows
    }

    /// docs/aws-behaviour.md#apigateway-handshake-status, observed: `stage/*/*` does not match `stage/$connect`.
    #[test]
    fn a_policy_is_judged_for_the_connect_arn() {
        assert!(is_allowed("Allow", CONNECT));
        assert!(is_allowed("Allow", "arn:aws:execute-api:us-east-1:000000000000:abc/v1/*"));
        assert!(is_allowed("Allow", "*"));
        assert!(!is_allowed("Allow", "arn:aws:execute-api:us-east-1:000000000000:abc/v1/*/*"));
        assert!(!is_allowed("Allow", "arn:aws:execute-api:us-east-1:000000000000:abc/v2/$connect"));
        assert!(!is_allowed("Deny", "*"));
    }

    #[test]
    fn context_values_become_text() {
        let context = json!({"text": "a", "number": 7, "fraction": 1.5, "flag": true});
        let identity = judged(&answer("Allow", "*", &context)).unwrap().identity;
        let values: Vec<_> = identity.context.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(values, [("flag", "true"), ("fraction", "1.5"), ("number", "7"), ("text", "a")]);
        assert_eq!(identity.principal_id, "me");
    }

    #[test]
    fn an_answer_that_cannot_be_used_says_why() {
        let nested = answer("Allow", "*", &json!({"deep": {"er": 1}}));
        assert_eq!(judged(&nested), Err(BadAnswer::Context("deep".into())));
        let large = answer("Allow", "*", &json!({"pad": "x".repeat(RESULT_BYTES_MAX)}));
        assert!(matches!(judged(&large), Err(BadAnswer::TooLarge(_))));
        assert_eq!(judged(&json!([1])), Err(BadAnswer::NoObject));
        assert!(matches!(judge(b"yes", CONNECT), Err(BadAnswer::Unreadable(_))));
        let half = judge(br#"{"principalId": "\ud83d"}"#, CONNECT);
        assert!(matches!(half, Err(BadAnswer::Unreadable(why)) if why.contains("hex escape")));
        assert_eq!(judged(&json!({"isAuthorized": true})), Err(BadAnswer::Missing("principalId")));
        assert_eq!(judged(&json!({"principalId": "me"})), Err(BadAnswer::Missing("policyDocument")));
        let conditional = json!({"principalId": "me", "policyDocument": {"Statement": {
            "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "::/0"}},
        }}});
        assert!(matches!(judged(&conditional), Err(BadAnswer::Policy(why)) if why.contains("IpAddress")));
    }

    /// Fails closed: a policy that evaluation would not fully honour admits nobody.
    #[test]
    fn a_policy_that_is_not_understood_lets_nobody_in() {
        let allow = r#"{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}"#;
        for statements in [
            r#"{"Effect":"Allow","NotAction":[],"Resource":"*"}"#,
            r#"{"Effect":"Allow","Action":"Invoke","Resource":"*"}"#,
            r#"{"Effect":"Allow","Action":"*","Resource":"everything"}"#,
            r#"{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}"#,
            &format!(
                r#"[{allow},{{"Effect":"Deny","Action":"*","Resource":"arn:aws:execute-api:*:${{aws:PrincipalAccount}}:*"}}]"#
            ),
        ] {
            let body = format!(r#"{{"principalId":"me","policyDocument":{{"Statement":{statements}}}}}"#);
            let judged = judge(body.as_bytes(), CONNECT);
            assert!(
                matches!(judged, Err(BadAnswer::Policy(_) | BadAnswer::Ambiguous(_))),
                "{statements}: {judged:?}"
            );
        }
    }
}
