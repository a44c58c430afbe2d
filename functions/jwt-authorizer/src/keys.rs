//! The issuer's keys, as its JSON Web Key Set has them (RFC 7517).

use crate::token::Head;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// Keys of a set that are read, at most.
const KEYS_MAX: usize = 64;

/// A key that can verify a token.
#[derive(Clone)]
pub struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

/// Why a document is no key set.
#[derive(Debug, thiserror::Error)]
pub enum BadKeys {
    #[error("the key set is not JSON with a list of keys: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// An empty set would lock everybody out, and is more likely an issuer's mistake.
    #[error("the key set has no key for RS256, ES256 or EdDSA")]
    Empty,
}

/// Reads a key set. Keys of other kinds, such as those for encryption, are left out.
///
/// # Errors
/// If there is no usable key.
pub fn read(document: &[u8]) -> Result<Vec<Key>, BadKeys> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_slice(document)?;
    let keys: Vec<_> = set.keys.into_iter().filter_map(key).take(KEYS_MAX).collect();
    if keys.is_empty() { Err(BadKeys::Empty) } else { Ok(keys) }
}

fn key(value: Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    if jwk.common.public_key_use.as_ref().is_some_and(|of| *of != PublicKeyUse::Signature) {
        return None;
    }
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        _ => return None,
    };
    let stated = jwk.common.key_algorithm.as_ref().map(ToString::to_string);
    if stated.is_some_and(|stated| stated.parse() != Ok(algorithm)) {
        return None;
    }
    Some(Key { id: jwk.common.key_id.clone(), algorithm, key: DecodingKey::from_jwk(&jwk).ok()? })
}

/// The key that a token's header names. A token that names none can only mean an issuer's only key.
pub fn find<'a>(keys: &'a [Key], head: &Head) -> Option<&'a DecodingKey> {
    let mut fitting = keys.iter().filter(|key| key.algorithm == head.algorithm);
    let found = match &head.key_id {
        Some(id) => fitting.find(|key| key.id.as_ref() == Some(id)),
        None => fitting.next().filter(|_| keys.len() == 1),
    };
    found.map(|key| &key.key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Signer, key_set};
    use serde_json::json;

    fn head(algorithm: Algorithm, key_id: Option<&str>) -> Head {
        Head { algorithm, key_id: key_id.map(str::to_owned) }
    }

    #[test]
    fn a_key_is_found_by_its_id_and_its_algorithm() {
        let keys = read(&key_set(&[Signer::ed25519("a"), Signer::p256("b")])).unwrap();
        for (algorithm, id, found) in [
            (Algorithm::EdDSA, Some("a"), true),
            (Algorithm::ES256, Some("b"), true),
            (Algorithm::ES256, Some("a"), false),
            (Algorithm::RS256, Some("a"), false),
            (Algorithm::EdDSA, Some("c"), false),
            (Algorithm::EdDSA, None, false),
        ] {
            assert_eq!(find(&keys, &head(algorithm, id)).is_some(), found, "{algorithm:?} {id:?}");
        }
        let one = read(&key_set(&[Signer::p256("b")])).unwrap();
        assert!(find(&one, &head(Algorithm::ES256, None)).is_some());
        assert!(find(&one, &head(Algorithm::EdDSA, None)).is_none());
    }

    #[test]
    fn keys_of_other_kinds_are_left_out() {
        let good = Signer::ed25519("a").jwk();
        let with = |member: &str, value: Value| {
            let mut key = good.clone();
            key[member] = value;
            key
        };
        for odd in [
            json!({"kty": "oct", "kid": "a", "k": "c2VjcmV0"}),
            json!({"kty": "later", "kid": "a"}),
            json!("text"),
            with("use", json!("enc")),
            with("alg", json!("ES256")),
            with("alg", json!("HS256")),
            with("crv", json!("X25519")),
        ] {
            let set = json!({"keys": [odd, Signer::p256("b").jwk()]}).to_string();
            let keys = read(set.as_bytes()).unwrap();
            assert_eq!(keys.len(), 1, "{set}");
            assert!(
                matches!(read(json!({"keys": [odd]}).to_string().as_bytes()), Err(BadKeys::Empty)),
                "{odd}"
            );
        }
        assert_eq!(
            read(json!({"keys": [with("use", json!("sig"))]}).to_string().as_bytes()).unwrap().len(),
            1
        );
        assert!(matches!(read(b"<html>"), Err(BadKeys::Unreadable(_))));
        assert!(matches!(read(br#"{"keys": []}"#), Err(BadKeys::Empty)));
    }
}
