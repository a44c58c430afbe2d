//! The API resource.

use super::definition::{ApiRecord, Definition};
use super::expression;
use super::resource::{Resource, not_found, parse};
use super::settings::Api;
use super::{ApiGateway, Store, invalid};
use crate::protocol::id;
use crate::protocol::rest::RestCall;
use crate::protocol::{Answer, ApiError, Reply, Service, input, time};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::SystemTime;

pub const APIS_MAX: usize = 600;

impl Resource for Api {
    const KIND: &'static str = "Api";
    const ID: &'static str = "apiId";
    const COUNT_MAX: usize = APIS_MAX;
    const FIXED: &'static [&'static str] = &["protocolType", "tags"];

    fn complete(&mut self) {
        self.api_key_selection_expression.get_or_insert_with(|| "$request.header.x-api-key".into());
        self.disable_execute_api_endpoint.get_or_insert(false);
        self.ip_address_type.get_or_insert_with(|| "ipv4".into());
    }

    fn check(&self, _: Option<&str>, _: &Definition) -> Result<(), ApiError> {
        self.check_settings()
    }
}

impl Api {
    fn check_settings(&self) -> Result<(), ApiError> {
        if self.name.is_empty() || self.name.chars().count() > 128 {
            return Err(invalid("CreateApi: name must be 1 to 128 characters"));
        }
        if self.protocol_type != "WEBSOCKET" {
            let message = format!("protocolType {} is not supported by the emulator", self.protocol_type);
            return Err(invalid(format!("CreateApi: {message}, use WEBSOCKET")));
        }
        match &self.route_selection_expression {
            Some(expression) => expression::check("routeSelectionExpression", expression),
            None => Err(invalid("CreateApi: routeSelectionExpression is required for a WEBSOCKET API")),
        }
    }
}

impl ApiGateway {
    pub(super) fn create_api(&self, store: &mut Store, call: &RestCall) -> Answer {
        call.only_query(Service::ApiGateway, &[])?;
        let mut api: Api = parse("CreateApi", call.body.clone())?;
        api.complete();
        api.check_settings()?;
        if store.apis.len() >= APIS_MAX {
            return Err(invalid(format!(
                "Maximum number of APIs in the account has been reached: {APIS_MAX}"
            )));
        }
        let record = ApiRecord {
            definition: Definition::new(api),
            created: SystemTime::now(),
            deployments: BTreeMap::new(),
            stages: BTreeMap::new(),
        };
        let id = id::api();
        let view = view(&id, &record, &call.host)?;
        store.apis.insert(id, record);
        Ok(Reply::created(view))
    }

    pub(super) fn list_apis(&self, store: &Store, call: &RestCall) -> Answer {
        call.only_query(Service::ApiGateway, &[])?;
        let items = store.apis.iter().map(|(id, record)| view(id, record, &call.host));
        Ok(Reply::ok(json!({"items": items.collect::<Result<Vec<_>, _>>()?})))
    }

    pub(super) fn serve_api(&self, store: &mut Store, call: &RestCall, id: &str) -> Answer {
        call.only_query(Service::ApiGateway, &[])?;
        let record = store.apis.get_mut(id).ok_or_else(|| not_found("API", id))?;
        match call.method {
            Method::GET => Ok(Reply::ok(view(id, record, &call.host)?)),
            Method::PATCH => {
                let current = &record.definition.api;
                if let Some(fixed) = Api::FIXED.iter().find(|name| !call.body[**name].is_null()) {
                    return Err(invalid(format!("UpdateApi: {fixed} cannot be changed")));
                }
                let mut next: Api =
                    input::overlay(Service::ApiGateway, "UpdateApi", current, call.body.clone(), &[])?;
                next.complete();
                next.check_settings()?;
                record.definition.api = next;
                self.auto_deploy(id, record);
                Ok(Reply::ok(view(id, record, &call.host)?))
            }
            Method::DELETE => {
                for stage in record.stages.keys() {
                    self.gateway.unpublish(id, stage);
                }
                store.apis.remove(id);
                Ok(Reply::no_content())
            }
            _ => Err(call.unsupported(Service::ApiGateway)),
        }
    }
}

fn view(id: &str, record: &ApiRecord, host: &str) -> Result<Value, ApiError> {
    let mut document = serde_json::to_value(&record.definition.api).map_err(ApiError::internal)?;
    document["apiId"] = id.into();
    document["apiEndpoint"] = format!("ws://{host}/_aws/execute-api/{id}").into();
    document["createdDate"] = time::iso8601(record.created).into();
    Ok(document)
}
