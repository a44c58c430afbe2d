//! What stands behind a signed request: keys that this emulator issued are verified, a developer's own cannot be.

use super::signature::Claim;
use super::{Issued, Permissions};
use http::request::Parts;
use std::sync::Arc;

/// What stands behind a request's caller.
#[derive(Debug)]
pub enum Proof {
    /// Nothing that could be verified: a developer's own keys, or none.
    None,
    /// A signature with keys that this emulator issued.
    Signature(Claim, Arc<Issued>),
}

/// Why a signature is not accepted, in AWS's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// Keys as this emulator issues them, which it did not issue or has revoked, or without their token.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    /// Another secret, or another request, than was signed.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details."
    )]
    WrongSignature,
}

impl Proof {
    /// Looks up who signed, which needs no body.
    ///
    /// # Errors
    /// [`Unproven::UnknownKey`]
    pub fn of(claim: Claim, permissions: &dyn Permissions) -> Result<Self, Unproven> {
        permissions.principal(&claim.access_key_id).ok_or(Unproven::UnknownKey)?;
        match permissions.issued(&claim.access_key_id) {
            Some(issued) if claim.session_token.as_ref() == Some(&issued.session_token) => {
                Ok(Self::Signature(claim, issued))
            }
            Some(_) => Err(Unproven::UnknownKey),
            None => Ok(Self::None),
        }
    }

    /// Holds the signature against the whole request.
    ///
    /// # Errors
    /// [`Unproven::WrongSignature`]
    pub fn verify(&self, request: &Parts, host: &str, body: &[u8]) -> Result<(), Unproven> {
        match self {
            Self::Signature(claim, issued)
                if !claim.is_made_with(&issued.signing_keys, request, host, body) =>
            {
                Err(Unproven::WrongSignature)
            }
            _ => Ok(()),
        }
    }
}
