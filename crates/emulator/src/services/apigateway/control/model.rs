//! Models: JSON schemas that request bodies are validated against.

use super::definition::Definition;
use super::invalid;
use super::resource::Resource;
use super::settings::Model;
use crate::protocol::ApiError;

/// Characters of a schema, at most (the API's model).
pub const SCHEMA_CHARS_MAX: usize = 32_768;

impl Resource for Model {
    const KIND: &'static str = "Model";
    const ID: &'static str = "modelId";
    const COUNT_MAX: usize = 300;

    fn complete(&mut self) {
        self.content_type.get_or_insert_with(|| "application/json".into());
    }

    fn check(&self, id: Option<&str>, definition: &Definition) -> Result<(), ApiError> {
        if self.name.is_empty() || !self.name.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(invalid(format!("Model name must be alphanumeric: {}", self.name)));
        }
        if self.content_type.as_deref() != Some("application/json") {
            return Err(invalid("contentType: only application/json is supported by the emulator"));
        }
        let twin = definition
            .models
            .iter()
            .find(|(other, model)| model.name == self.name && Some(other.as_str()) != id);
        if twin.is_some() {
            let message = format!("Model name already exists for this API: {}", self.name);
            return Err(ApiError::conflict("ConflictException", message));
        }
        self.compile().map(drop)
    }

    fn check_delete(&self, _: &str, definition: &Definition) -> Result<(), ApiError> {
        let uses = |models: &Option<std::collections::BTreeMap<String, String>>| {
            models.iter().flatten().any(|(_, name)| *name == self.name)
        };
        match definition.routes.values().find(|route| uses(&route.request_models)) {
            Some(route) => {
                let message =
                    format!("Cannot delete model {}: route {} refers to it", self.name, route.route_key);
                Err(ApiError::conflict("ConflictException", message))
            }
            None => Ok(()),
        }
    }
}

impl Model {
    /// The compiled schema. Fails if it is not JSON, or not a schema.
    pub fn compile(&self) -> Result<jsonschema::Validator, ApiError> {
        if self.schema.chars().count() > SCHEMA_CHARS_MAX {
            return Err(invalid(format!("schema: longer than {SCHEMA_CHARS_MAX} characters")));
        }
        let refuse = |error: String| {
            invalid(format!("Invalid model specified: Validation Result: errors : [{error}]"))
        };
        let schema: serde_json::Value =
            serde_json::from_str(&self.schema).map_err(|error| refuse(error.to_string()))?;
        jsonschema::options()
            .with_draft(jsonschema::Draft::Draft4)
            .build(&schema)
            .map_err(|error| refuse(error.to_string()))
    }
}
