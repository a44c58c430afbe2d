//! Compiles a deployment's snapshot and a stage's settings into what the gateway serves.

use super::definition::Definition;
use super::settings;
use super::settings::StageSettings;
use super::{expression, invalid};
use crate::protocol::ApiError;
use crate::services::apigateway::websocket::selection::SelectionExpression;
use crate::services::apigateway::websocket::stage::{
    Integration, IntegrationResponse, RequestModel, RequestModels, Route, Stage,
};
use std::collections::HashMap;
use std::sync::Arc;

/// Compiles a stage. Fails with `BadRequestException` that names what cannot be served. Resources were checked when
/// they were created, so these are problems of the whole: no routes, or settings of a missing route.
pub fn stage(
    api_id: &str,
    name: &str,
    definition: &Definition,
    settings: &StageSettings,
) -> Result<Stage, ApiError> {
    if definition.routes.is_empty() {
        return Err(invalid("Unable to deploy API because no routes exist in this API"));
    }
    let integrations = integrations(definition)?;
    let mut routes = HashMap::new();
    for (id, source) in &definition.routes {
        let route = Route {
            key: source.route_key.clone(),
            authorization: source.authorization(definition)?,
            request_models: request_models(definition, source)?,
            integration: source.integration_id().and_then(|id| integrations.get(id)).cloned(),
            two_way: definition.route_responses.get(id).is_some_and(|responses| !responses.is_empty()),
            throttle: settings.route_throttle(&source.route_key),
        };
        routes.insert(source.route_key.clone(), Arc::new(route));
    }
    if let Some(key) =
        settings.route_settings.iter().flatten().map(|(key, _)| key).find(|key| !routes.contains_key(*key))
    {
        return Err(invalid(format!("Unable to find Route by key {key} within the provided RouteSettings")));
    }
    Ok(Stage {
        api_id: api_id.to_owned(),
        name: name.to_owned(),
        route_selection_expression: route_selection(definition)?,
        routes,
        variables: settings.stage_variables.clone().unwrap_or_default(),
        default_throttle: settings.default_throttle().unwrap_or_default(),
        access_log: settings.access_log()?,
        default_endpoint_disabled: definition.api.disable_execute_api_endpoint == Some(true),
    })
}

fn route_selection(definition: &Definition) -> Result<SelectionExpression, ApiError> {
    let text = definition.api.route_selection_expression.as_deref().unwrap_or_default();
    expression::parse("routeSelectionExpression", text)
}

fn request_models(definition: &Definition, route: &settings::Route) -> Result<RequestModels, ApiError> {
    let compiled = route.models(definition)?.into_iter().map(|(key, model)| {
        Ok((key.to_owned(), RequestModel { name: model.name.clone(), schema: model.compile()? }))
    });
    Ok(RequestModels { selection: route.model_selection()?, by_key: compiled.collect::<Result<_, _>>()? })
}

fn integrations(definition: &Definition) -> Result<HashMap<&str, Arc<Integration>>, ApiError> {
    let mut compiled = HashMap::new();
    for (id, source) in &definition.integrations {
        let selection = source.template_selection_expression.as_deref();
        let integration = Integration {
            id: id.clone(),
            target: source.target()?,
            request_templates: expression::templates(
                "requestTemplates",
                source.request_templates.as_ref(),
                selection,
            )?,
            passthrough: source.passthrough()?,
            timeout_ms: source.timeout_ms()?,
            responses: responses(definition, id)?,
        };
        compiled.insert(id.as_str(), Arc::new(integration));
    }
    Ok(compiled)
}

/// In the order of their keys.
fn responses(definition: &Definition, integration_id: &str) -> Result<Vec<IntegrationResponse>, ApiError> {
    let sources = definition.integration_responses.get(integration_id);
    let mut sources: Vec<_> = sources.into_iter().flat_map(|responses| responses.values()).collect();
    sources.sort_by(|a, b| a.integration_response_key.cmp(&b.integration_response_key));
    let compiled = sources.into_iter().map(|source| {
        let selection = source.template_selection_expression.as_deref();
        let templates =
            expression::templates("responseTemplates", source.response_templates.as_ref(), selection)?;
        Ok(IntegrationResponse { key: source.key()?, templates, subprotocol: source.subprotocol()? })
    });
    compiled.collect()
}
