//! Integration responses: what the client gets for a backend's answer, by status.

use super::definition::Definition;
use super::resource::Resource;
use super::settings::IntegrationResponse;
use super::{expression, invalid};
use crate::protocol::ApiError;
use crate::services::apigateway::websocket::stage::{ParameterValue, ResponseKey};

impl Resource for IntegrationResponse {
    const KIND: &'static str = "IntegrationResponse";
    const ID: &'static str = "integrationResponseId";
    const COUNT_MAX: usize = 300;
    const MERGED: &'static [&'static str] = &["responseParameters"];

    fn check(&self, _: Option<&str>, _: &Definition) -> Result<(), ApiError> {
        self.key()?;
        self.subprotocol()?;
        expression::check_content_handling(self.content_handling_strategy.as_deref())?;
        let selection = self.template_selection_expression.as_deref();
        expression::check_templates("responseTemplates", self.response_templates.as_ref(), selection)
    }
}

impl IntegrationResponse {
    /// Which statuses it applies to. Fails if it is neither `$default` nor a regular expression between slashes.
    pub fn key(&self) -> Result<ResponseKey, ApiError> {
        let key = self.integration_response_key.as_str();
        if key == "$default" {
            return Ok(ResponseKey::Default);
        }
        let pattern = key.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        let pattern = pattern.filter(|pattern| !pattern.is_empty()).ok_or_else(|| {
            invalid(format!("integrationResponseKey {key} must be $default or a regular expression between slashes, such as /200/"))
        })?;
        // The whole status must match, as with `matches` of a Java pattern.
        regex_lite::Regex::new(&format!("^(?:{pattern})$"))
            .map(ResponseKey::Status)
            .map_err(|error| invalid(format!("integrationResponseKey {key}: {error}")))
    }

    /// The value mapped to the subprotocol in a handshake's answer. Errors: another header, or a value other than
    /// `'static'`, `context.{name}` and `stageVariables.{name}`.
    pub fn subprotocol(&self) -> Result<Option<ParameterValue>, ApiError> {
        let mut found = None;
        for (name, value) in self.response_parameters.iter().flatten() {
            let header = name.strip_prefix("route.response.header.").unwrap_or_default();
            if !header.eq_ignore_ascii_case("Sec-WebSocket-Protocol") {
                return Err(invalid(format!("responseParameters: {name} is not supported by the emulator")));
            }
            let quoted = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            found =
                Some(match (quoted, value.strip_prefix("context."), value.strip_prefix("stageVariables.")) {
                    (Some(text), ..) => ParameterValue::Static(text.to_owned()),
                    (_, Some(path), _) => ParameterValue::Context(path.to_owned()),
                    (.., Some(name)) => ParameterValue::StageVariable(name.to_owned()),
                    _ => {
                        return Err(invalid(format!(
                            "responseParameters[{name}]: {value} is not supported by the emulator"
                        )));
                    }
                });
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str) -> Result<ResponseKey, ApiError> {
        let response = IntegrationResponse {
            integration_response_key: key.into(),
            response_parameters: None,
            response_templates: None,
            template_selection_expression: None,
            content_handling_strategy: None,
        };
        response.key()
    }

    #[test]
    fn a_key_is_the_default_or_an_expression_between_slashes() {
        assert!(matches!(key("$default"), Ok(ResponseKey::Default)));
        let Ok(ResponseKey::Status(regex)) = key(r"/2\d\d/") else { panic!("no expression") };
        assert!(regex.is_match("204") && !regex.is_match("2040") && !regex.is_match("500"));
        assert!(key("200").is_err() && key("//").is_err() && key("/(/").is_err());
    }
}
