//! Tokens, good and bad, through the whole function, with an issuer that is served.

use super::*;
use crate::key_cache::{KEYS_AGE_MAX, REFETCH_EVERY};
use crate::testing::{Served, Signer, encoded};
use serde_json::json;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const ISSUER: &str = "https://id.example.com/";
const HOUR_S: i64 = 3_600;

/// The function with an issuer behind it.
struct Function {
    settings: Settings,
    issuer: Issuer,
    served: Served,
}

impl Function {
    async fn start(variables: &'static [(&str, &str)]) -> Self {
        verifier::install();
        let served = Served::start().await;
        let jwks_uri = format!("{}/keys", served.uri);
        let required = [("ISSUER", ISSUER), ("AUDIENCE", "chat"), ("JWKS_URI", jwks_uri.as_str())];
        let lookup = |name: &str| {
            let found = variables.iter().chain(&required).find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let settings = Settings::read(&lookup).unwrap();
        Self { issuer: Issuer::new(&settings).unwrap(), settings, served }
    }

    /// `Allow` or `Deny` with the principal, or the error.
    async fn answer(&self, token: &str) -> String {
        let request = json!({
            "methodArn": "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3/v1/$connect",
            "queryStringParameters": {"token": token},
        });
        let request = serde_json::from_value(request).unwrap();
        match authorize(&self.settings, &self.issuer, &request).await {
            Ok(answer) => {
                let effect = answer["policyDocument"]["Statement"][0]["Effect"].as_str().unwrap();
                format!("{effect} {}", answer["principalId"].as_str().unwrap())
            }
            Err(error) => error.to_string(),
        }
    }
}

/// Seconds from now.
fn at(offset_s: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap() + offset_s
}

/// Good claims, with changes; null takes one away.
fn claims(changes: Value) -> Value {
    let mut claims = json!({"iss": ISSUER, "aud": "chat", "sub": "alice", "exp": at(HOUR_S)});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

const ALLOWED: &str = "Allow alice";

#[tokio::test]
async fn each_algorithms_signature_is_verified() {
    let function = Function::start(&[]).await;
    let signers = [Signer::rsa("r"), Signer::p256("p"), Signer::ed25519("e")];
    function.served.serve_keys(&signers.each_ref());
    for signer in &signers {
        let token = signer.token(&claims(json!({})));
        assert_eq!(function.answer(&token).await, ALLOWED, "{}", signer.algorithm());
        // Each part with another character in it.
        for part in 0..3 {
            let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
            let middle = parts[part].len() / 2;
            let other = if parts[part].as_bytes()[middle] == b'A' { "B" } else { "A" };
            parts[part].replace_range(middle..=middle, other);
            assert_eq!(
                function.answer(&parts.join(".")).await,
                UNAUTHORIZED,
                "{} {part}",
                signer.algorithm()
            );
        }
    }
    assert_eq!(function.served.requests(), 1, "the keys are kept");
}

#[tokio::test]
async fn claims_decide_who_is_let_in() {
    let function = Function::start(&[("LEEWAY_SECONDS", "30")]).await;
    let signer = Signer::ed25519("e");
    function.served.serve_keys(&[&signer]);
    for (changes, expected) in [
        (json!({}), ALLOWED),
        (json!({"aud": ["other", "chat"]}), ALLOWED),
        (json!({"exp": at(-20)}), ALLOWED),
        (json!({"nbf": at(20)}), ALLOWED),
        (json!({"nbf": at(-HOUR_S), "iat": at(-HOUR_S)}), ALLOWED),
        (json!({"exp": at(-40)}), UNAUTHORIZED),
        (json!({"exp": at(-HOUR_S)}), UNAUTHORIZED),
        (json!({"exp": null}), UNAUTHORIZED),
        (json!({"exp": "tomorrow"}), UNAUTHORIZED),
        (json!({"exp": -1}), UNAUTHORIZED),
        (json!({"nbf": at(40)}), UNAUTHORIZED),
        (json!({"nbf": "now"}), UNAUTHORIZED),
        (json!({"aud": "other"}), UNAUTHORIZED),
        (json!({"aud": ["other"]}), UNAUTHORIZED),
        (json!({"aud": null}), UNAUTHORIZED),
        (json!({"aud": ""}), UNAUTHORIZED),
        (json!({"iss": "https://id.example.com"}), UNAUTHORIZED),
        (json!({"iss": "https://evil.example/"}), UNAUTHORIZED),
        (json!({"iss": [ISSUER, "https://evil.example/"]}), UNAUTHORIZED),
        (json!({"iss": null}), UNAUTHORIZED),
        (json!({"sub": null}), UNAUTHORIZED),
        (json!({"sub": 17}), UNAUTHORIZED),
    ] {
        assert_eq!(function.answer(&signer.token(&claims(changes.clone()))).await, expected, "{changes}");
    }
}

#[tokio::test]
async fn a_header_cannot_choose_how_it_is_verified() {
    let function = Function::start(&[]).await;
    let (rsa, ed) = (Signer::rsa("r"), Signer::ed25519("e"));
    function.served.serve_keys(&[&rsa, &ed]);
    let good = claims(json!({}));
    let unsigned = |header: Value, signature: &str| {
        format!("{}.{}.{signature}", encoded(header.to_string()), encoded(good.to_string()))
    };
    let own_key = Signer::ed25519("e");
    for (what, token) in [
        ("none", unsigned(json!({"alg": "none", "kid": "e"}), "")),
        ("None", unsigned(json!({"alg": "None", "kid": "e"}), "")),
        ("no algorithm", unsigned(json!({"kid": "e"}), "")),
        ("a public key as a secret", unsigned(json!({"alg": "HS256", "kid": "r"}), "c2lnbmF0dXJl")),
        ("another family", ed.token_with(&json!({"alg": "RS256", "kid": "e"}), &good)),
        ("another family's key", ed.token_with(&json!({"alg": "EdDSA", "kid": "r"}), &good)),
        ("RS512", rsa.token_with(&json!({"alg": "RS512", "kid": "r"}), &good)),
        ("PS256", rsa.token_with(&json!({"alg": "PS256", "kid": "r"}), &good)),
        ("no key id among several", ed.token_with(&json!({"alg": "EdDSA"}), &good)),
        (
            "its own key",
            own_key.token_with(&json!({"alg": "EdDSA", "kid": "e", "jwk": own_key.jwk()}), &good),
        ),
        (
            "a key's address",
            own_key.token_with(&json!({"alg": "EdDSA", "kid": "e", "jku": "http://evil.example"}), &good),
        ),
        (
            "a critical header",
            ed.token_with(&json!({"alg": "EdDSA", "kid": "e", "crit": ["exp"], "exp": 1}), &good),
        ),
        ("no signature", unsigned(json!({"alg": "EdDSA", "kid": "e"}), "")),
        ("another's signature", own_key.token(&good)),
        ("two parts", "a.b".into()),
        ("five parts", "a.b.c.d.e".into()),
        ("nothing", String::new()),
        ("too long", format!("{}.{}.{}", "a".repeat(4_000), "b".repeat(4_000), "c".repeat(4_000))),
    ] {
        assert_eq!(function.answer(&token).await, UNAUTHORIZED, "{what}");
    }
    assert_eq!(function.answer(&ed.token(&good)).await, ALLOWED);
}

#[tokio::test]
async fn algorithms_can_be_fewer() {
    let function = Function::start(&[("ALGORITHMS", "ES256")]).await;
    let (p256, ed) = (Signer::p256("p"), Signer::ed25519("e"));
    function.served.serve_keys(&[&p256, &ed]);
    assert_eq!(function.answer(&p256.token(&claims(json!({})))).await, ALLOWED);
    assert_eq!(function.answer(&ed.token(&claims(json!({})))).await, UNAUTHORIZED);
}

#[tokio::test]
async fn a_known_client_without_the_scope_is_denied() {
    let function = Function::start(&[("REQUIRED_SCOPES", "chat:write")]).await;
    let signer = Signer::ed25519("e");
    function.served.serve_keys(&[&signer]);
    for (changes, expected) in [
        (json!({"scope": "chat:read chat:write"}), ALLOWED),
        (json!({"scope": "chat:read"}), "Deny alice"),
        (json!({}), "Deny alice"),
    ] {
        assert_eq!(function.answer(&signer.token(&claims(changes.clone()))).await, expected, "{changes}");
    }
}

#[tokio::test]
async fn keys_rotate_and_an_issuer_may_be_away() {
    let function = Function::start(&[]).await;
    let (old, new) = (Signer::ed25519("old"), Signer::ed25519("new"));
    let (of_old, of_new) = (old.token(&claims(json!({}))), new.token(&claims(json!({}))));
    let unavailable = "the issuer's keys cannot be fetched";
    assert_eq!(function.answer(&of_old).await, unavailable, "no keys, nobody is let in");
    assert_eq!(function.served.requests(), 1);
    assert_eq!(function.answer(&of_old).await, unavailable);
    assert_eq!(function.served.requests(), 1, "not asked again at once");
    pass(Duration::from_secs(1)).await;
    function.served.serve_keys(&[&old]);
    assert_eq!(function.answer(&of_old).await, ALLOWED);
    function.served.serve_keys(&[&old, &new]);
    assert_eq!(function.answer(&of_new).await, UNAUTHORIZED, "asked a moment ago");
    pass(REFETCH_EVERY).await;
    assert_eq!(function.answer(&of_new).await, ALLOWED, "an unknown id has the keys fetched");
    function.served.serve(None);
    pass(Duration::from_secs(2 * 3_600)).await;
    assert_eq!(function.answer(&of_new).await, ALLOWED, "kept while the issuer is away");
    pass(KEYS_AGE_MAX).await;
    assert_eq!(function.answer(&of_new).await, unavailable, "but not for ever");
}

/// The clock stands still for this step alone: sockets need it to go on.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn the_issuer_names_its_keys_itself() {
    verifier::install();
    let served = Served::start().await;
    let uri = served.uri.clone();
    let lookup = |name: &str| match name {
        "ISSUER" => Some(uri.clone()),
        "AUDIENCE" => Some("chat".to_owned()),
        _ => None,
    };
    let settings = Settings::read(&lookup).unwrap();
    let signer = Signer::ed25519("e");
    let token = signer.token(&claims(json!({"iss": uri})));
    let keys = json!({"keys": [signer.jwk()]}).to_string().into_bytes();
    for (issuer, jwks_uri, is_allowed) in [
        (uri.clone(), format!("{uri}/keys"), true),
        ("https://evil.example".into(), format!("{uri}/keys"), false),
        (uri.clone(), "http://evil.example/keys".into(), false),
        (uri.clone(), format!("{uri}/nowhere"), false),
    ] {
        let discovery = json!({"issuer": issuer, "jwks_uri": jwks_uri}).to_string().into_bytes();
        served.serve(Some(vec![("/.well-known/openid-configuration", discovery), ("/keys", keys.clone())]));
        let function = Function {
            issuer: Issuer::new(&settings).unwrap(),
            settings: settings.clone(),
            served: Served::start().await,
        };
        assert_eq!(function.answer(&token).await == ALLOWED, is_allowed, "{issuer} {jwks_uri}");
    }
}
