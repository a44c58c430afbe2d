//! A Lambda REQUEST authorizer for `$connect`: admits clients with a valid JSON Web Token of one issuer.
//!
//! README.md has its settings, which are environment variables.

mod answer;
mod claims;
mod event;
mod issuer;
mod key_cache;
mod keys;
mod settings;
#[cfg(test)]
mod testing;
mod token;
mod verifier;

use answer::{allow, deny};
use event::Request;
use issuer::Issuer;
use serde_json::Value;
use settings::Settings;
use signed_http::BoxError;
use stream_function::runtime::serve;
use token::Rejection;

/// With this error API Gateway answers the client with 401; with any other, 500.
const UNAUTHORIZED: &str = "Unauthorized";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    verifier::install();
    let settings = Settings::read(&|name| std::env::var(name).ok())?;
    let issuer = Issuer::new(&settings)?;
    serve(async |request: Request, _| authorize(&settings, &issuer, &request).await).await?;
    Ok(())
}

/// The policy for a client. A token that proves nothing is an error, which answers 401; a client that is known and may
/// not connect gets a policy that denies, which answers 403.
async fn authorize(settings: &Settings, issuer: &Issuer, request: &Request) -> Result<Value, BoxError> {
    let rejected = |rejection: Rejection| {
        // Nothing of the token: only why.
        tracing::info!(reason = %rejection, "rejected a token");
        BoxError::from(UNAUTHORIZED)
    };
    let token = request.token(settings.token_from).ok_or_else(|| rejected(Rejection::NoToken))?;
    let head = token::head(token, settings).map_err(rejected)?;
    let Some(key) = issuer.key(&head).await? else { return Err(rejected(Rejection::UnknownKey)) };
    let claims = token::verify(token, &key, &head, settings).map_err(rejected)?;
    let Some(missing) = settings.scopes.iter().find(|scope| !claims.has_scope(scope)) else {
        return Ok(allow(&request.method_arn, &claims, settings));
    };
    tracing::info!(scope = missing, "denied a client whose token lacks a scope");
    Ok(deny(&request.method_arn, &claims))
}

#[cfg(test)]
mod tests;
