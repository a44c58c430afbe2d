//! Integrations: what a route calls. Kinesis service actions, Lambda functions, SQS queues and MOCK; the others are refused
//! by name.

use super::definition::Definition;
use super::resource::Resource;
use super::settings::Integration;
use super::uri::Callee;
use super::{expression, invalid, uri};
use crate::protocol::ApiError;
use crate::services::apigateway::websocket::stage::{Function, KinesisAction, Passthrough, Target};
use serde_json::{Value, json};

/// Timeout of an integration, in milliseconds, at least.
pub const TIMEOUT_MS_MIN: u64 = 50;
/// At most; also the default of a WebSocket API.
pub const TIMEOUT_MS_MAX: u64 = 29_000;

/// The one request parameter that changes nothing, where its value is what the service is sent anyway.
const CONTENT_TYPE: &str = "integration.request.header.Content-Type";

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
        if self.calls_function() {
            self.integration_method.get_or_insert_with(|| "POST".into());
        }
    }

    fn check(&self, _: Option<&str>, _: &Definition) -> Result<(), ApiError> {
        let target = self.target()?;
        self.passthrough()?;
        expression::check_content_handling(self.content_handling_strategy.as_deref())?;
        self.timeout_ms()?;
        if self.connection_type.as_deref() != Some("INTERNET") {
            return Err(unsupported("connectionType", self.connection_type.as_deref()));
        }
        if self.payload_format_version.as_deref() != Some("1.0") {
            return Err(invalid("payloadFormatVersion: a WEBSOCKET API supports 1.0 only"));
        }
        for (name, value) in self.request_parameters.iter().flatten() {
            if (name.as_str(), Some(value.as_str())) != (CONTENT_TYPE, content_type(&target)) {
                return Err(unsupported("requestParameters", Some(name)));
            }
        }
        let selection = self.template_selection_expression.as_deref();
        expression::check_templates("requestTemplates", self.request_templates.as_ref(), selection)
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
        let kind = self.integration_type.as_str();
        if kind == "MOCK" {
            return Ok(Target::Mock);
        }
        if !matches!(kind, "AWS" | "AWS_PROXY") {
            return Err(unsupported("integrationType", Some(kind)));
        }
        let uri = self.integration_uri.as_deref().unwrap_or_default();
        let callee = uri::parse(uri);
        if kind == "AWS_PROXY" && !matches!(callee, Some(Callee::Function(_))) {
            return Err(invalid(format!(
                "integrationUri: {uri} is not the invocation of a Lambda function, which is all that AWS_PROXY calls"
            )));
        }
        let target = match callee {
            Some(Callee::Function(arn)) => Target::Function(Function {
                arn: arn.to_owned(),
                credentials_arn: self.credentials_arn.as_ref().map(|_| self.role()).transpose()?,
                is_proxy: kind == "AWS_PROXY",
            }),
            Some(Callee::Action("kinesis", "PutRecord")) => {
                Target::Kinesis { action: KinesisAction::PutRecord, role_arn: self.role()? }
            }
            Some(Callee::Action("kinesis", "PutRecords")) => {
                Target::Kinesis { action: KinesisAction::PutRecords, role_arn: self.role()? }
            }
            Some(Callee::Queue(account_id, name)) => Target::Queue {
                account_id: account_id.to_owned(),
                name: name.to_owned(),
                role_arn: self.role()?,
            },
            _ => return Err(unsupported("integrationUri", Some(uri))),
        };
        match self.integration_method.as_deref() {
            Some("POST") => Ok(target),
            None => Err(invalid("integrationMethod is required for an AWS integration")),
            other => Err(unsupported("integrationMethod", other)),
        }
    }

    fn role(&self) -> Result<String, ApiError> {
        match &self.credentials_arn {
            Some(arn) if arn.contains(":role/") => Ok(arn.clone()),
            None => Err(invalid(
                "credentialsArn: the role that the gateway acts as is required for an AWS service action",
            )),
            other => Err(unsupported("credentialsArn", other.as_deref())),
        }
    }

    fn calls_function(&self) -> bool {
        matches!(uri::parse(self.integration_uri.as_deref().unwrap_or_default()), Some(Callee::Function(_)))
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

/// What a service is sent in any case, as a request parameter says it.
fn content_type(target: &Target) -> Option<&'static str> {
    match target {
        Target::Kinesis { .. } => Some("'application/x-amz-json-1.1'"),
        Target::Queue { .. } => Some("'application/x-www-form-urlencoded'"),
        Target::Function(_) | Target::Mock => None,
    }
}

fn unsupported(member: &str, value: Option<&str>) -> ApiError {
    let value = value.unwrap_or("none");
    invalid(format!("{member}: {value} is not supported by the emulator"))
}
