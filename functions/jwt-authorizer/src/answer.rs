//! What API Gateway is answered: a policy, the principal, and the context.

use crate::claims::Claims;
use crate::settings::Settings;
use serde_json::{Map, Value, json};

/// Bytes of a context's names and values, at most: API Gateway takes 8 KB for the whole answer, escapes included.
const CONTEXT_BYTES_MAX: usize = 5 * 1_024;

/// Lets a client connect.
pub fn allow(method_arn: &str, claims: &Claims, settings: &Settings) -> Value {
    let mut answer = policy("Allow", method_arn, claims);
    answer["context"] = context(claims, settings).into();
    answer
}

/// Refuses a client that is known.
pub fn deny(method_arn: &str, claims: &Claims) -> Value {
    policy("Deny", method_arn, claims)
}

fn policy(effect: &str, method_arn: &str, claims: &Claims) -> Value {
    json!({
        "principalId": claims.subject(),
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": effect, "Action": "execute-api:Invoke", "Resource": stage(method_arn)}],
        },
    })
}

/// Everything in the stage: an answer that is kept for a token must fit whatever route is asked for next.
fn stage(method_arn: &str) -> String {
    // arn:aws:execute-api:{region}:{account}:{api}/{stage}/$connect
    method_arn.rsplit_once('/').map_or_else(|| method_arn.to_owned(), |(stage, _)| format!("{stage}/*"))
}

/// The claims in the order of their names, as far as they fit.
fn context(claims: &Claims, settings: &Settings) -> Map<String, Value> {
    let mut left_out = Vec::new();
    let mut bytes = 0;
    let mut context = Map::new();
    for (name, text) in claims.texts() {
        if settings.claims.as_ref().is_some_and(|wanted| !wanted.iter().any(|wanted| wanted == name)) {
            continue;
        }
        let size = json!({name: text}).to_string().len();
        if bytes + size > CONTEXT_BYTES_MAX {
            left_out.push(name);
            continue;
        }
        bytes += size;
        context.insert(name.to_owned(), text.into());
    }
    if !left_out.is_empty() {
        tracing::warn!(claims = ?left_out, "left claims out of the context, which would be too large: name those that are needed in CLAIMS");
    }
    context
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3/v1/$connect";

    fn settings(claims: Option<&[&str]>) -> Settings {
        let lookup = |name: &str| match name {
            "ISSUER" => Some("https://i.example".to_owned()),
            "AUDIENCE" => Some("a".to_owned()),
            "CLAIMS" => claims.map(|names| names.join(",")),
            _ => None,
        };
        Settings::read(&lookup).unwrap()
    }

    fn claims(value: Value) -> Claims {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_policy_is_for_the_whole_stage() {
        let claims = claims(json!({"sub": "alice", "tier": 7}));
        let answer = allow(ARN, &claims, &settings(None));
        let statement = &answer["policyDocument"]["Statement"][0];
        assert_eq!(statement["Resource"], "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3/v1/*");
        assert_eq!((&answer["principalId"], &statement["Effect"]), (&json!("alice"), &json!("Allow")));
        assert_eq!(answer["context"], json!({"sub": "alice", "tier": "7"}));
        let answer = deny(ARN, &claims);
        assert_eq!(answer["policyDocument"]["Statement"][0]["Effect"], "Deny");
        assert_eq!(answer.get("context"), None);
    }

    #[test]
    fn the_context_is_what_was_asked_for_and_fits() {
        let given = claims(
            json!({"sub": "alice", "email": "a@b", "big": "x".repeat(6_000), "quotes": "\"".repeat(1_000)}),
        );
        // Sorted here: whether a map of serde_json keeps its order depends on the workspace's features.
        let names = |answer: &Value| {
            let mut names: Vec<_> = answer["context"].as_object().unwrap().keys().cloned().collect();
            names.sort();
            names
        };
        assert_eq!(names(&allow(ARN, &given, &settings(Some(&["email", "absent"])))), ["email"]);
        let all = allow(ARN, &given, &settings(None));
        assert_eq!(names(&all), ["email", "quotes", "sub"]);
        assert!(all.to_string().len() < 8 * 1_024);
    }
}
