//! Verifies signed requests: those with keys that this emulator issued. A developer's own keys cannot be verified.

use super::signature::Claim;
use super::{Issued, Permissions};
use http::request::Parts;
use std::sync::Arc;

/// How a request's caller is proven.
#[derive(Debug)]
pub enum Proof {
    /// Not at all: by a developer's own keys, or by none.
    None,
    /// By a signature with keys that this emulator issued.
    Signature(Claim, Arc<Issued>),
}

/// Why a signature is rejected, in AWS's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// Keys in this emulator's form that it did not issue or has revoked, or whose token is missing.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    /// Signed with another secret, or for another request.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details."
    )]
    WrongSignature,
}

impl Proof {
    /// Looks up the signer, which does not need the body. Fails with [`Unproven::UnknownKey`].
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

    /// Verifies the signature over the whole request. Fails with [`Unproven::WrongSignature`].
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
