//! Routes: which messages go to which integration.

use super::definition::Definition;
use super::resource::Resource;
use super::settings::{Model, Route};
use super::{expression, invalid};
use crate::protocol::ApiError;
use crate::services::apigateway::websocket::selection::SelectionExpression;
use crate::services::apigateway::websocket::stage::Authorization;

/// Prefix of the predefined routes' keys.
const PREDEFINED_KEYS: [&str; 3] = ["$connect", "$disconnect", "$default"];
const MODEL_KEY_DEFAULT: &str = "$default";

impl Resource for Route {
    const KIND: &'static str = "Route";
    const ID: &'static str = "routeId";
    const COUNT_MAX: usize = 300;
    const NEVER_EMPTY: &'static [&'static str] = &["routeResponseSelectionExpression"];

    fn complete(&mut self) {
        self.authorization_type.get_or_insert_with(|| "NONE".into());
        self.api_key_required.get_or_insert(false);
    }

    fn check(&self, id: Option<&str>, definition: &Definition) -> Result<(), ApiError> {
        let key = self.route_key.as_str();
        if key.is_empty() || (key.starts_with('$') && !PREDEFINED_KEYS.contains(&key)) {
            return Err(invalid(format!(
                "The provided route key is not valid: {key}. A key of your own may not begin with $"
            )));
        }
        let twin = definition
            .routes
            .iter()
            .any(|(other, route)| route.route_key == key && Some(other.as_str()) != id);
        if twin {
            let message = format!("Route with key {key} already exists for this API");
            return Err(ApiError::conflict("ConflictException", message));
        }
        self.authorization(definition)?;
        if self.api_key_required == Some(true) {
            return Err(invalid("apiKeyRequired: API keys are not supported by the emulator"));
        }
        if let Some(expression) = self.route_response_selection_expression.as_deref()
            && expression != "$default"
        {
            return Err(invalid(
                "Currently, only $default is supported as a route response selection expression",
            ));
        }
        if let Some(target) = &self.target
            && self.integration_id().is_none_or(|id| !definition.integrations.contains_key(id))
        {
            return Err(invalid(format!("target: no integration of this API is called {target}")));
        }
        self.model_selection()?;
        self.models(definition).map(drop)
    }
}

impl Route {
    pub fn integration_id(&self) -> Option<&str> {
        self.target.as_deref()?.strip_prefix("integrations/")
    }

    /// Who may connect. Errors: a type that this route cannot have, or a missing authorizer.
    pub fn authorization(&self, definition: &Definition) -> Result<Authorization, ApiError> {
        let kind = self.authorization_type.as_deref().unwrap_or("NONE");
        match kind {
            "NONE" => Ok(Authorization::None),
            "AWS_IAM" | "CUSTOM" if self.route_key != "$connect" => {
                Err(invalid("Currently, authorization is restricted to the $connect route only"))
            }
            "AWS_IAM" => Ok(Authorization::Iam),
            "CUSTOM" => {
                let id = self.authorizer_id.as_deref().unwrap_or_default();
                let authorizer = definition.authorizers.get(id);
                let authorizer = authorizer.ok_or_else(|| {
                    invalid(format!("authorizerId: no authorizer of this API has the id {id:?}, and authorizationType CUSTOM needs one"))
                })?;
                Ok(Authorization::Custom(authorizer.compile(id)?))
            }
            other => Err(invalid(format!("authorizationType: {other} is not for WEBSOCKET APIs"))),
        }
    }

    /// The models that its bodies must satisfy, each by its key.
    ///
    /// # Errors
    /// A model that the API does not have.
    pub fn models<'a>(&'a self, definition: &'a Definition) -> Result<Vec<(&'a str, &'a Model)>, ApiError> {
        let named = self.request_models.iter().flatten().map(|(key, name)| {
            let model = definition.model(name);
            let model =
                model.ok_or_else(|| invalid(format!("Invalid model identifier specified: {name}")))?;
            Ok((key.as_str(), model))
        });
        named.collect()
    }

    /// What chooses one of them.
    ///
    /// # Errors
    /// No selection expression.
    pub fn model_selection(&self) -> Result<Option<SelectionExpression>, ApiError> {
        // AWS takes the key as it is for what `\$default` says elsewhere.
        let text = self.model_selection_expression.as_deref().filter(|text| *text != MODEL_KEY_DEFAULT);
        text.map(|text| expression::parse("modelSelectionExpression", text)).transpose()
    }
}
