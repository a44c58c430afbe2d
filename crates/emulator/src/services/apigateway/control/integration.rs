//! Integrations: what a route calls. Kinesis service actions and MOCK; others are refused by name.

use super::definition::Definition;
use super::resource::Resource;
use super::settings::Integration;
use super::{expression, invalid};
use crate::protocol::ApiError;
use crate::services::apigateway::websocket::stage::{KinesisAction, Passthrough, Target};
use serde_json::{Value, json};

/// Timeout of an integration, in milliseconds, at least.
pub const TIMEOUT_MS_MIN: u64 = 50;
/// At most; also the default of a WebSocket API.
pub const TIMEOUT_MS_MAX: u64 = 29_000;

/// The only request parameter that changes nothing: Kinesis always gets this content type.
const CONTENT_TYPE_PARAMETER: (&str, &str) =
    ("integration.request.header.Content-Type", "'application/x-amz-json-1.1'");

impl Resource for Integration {
    const KIND: &'static str = "Integration";
    const ID: &'static str = "integrationId";
    const COUNT_MAX: usize = 300;
    const MERGED: &'static [&'static str] = &["requestParameters"];

    fn complete(&mut self) {
        self.connection_type.get_or_insert_with(|| "INTERNET".into());
        self.passthrough_behavior.get_or_insert_with(|| "WHEN_NO_MATCH".into());
        self.payload_format_version.get_or_insert_with(|| "1.0".into());
        self.timeout_in_millis.get_or_insert(TIMEOUT_MS_MAX);
    }

    fn check(&self, _: Option<&str>, _: &Definition) -> Result<(), ApiError> {
        self.target()?;
        self.passthrough()?;
        self.timeout_ms()?;
        if self.connection_type.as_deref() != Some("INTERNET") {
            return Err(unsupported("connectionType", self.connection_type.as_deref()));
        }
        if self.payload_format_version.as_deref() != Some("1.0") {
            return Err(invalid("payloadFormatVersion: a WEBSOCKET API supports 1.0 only"));
        }
        for (name, value) in self.request_parameters.iter().flatten() {
            if (name.as_str(), value.as_str()) != CONTENT_TYPE_PARAMETER {
                return Err(unsupported("requestParameters", Some(name)));
            }
        }
        let selection = self.template_selection_expression.as_deref();
        expression::templates("requestTemplates", self.request_templates.as_ref(), selection).map(drop)
    }

    fn check_delete(&self, id: &str, definition: &Definition) -> Result<(), ApiError> {
        let target = format!("integrations/{id}");
        let user = definition.routes.values().find(|route| route.target.as_deref() == Some(&target));
        match user {
            Some(route) => {
                let message =
                    format!("Cannot delete Integration {id}: it is the target of route {}", route.route_key);
                Err(ApiError::conflict("ConflictException", message))
            }
            None => Ok(()),
        }
    }

    fn computed(&self) -> Value {
        json!({"integrationResponseSelectionExpression": "${integration.response.statuscode}"})
    }
}

impl Integration {
    /// What it calls. Errors: a type, method or URI that this emulator does not support, or a missing role.
    pub fn target(&self) -> Result<Target, ApiError> {
        match self.integration_type.as_str() {
            "MOCK" => Ok(Target::Mock),
            "AWS" => {
                let uri = self.integration_uri.as_deref().unwrap_or_default();
                let action = match service_action(uri) {
                    Some(("kinesis", "PutRecord")) => KinesisAction::PutRecord,
                    Some(("kinesis", "PutRecords")) => KinesisAction::PutRecords,
                    _ => return Err(unsupported("integrationUri", Some(uri))),
                };
                match self.integration_method.as_deref() {
                    Some("POST") => {}
                    None => return Err(invalid("integrationMethod is required for an AWS integration")),
                    other => return Err(unsupported("integrationMethod", other)),
                }
                let role_arn = self.credentials_arn.clone().filter(|arn| arn.contains(":role/"));
                let role_arn = role_arn.ok_or_else(|| {
                    invalid("credentialsArn: the role that the gateway acts as is required for an AWS service action")
                })?;
                Ok(Target::Kinesis { action, role_arn })
            }
            other => Err(unsupported("integrationType", Some(other))),
        }
    }

    /// Errors: a value that AWS does not know.
    pub fn passthrough(&self) -> Result<Passthrough, ApiError> {
        match self.passthrough_behavior.as_deref() {
            None | Some("WHEN_NO_MATCH") => Ok(Passthrough::WhenNoMatch),
            Some("WHEN_NO_TEMPLATES") => Ok(Passthrough::WhenNoTemplates),
            Some("NEVER") => Ok(Passthrough::Never),
            Some(other) => {
                Err(invalid(format!("passthroughBehavior: {other} is not a passthrough behavior")))
            }
        }
    }

    /// The timeout, in milliseconds. Fails if it is out of range.
    pub fn timeout_ms(&self) -> Result<u64, ApiError> {
        let timeout = self.timeout_in_millis.unwrap_or(TIMEOUT_MS_MAX);
        if (TIMEOUT_MS_MIN..=TIMEOUT_MS_MAX).contains(&timeout) {
            return Ok(timeout);
        }
        Err(invalid(format!("Timeout should be between {TIMEOUT_MS_MIN} ms and {TIMEOUT_MS_MAX} ms")))
    }
}

/// Service and action of `arn:{partition}:apigateway:{region}:{service}:action/{action}`.
fn service_action(uri: &str) -> Option<(&str, &str)> {
    let mut parts = uri.splitn(6, ':');
    let is_gateway = parts.next() == Some("arn") && parts.nth(1) == Some("apigateway");
    let (_region, service) = (parts.next()?, parts.next()?);
    let action = parts.next()?.strip_prefix("action/")?;
    is_gateway.then_some((service, action))
}

fn unsupported(member: &str, value: Option<&str>) -> ApiError {
    let value = value.unwrap_or("none");
    invalid(format!("{member}: {value} is not supported by the emulator"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_action_is_read_from_its_uri() {
        assert_eq!(
            service_action("arn:aws:apigateway:eu-west-1:kinesis:action/PutRecord"),
            Some(("kinesis", "PutRecord"))
        );
        assert_eq!(service_action("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/x"), None);
        assert_eq!(service_action("https://example.com"), None);
    }
}
