//! The authorizer's settings, from its environment variables.

use jsonwebtoken::Algorithm;
use signed_http::BoxError;
use std::time::Duration;

/// Seconds by which the clocks of issuer and function may differ, unless `LEEWAY_SECONDS` says otherwise.
const LEEWAY_S: u64 = 30;
/// The longest leeway: more would be another lifetime.
const LEEWAY_S_MAX: u64 = 300;
/// How long the issuer's keys are used before they are fetched again, unless `JWKS_CACHE_SECONDS` says otherwise.
const KEYS_FRESH_S: u64 = 3_600;

/// Where a client puts its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFrom {
    /// `?token=…`
    Query,
    /// `Authorization: Bearer …`
    Header,
    /// `Sec-WebSocket-Protocol: sluicegate, …`
    Subprotocol,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub issuer: String,
    /// Any of them will do.
    pub audiences: Vec<String>,
    /// `None`: the issuer's discovery document names it.
    pub jwks_uri: Option<String>,
    pub algorithms: Vec<Algorithm>,
    pub leeway_s: u64,
    pub keys_fresh: Duration,
    /// All of them must be there.
    pub scopes: Vec<String>,
    /// Claims that go into the context; `None`: all that fit.
    pub claims: Option<Vec<String>>,
    pub token_from: TokenFrom,
}

impl Settings {
    /// # Errors
    /// Which variable is missing or wrong.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, BoxError> {
        let lookup = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let required = |name: &str, what: &str| {
            lookup(name)
                .ok_or_else(|| format!("{name} is not set: set it to {what} in authorizer.environment"))
        };
        let list = |name: &str| lookup(name).map(|text| listed(&text)).filter(|list| !list.is_empty());
        let seconds = |name: &str, default: u64, max: u64| match lookup(name).map(|text| text.parse()) {
            None => Ok(default),
            Some(Ok(seconds)) if seconds <= max => Ok(seconds),
            Some(_) => Err(format!("{name} must be a whole number of seconds from 0 to {max}")),
        };
        let issuer = required("ISSUER", "the issuer's URL, as tokens have it in `iss`")?;
        let jwks_uri = lookup("JWKS_URI");
        for (name, url) in [("ISSUER", Some(&issuer)), ("JWKS_URI", jwks_uri.as_ref())] {
            refuse_plain_http(name, url.map_or("", String::as_str))?;
        }
        Ok(Self {
            audiences: listed(&required(
                "AUDIENCE",
                "what tokens for this API have in `aud`, or a list of it",
            )?),
            jwks_uri,
            algorithms: list("ALGORITHMS")
                .unwrap_or_else(|| ["RS256", "ES256", "EdDSA"].map(str::to_owned).to_vec())
                .iter()
                .map(|name| algorithm(name))
                .collect::<Result<_, _>>()?,
            leeway_s: seconds("LEEWAY_SECONDS", LEEWAY_S, LEEWAY_S_MAX)?,
            keys_fresh: Duration::from_secs(seconds("JWKS_CACHE_SECONDS", KEYS_FRESH_S, 86_400)?),
            scopes: list("REQUIRED_SCOPES").unwrap_or_default(),
            claims: list("CLAIMS"),
            token_from: match lookup("TOKEN_FROM").as_deref() {
                None | Some("query") => TokenFrom::Query,
                Some("header") => TokenFrom::Header,
                Some("subprotocol") => TokenFrom::Subprotocol,
                Some(_) => return Err("TOKEN_FROM must be query, header or subprotocol".into()),
            },
            issuer,
        })
    }
}

/// By their names, which spaces or commas divide.
fn listed(text: &str) -> Vec<String> {
    text.split([',', ' ']).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Those of public keys alone: a shared secret is none of an issuer's published keys.
fn algorithm(name: &str) -> Result<Algorithm, BoxError> {
    match name {
        "RS256" => Ok(Algorithm::RS256),
        "ES256" => Ok(Algorithm::ES256),
        "EdDSA" => Ok(Algorithm::EdDSA),
        other => Err(format!("ALGORITHMS takes RS256, ES256 and EdDSA only, not {other}").into()),
    }
}

/// Keys that anybody on the way can replace prove nothing.
pub fn refuse_plain_http(name: &str, url: &str) -> Result<(), BoxError> {
    let local = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    if url.is_empty() || url.starts_with("https://") || local.iter().any(|prefix| url.starts_with(prefix)) {
        return Ok(());
    }
    Err(format!("{name} must be an https: URL, or http: on this machine").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        let required = [("ISSUER", "https://id.example.com"), ("AUDIENCE", "chat")];
        let lookup = |name: &str| {
            let all = variables.iter().chain(&required);
            all.clone().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Settings::read(&lookup).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_are_those_of_public_keys() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.algorithms, [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA]);
        assert_eq!((settings.token_from, settings.leeway_s), (TokenFrom::Query, 30));
        assert_eq!((settings.jwks_uri, settings.claims, settings.scopes.len()), (None, None, 0));
        let settings = read(&[("AUDIENCE", "a, b"), ("REQUIRED_SCOPES", "chat:read chat:write")]).unwrap();
        assert_eq!((settings.audiences.len(), settings.scopes.len()), (2, 2));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (variable, says) in [
            (("ISSUER", ""), "ISSUER is not set"),
            (("ISSUER", "http://id.example.com"), "ISSUER must be an https: URL"),
            (("JWKS_URI", "http://127.0.0.1.evil.example/"), "JWKS_URI must be an https: URL"),
            (("AUDIENCE", ""), "AUDIENCE is not set"),
            (("ALGORITHMS", "RS256,HS256"), "not HS256"),
            (("ALGORITHMS", "none"), "not none"),
            (("LEEWAY_SECONDS", "301"), "from 0 to 300"),
            (("LEEWAY_SECONDS", "-1"), "from 0 to 300"),
            (("TOKEN_FROM", "cookie"), "query, header or subprotocol"),
        ] {
            let error = read(&[variable]).unwrap_err();
            assert!(error.contains(says), "{variable:?}: {error}");
        }
    }
}
