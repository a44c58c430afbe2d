//! Authorization of `$connect`, by a Lambda REQUEST authorizer or by the caller's own policies
//! (docs/aws-behaviour.md#apigateway-authorization).
//!
//! It happens once for each handshake. The connection keeps the authorizer's answer; nothing is cached for the next
//! one.

mod answer;
mod event;
mod source;

use super::context::MessageContext;
use super::gateway::Gateway;
use super::identity::Identity;
use super::invoke::{Callee, invoke};
use super::limits::AUTHORIZER_MAX;
use super::stage::{Authorization, Authorizer, Stage};
use super::trace::Call;
use crate::core::identity;
use crate::core::identity::proof::Proof;
use crate::core::identity::signature::Claim;
use crate::services::lambda::invocation::InvocationResult;
use answer::BadAnswer;
use http::request::Parts;
use std::time::Instant;

/// What an authorizer's function fails with to have the client refused with 401, as AWS's examples do.
const UNAUTHORIZED: &str = "Unauthorized";

#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The handshake lacks an identity source; the function was not called. 401.
    #[error("the handshake lacks an identity source of the authorizer")]
    NoIdentity,
    /// The function failed with `Unauthorized`. 401.
    #[error("the authorizer answered Unauthorized")]
    Unauthorized,
    /// The policy does not allow it. 403.
    #[error("the authorizer's policy does not allow {0}")]
    Denied(String),
    /// The caller did not sign, or its policies do not allow it. 403.
    #[error("{0}")]
    Forbidden(String),
    /// The authorizer cannot be called, failed, or gave an invalid answer. 500.
    #[error("{0}")]
    Failed(String),
}

impl Refusal {
    pub fn status(&self) -> u16 {
        match self {
            Self::NoIdentity | Self::Unauthorized => 401,
            Self::Denied(_) | Self::Forbidden(_) => 403,
            Self::Failed(_) => 500,
        }
    }

    /// `$context.error.responseType`, by the names of REST APIs.
    pub fn response_type(&self) -> &'static str {
        match self {
            Self::NoIdentity | Self::Unauthorized => "UNAUTHORIZED",
            Self::Denied(_) | Self::Forbidden(_) => "ACCESS_DENIED",
            Self::Failed(_) => "AUTHORIZER_FAILURE",
        }
    }
}

/// Authorises a handshake. Afterwards the context's trace has the authorizer's call, and its connection the client's
/// identity. Fails with [`Refusal`].
pub async fn authorize(
    gateway: &Gateway,
    stage: &Stage,
    authorization: &Authorization,
    context: &mut MessageContext<'_>,
    request: &Parts,
) -> Result<(), Refusal> {
    let method_arn = gateway.shared.account.execute_api_arn(&stage.api_id, &stage.name, "$connect");
    match authorization {
        Authorization::None => Ok(()),
        Authorization::Iam => {
            let claim = Claim::read(request).map_err(|error| Refusal::Forbidden(error.to_string()))?;
            let claim = claim.ok_or_else(|| Refusal::Forbidden("Missing Authentication Token".into()))?;
            let region = &gateway.shared.account.region;
            region
                .check(claim.region(), claim.service())
                .map_err(|other| Refusal::Forbidden(other.to_string()))?;
            let host = &context.connection.domain_name;
            Proof::of(claim, &*gateway.shared.permissions)
                .and_then(|proof| proof.verify(request, host, &[]))
                .map_err(|unproven| Refusal::Forbidden(unproven.to_string()))?;
            let caller = identity::caller(&gateway.shared.permissions, request).ok_or_else(|| {
                Refusal::Forbidden("The security token included in the request is invalid.".into())
            })?;
            let may = gateway.shared.permissions.check(&caller, "execute-api:Invoke", &method_arn);
            may.map_err(|denied| Refusal::Forbidden(denied.to_string()))
        }
        Authorization::Custom(authorizer) => {
            if !authorizer.identity_sources.iter().all(|source| source.is_present(context, &stage.variables))
            {
                return Err(Refusal::NoIdentity);
            }
            let event = event::request(context, &method_arn, &stage.variables).to_string();
            let begun = Instant::now();
            let request_id = uuid::Uuid::new_v4().to_string();
            let asked = ask(gateway, stage, authorizer, &request_id, event, &method_arn).await;
            let status = asked.as_ref().err().map_or(200, Refusal::status);
            let latency_ms = begun.elapsed().as_millis() as u64;
            context.trace.authorizer = Some(Call {
                status,
                service_status: status,
                latency_ms,
                error: asked.as_ref().err().map(ToString::to_string),
                request_id,
            });
            context.connection.identify(Identity { latency_ms, ..asked? });
            Ok(())
        }
    }
}

async fn ask(
    gateway: &Gateway,
    stage: &Stage,
    authorizer: &Authorizer,
    request_id: &str,
    event: String,
    method_arn: &str,
) -> Result<Identity, Refusal> {
    let source = format!("{}/authorizers/{}", stage.api_id, authorizer.id);
    let callee = Callee {
        function_arn: &authorizer.function_arn,
        credentials_arn: authorizer.credentials_arn.as_deref(),
        source_arn: gateway.shared.account.arn("execute-api", &source),
    };
    let answer = invoke(gateway, &callee, request_id, event.into(), AUTHORIZER_MAX).await;
    match answer.map_err(|error| Refusal::Failed(error.to_string()))? {
        InvocationResult::Response(body) => {
            let judged = answer::judge(&body, method_arn);
            let judged = judged.map_err(|error: BadAnswer| Refusal::Failed(error.to_string()))?;
            if judged.allows { Ok(judged.identity) } else { Err(Refusal::Denied(method_arn.to_owned())) }
        }
        InvocationResult::Error(error) => {
            let error: serde_json::Value = serde_json::from_slice(&error).unwrap_or_default();
            match error["errorMessage"].as_str() {
                Some(UNAUTHORIZED) => Err(Refusal::Unauthorized),
                message => Err(Refusal::Failed(format!(
                    "{} failed: {}",
                    authorizer.function_arn,
                    message.unwrap_or("without a message")
                ))),
            }
        }
    }
}
