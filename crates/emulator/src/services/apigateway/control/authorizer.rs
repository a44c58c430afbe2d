//! Lambda REQUEST authorizers, the only kind that WebSocket APIs have.

use super::definition::Definition;
use super::invalid;
use super::resource::Resource;
use super::settings::Authorizer;
use super::uri;
use super::uri::Callee;
use crate::protocol::ApiError;
use crate::services::apigateway::websocket::identity_source::IdentitySource;
use crate::services::apigateway::websocket::stage;

impl Resource for Authorizer {
    const KIND: &'static str = "Authorizer";
    const ID: &'static str = "authorizerId";
    const COUNT_MAX: usize = 10;

    fn check(&self, id: Option<&str>, definition: &Definition) -> Result<(), ApiError> {
        if self.name.is_empty() || self.name.chars().count() > 128 {
            return Err(invalid("name of an authorizer must be 1 to 128 characters"));
        }
        let is_twin = |(other, authorizer): (&String, &Self)| {
            authorizer.name == self.name && Some(other.as_str()) != id
        };
        if definition.authorizers.iter().any(is_twin) {
            let message = format!("Authorizer with name {} already exists for this API", self.name);
            return Err(ApiError::conflict("ConflictException", message));
        }
        if self.authorizer_type != "REQUEST" {
            return Err(invalid(format!(
                "authorizerType: {} is not for WEBSOCKET APIs, which have REQUEST only",
                self.authorizer_type
            )));
        }
        if let Some(version) = &self.authorizer_payload_format_version {
            return Err(invalid(format!(
                "authorizerPayloadFormatVersion: {version} is for HTTP APIs only, leave it out"
            )));
        }
        if self.authorizer_result_ttl_in_seconds.is_some_and(|seconds| seconds > 0) {
            return Err(invalid("authorizerResultTtlInSeconds: a WEBSOCKET API caches no results"));
        }
        if let Some(arn) = self.authorizer_credentials_arn.as_ref().filter(|arn| !arn.contains(":role/")) {
            return Err(invalid(format!("authorizerCredentialsArn: {arn} is not a role's ARN")));
        }
        self.compile("").map(drop)
    }

    fn check_delete(&self, id: &str, definition: &Definition) -> Result<(), ApiError> {
        match definition.routes.values().find(|route| route.authorizer_id.as_deref() == Some(id)) {
            Some(route) => {
                let message =
                    format!("Cannot delete Authorizer {id}: route {} refers to it", route.route_key);
                Err(ApiError::conflict("ConflictException", message))
            }
            None => Ok(()),
        }
    }
}

impl Authorizer {
    /// What the gateway needs to call it. Errors: a URI that does not name a function, or an invalid identity source.
    pub fn compile(&self, id: &str) -> Result<stage::Authorizer, ApiError> {
        let uri = self.authorizer_uri.as_deref().unwrap_or_default();
        let Some(Callee::Function(function_arn)) = uri::parse(uri) else {
            return Err(invalid(format!(
                "Invalid Authorizer URI: {uri}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation."
            )));
        };
        let sources = self.identity_source.iter().flatten();
        let identity_sources =
            sources.map(|text| IdentitySource::parse(text).map_err(|error| invalid(error.to_string())));
        Ok(stage::Authorizer {
            id: id.to_owned(),
            function_arn: function_arn.to_owned(),
            credentials_arn: self.authorizer_credentials_arn.clone(),
            identity_sources: identity_sources.collect::<Result<_, _>>()?,
        })
    }
}
