//! Route responses: their presence makes a route two-way.

use super::definition::Definition;
use super::invalid;
use super::resource::Resource;
use crate::protocol::ApiError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings of a route response.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteResponse {
    /// `$default`
    pub route_response_key: String,
    /// Documentation only; inert.
    pub model_selection_expression: Option<String>,
    /// Documentation only; inert.
    pub response_models: Option<BTreeMap<String, String>>,
}

impl Resource for RouteResponse {
    const KIND: &'static str = "RouteResponse";
    const ID: &'static str = "routeResponseId";
    const COUNT_MAX: usize = 1;

    fn check(&self, _: Option<&str>, _: &Definition) -> Result<(), ApiError> {
        if self.route_response_key == "$default" {
            return Ok(());
        }
        Err(invalid("Currently, only $default is supported as a route response key"))
    }
}
