//! API Gateway v2: resources that can be edited at any time; only deployments of them are served.

mod account;
mod api;
mod authorizer;
mod compile;
pub mod definition;
mod deployment;
mod expression;
mod integration;
mod integration_response;
mod model;
pub mod resource;
mod route;
mod route_response;
pub mod settings;
mod stage;
mod stage_settings;
mod tagging;
mod uri;

pub use account::PRINCIPAL;

use crate::core::account::Account;
use crate::protocol::rest::RestCall;
use crate::protocol::{Answer, ApiError, Service};
use crate::services::apigateway::websocket::Gateway;
use crate::services::iam::Iam;
use definition::ApiRecord;
use http::Method;
use parking_lot::Mutex;
use resource::{find, not_found, serve};
use stage::StagePart;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Collections under `/v2/` that this emulator does not have, and their resources' names.
const REFUSED_COLLECTIONS: [(&str, &str); 3] =
    [("domainnames", "DomainName"), ("vpclinks", "VpcLink"), ("portals", "Portal")];

pub struct ApiGateway {
    account: Account,
    iam: Arc<Iam>,
    /// Published to under the store's lock, and so in the order of the changes: it neither blocks nor calls back.
    gateway: Gateway,
    store: Mutex<Store>,
}

#[derive(Debug, Default)]
pub struct Store {
    pub apis: BTreeMap<String, ApiRecord>,
    pub cloudwatch_role_arn: Option<String>,
}

impl ApiGateway {
    /// A region without APIs, whose stages `gateway` serves.
    pub fn new(account: Account, iam: Arc<Iam>, gateway: Gateway) -> Self {
        Self { account, iam, gateway, store: Mutex::default() }
    }

    pub fn handle(&self, call: &RestCall) -> Answer {
        let mut store = self.store.lock();
        let path = call.path();
        match (&call.method, path.as_slice()) {
            (_, ["account"]) => self.serve_account(&mut store, call),
            (&Method::POST, ["v2", "apis"]) => self.create_api(&mut store, call),
            (&Method::GET, ["v2", "apis"]) => self.list_apis(&store, call),
            (_, ["v2", "apis", api]) => self.serve_api(&mut store, call, api),
            (_, ["v2", "apis", api, rest @ ..]) => {
                let account_logs = store.cloudwatch_role_arn.is_some();
                let record = store.apis.get_mut(*api).ok_or_else(|| not_found("API", api))?;
                self.serve_part(account_logs, api, record, call, rest)
            }
            (_, ["v2", "tags", arn]) => self.serve_tags(&mut store, call, arn),
            (_, ["v2", collection, rest @ ..]) => Err(refused(call, collection, rest.len())),
            _ => Err(call.unsupported(Service::ApiGateway)),
        }
    }

    /// Refuses an integration or authorizer in another region, which AWS would call there.
    fn check_region(&self, call: &RestCall) -> Result<(), ApiError> {
        let own = self.account.region();
        for member in ["integrationUri", "authorizerUri"] {
            let uri = call.body[member].as_str().unwrap_or_default();
            if let Some(region) = uri::regions(uri).find(|region| *region != own) {
                return Err(invalid(format!(
                    "{member}: {uri} is in {region}, and this emulator, which is in {own}, has no other region"
                )));
            }
        }
        Ok(())
    }

    fn serve_part(
        &self,
        account_logs: bool,
        api: &str,
        record: &mut ApiRecord,
        call: &RestCall,
        path: &[&str],
    ) -> Answer {
        self.check_region(call)?;
        match path {
            ["deployments"] => self.serve_deployments(api, record, call, None),
            ["deployments", id] => self.serve_deployments(api, record, call, Some(id)),
            ["stages"] => self.serve_stages(account_logs, api, record, call, None),
            ["stages", name] => self.serve_stages(account_logs, api, record, call, Some(name)),
            ["stages", name, "accesslogsettings"] if call.method == Method::DELETE => {
                self.delete_stage_part(api, record, name, StagePart::AccessLogs)
            }
            ["stages", name, "routesettings", key] if call.method == Method::DELETE => {
                self.delete_stage_part(api, record, name, StagePart::Route(key))
            }
            _ => {
                let answer = serve_definition(record, call, path);
                if answer.is_ok() && call.method != Method::GET {
                    self.auto_deploy(api, record);
                }
                answer
            }
        }
    }

    pub fn inspect<T>(&self, look: impl FnOnce(&Store) -> T) -> T {
        look(&self.store.lock())
    }
}

/// The resources that deployments take snapshots of.
fn serve_definition(record: &mut ApiRecord, call: &RestCall, path: &[&str]) -> Answer {
    let before = record.definition.clone();
    let definition = &mut record.definition;
    let deletes = call.method == Method::DELETE;
    match path {
        ["routes"] => serve(&mut definition.routes, &before, call, None),
        ["routes", id] => {
            let answer = serve(&mut definition.routes, &before, call, Some(id))?;
            if deletes {
                definition.route_responses.remove(*id);
            }
            Ok(answer)
        }
        ["routes", route, "routeresponses", rest @ ..] => {
            find(&definition.routes, route)?;
            let responses = definition.route_responses.entry((*route).to_owned()).or_default();
            serve(responses, &before, call, only(rest, call)?)
        }
        ["integrations"] => serve(&mut definition.integrations, &before, call, None),
        ["integrations", id] => {
            let answer = serve(&mut definition.integrations, &before, call, Some(id))?;
            if deletes {
                definition.integration_responses.remove(*id);
            }
            Ok(answer)
        }
        ["integrations", integration, "integrationresponses", rest @ ..] => {
            find(&definition.integrations, integration)?;
            let responses = definition.integration_responses.entry((*integration).to_owned()).or_default();
            serve(responses, &before, call, only(rest, call)?)
        }
        ["authorizers"] => serve(&mut definition.authorizers, &before, call, None),
        ["authorizers", id] => serve(&mut definition.authorizers, &before, call, Some(id)),
        ["models"] => serve(&mut definition.models, &before, call, None),
        ["models", id] => serve(&mut definition.models, &before, call, Some(id)),
        _ => Err(call.unsupported(Service::ApiGateway)),
    }
}

/// The id at the end of a path, if nothing follows it.
fn only<'a>(rest: &[&'a str], call: &RestCall) -> Result<Option<&'a str>, ApiError> {
    match rest {
        [] => Ok(None),
        [id] => Ok(Some(id)),
        _ => Err(call.unsupported(Service::ApiGateway)),
    }
}

/// Refuses a collection, by the name of the operation that was called.
fn refused(call: &RestCall, collection: &str, ids: usize) -> ApiError {
    let kind = match REFUSED_COLLECTIONS.iter().find(|(name, _)| *name == collection) {
        Some((_, "DomainName")) if ids > 1 => "ApiMapping",
        Some((_, kind)) => kind,
        None => return call.unsupported(Service::ApiGateway),
    };
    let verb = match call.method {
        Method::POST => "Create",
        Method::PATCH | Method::PUT => "Update",
        Method::DELETE => "Delete",
        _ => "Get",
    };
    ApiError::unsupported_operation("apigatewayv2", &format!("{verb}{kind}"))
}

fn invalid(message: impl Into<String>) -> ApiError {
    Service::ApiGateway.invalid(message)
}
