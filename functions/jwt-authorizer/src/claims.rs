//! A token's claims, once they are proven.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// All claims by name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Claims(BTreeMap<String, Value>);

impl Claims {
    /// Whose token it is.
    pub fn subject(&self) -> &str {
        self.0.get("sub").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether `iss` is this issuer, as one text.
    pub fn is_of(&self, issuer: &str) -> bool {
        self.0.get("iss").and_then(Value::as_str) == Some(issuer)
    }

    /// Whether `scope` (RFC 8693: divided by spaces) or `scp` (a list, as some issuers have it) names a scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        let names = |claim: &str| self.0.get(claim).and_then(text).unwrap_or_default();
        ["scope", "scp"].iter().any(|claim| names(claim).split(' ').any(|name| name == scope))
    }

    /// The claims that a context can have, as texts, by name.
    pub fn texts(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().filter_map(|(name, value)| Some((name.as_str(), text(value)?)))
    }
}

/// A text, number or truth value as text, and a list of such as its members divided by spaces; nothing else.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Array(members) => {
            let texts = members.iter().map(|member| text(member).filter(|_| !member.is_array()));
            Some(texts.collect::<Option<Vec<_>>>()?.join(" "))
        }
        Value::Null | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(value: Value) -> Claims {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn claims_become_texts() {
        let claims = claims(json!({
            "sub": "alice", "exp": 17, "rate": 0.5, "admin": true, "aud": ["a", "b"], "none": null,
            "address": {"city": "x"}, "mixed": [1, {"a": 1}], "deep": [["a"]],
        }));
        let texts: Vec<_> = claims.texts().collect();
        let expected = [("admin", "true"), ("aud", "a b"), ("exp", "17"), ("rate", "0.5"), ("sub", "alice")];
        assert_eq!(texts, expected.map(|(name, text)| (name, text.to_owned())));
    }

    #[test]
    fn a_scope_is_a_whole_word() {
        for (value, expected) in [
            (json!({"scope": "chat:read chat:write"}), true),
            (json!({"scp": ["chat:write"]}), true),
            (json!({"scope": "chat:write-all"}), false),
            (json!({"scope": ""}), false),
            (json!({}), false),
        ] {
            assert_eq!(claims(value.clone()).has_scope("chat:write"), expected, "{value}");
        }
    }
}
