//! Whether a token is one of the issuer's, for this API, and valid now.

use crate::claims::Claims;
use crate::settings::Settings;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

/// Bytes of a token, at most: a URL has 4,096 characters, and all headers 10,240.
const TOKEN_BYTES_MAX: usize = 8 * 1_024;

/// What a token's header says of its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub algorithm: Algorithm,
    /// `None`: the issuer has one key.
    pub key_id: Option<String>,
}

/// Why a token proves nothing. All are a 401 (RFC 6750: `invalid_token`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("the handshake has no token where it should be")]
    NoToken,
    #[error("the token is malformed")]
    Malformed,
    #[error("the token's algorithm is not allowed")]
    Algorithm,
    #[error("the issuer has no such key")]
    UnknownKey,
    #[error("the signature is wrong")]
    Signature,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYet,
    #[error("the token is another issuer's")]
    Issuer,
    #[error("the token is for another audience")]
    Audience,
    #[error("the token lacks the claim {0}, or it is of another type")]
    Claim(String),
}

/// Reads a token's header, which is not proven yet.
///
/// # Errors
/// If it cannot be read, or names an algorithm that is not allowed.
pub fn head(token: &str, settings: &Settings) -> Result<Head, Rejection> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Rejection::Malformed);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|error| match error.kind() {
        // An algorithm of no name that is known, `none` among them, fails as the JSON that it stands in.
        ErrorKind::Json(_) | ErrorKind::InvalidAlgorithmName => Rejection::Algorithm,
        _ => Rejection::Malformed,
    })?;
    if !settings.algorithms.contains(&header.alg) {
        return Err(Rejection::Algorithm);
    }
    Ok(Head { algorithm: header.alg, key_id: header.kid })
}

/// The claims of a token whose signature and times are right.
///
/// # Errors
/// Why it proves nothing.
pub fn verify(token: &str, key: &DecodingKey, head: &Head, settings: &Settings) -> Result<Claims, Rejection> {
    let mut validation = Validation::new(head.algorithm);
    validation.leeway = settings.leeway_s;
    validation.validate_nbf = true;
    validation.set_issuer(&[&settings.issuer]);
    validation.set_audience(&settings.audiences);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let data = jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(|error| rejection(&error))?;
    // A list that has the issuer among others is not the issuer's.
    if !data.claims.is_of(&settings.issuer) {
        return Err(Rejection::Issuer);
    }
    Ok(data.claims)
}

fn rejection(error: &Error) -> Rejection {
    match error.kind() {
        ErrorKind::InvalidSignature => Rejection::Signature,
        ErrorKind::ExpiredSignature => Rejection::Expired,
        ErrorKind::ImmatureSignature => Rejection::NotYet,
        ErrorKind::InvalidIssuer => Rejection::Issuer,
        ErrorKind::InvalidAudience => Rejection::Audience,
        ErrorKind::MissingRequiredClaim(name) | ErrorKind::InvalidClaimFormat(name) => {
            Rejection::Claim(name.clone())
        }
        ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm => Rejection::Algorithm,
        _ => Rejection::Malformed,
    }
}
