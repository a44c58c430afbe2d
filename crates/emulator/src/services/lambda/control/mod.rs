//! Lambda's control plane: functions from zips, and the event source mappings that invoke them.

mod checks;
pub mod code;
mod create_function;
mod function;
mod invoke;
mod mapping;
mod mapping_check;
mod mapping_settings;
mod policy;
pub mod settings;
mod settings_check;
mod tagging;

pub use create_function::PRINCIPAL;
pub use function::Function;
pub use invoke::PAYLOAD_BYTES_MAX;
pub(crate) use invoke::{invoked, refuse as refuse_invocation};
pub use mapping::Mapping;

use crate::core::account::Account;
use crate::protocol::rest::RestCall;
use crate::protocol::{Answer, ApiError, Reply, Service, input};
use crate::services::iam::Iam;
use crate::services::kinesis::Streams;
use crate::services::lambda::event_source_mapping::Mappings;
use crate::services::lambda::invocation::Functions;
use crate::services::logs::Logs;
use http::Method;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub struct Lambda {
    account: Account,
    iam: Arc<Iam>,
    logs: Arc<Logs>,
    /// Changed, like the mappings, under the store's lock, and so in the order of the changes: they neither block nor
    /// call back.
    functions: Functions,
    mappings: Mappings,
    streams: Streams,
    data_dir: PathBuf,
    store: Mutex<Store>,
}

pub struct Deps {
    pub account: Account,
    /// Has the functions' roles and policies.
    pub iam: Arc<Iam>,
    /// Has the functions' log groups.
    pub logs: Arc<Logs>,
    pub functions: Functions,
    pub mappings: Mappings,
    /// The mappings' sources.
    pub streams: Streams,
    /// Where code is unpacked.
    pub data_dir: PathBuf,
}

#[derive(Debug, Default)]
pub struct Store {
    /// By name.
    pub functions: BTreeMap<String, Function>,
    /// By UUID.
    pub mappings: BTreeMap<String, Mapping>,
}

impl Lambda {
    pub fn new(deps: Deps) -> Self {
        let Deps { account, iam, logs, functions, mappings, streams, data_dir } = deps;
        Self { account, iam, logs, functions, mappings, streams, data_dir, store: Mutex::default() }
    }

    pub async fn handle(&self, call: &RestCall) -> Answer {
        match (&call.method, call.path().as_slice()) {
            (&Method::POST, ["2015-03-31", "functions"]) => self.create_function(call).await,
            (&Method::PUT, ["2015-03-31", "functions", name, "code"]) => self.update_code(call, name).await,
            (&Method::POST, ["2015-03-31", "event-source-mappings"]) => self.create_mapping(call).await,
            _ => self.handle_at_once(call),
        }
    }

    // long: a table of routes: method and path to operation, one arm each
    fn handle_at_once(&self, call: &RestCall) -> Answer {
        let mut store = self.store.lock();
        let store = &mut *store;
        self.forget_deleted_mappings(store);
        match (&call.method, call.path().as_slice()) {
            (&Method::GET, ["2015-03-31", "functions"]) => {
                call.only_query(Service::Lambda, &[])?;
                self.list_functions(store)
            }
            (&Method::GET, ["2015-03-31", "functions", name]) => {
                latest(call)?;
                self.get_function(store, name)
            }
            (&Method::DELETE, ["2015-03-31", "functions", name]) => {
                latest(call)?;
                self.delete_function(store, name)
            }
            (&Method::GET, ["2015-03-31", "functions", name, "configuration"]) => {
                latest(call)?;
                Ok(Reply::ok(store.function(name, &self.account)?.view(&self.account)))
            }
            (&Method::PUT, ["2015-03-31", "functions", name, "configuration"]) => {
                self.update_configuration(store, call, name)
            }
            (&Method::GET, ["2015-03-31", "functions", name, "versions"]) => self.list_versions(store, name),
            (&Method::GET, ["2015-03-31", "functions", name, "policy"]) => {
                latest(call)?;
                self.get_policy(store, name)
            }
            (&Method::POST, ["2015-03-31", "functions", name, "policy"]) => {
                latest(call)?;
                self.add_permission(store, call, name)
            }
            (&Method::DELETE, ["2015-03-31", "functions", name, "policy", statement]) => {
                self.remove_permission(store, call, name, statement)
            }
            (&Method::GET, ["2020-06-30", "functions", name, "code-signing-config"]) => {
                let name = &store.function(name, &self.account)?.name;
                Ok(Reply::ok(json!({"CodeSigningConfigArn": "", "FunctionName": name})))
            }
            (&Method::GET, ["2019-09-30", "functions", name, "concurrency"]) => {
                let reserved = store.function(name, &self.account)?.reserved_concurrency;
                Ok(Reply::ok(json!({"ReservedConcurrentExecutions": reserved})))
            }
            (&Method::PUT, ["2017-10-31", "functions", name, "concurrency"]) => {
                self.put_concurrency(store, call, name)
            }
            (&Method::DELETE, ["2017-10-31", "functions", name, "concurrency"]) => {
                self.delete_concurrency(store, name)
            }
            (&Method::GET, ["2015-03-31", "event-source-mappings"]) => self.list_mappings(store, call),
            (&Method::GET, ["2015-03-31", "event-source-mappings", uuid]) => self.get_mapping(store, uuid),
            (&Method::PUT, ["2015-03-31", "event-source-mappings", uuid]) => {
                self.update_mapping(store, call, uuid)
            }
            (&Method::DELETE, ["2015-03-31", "event-source-mappings", uuid]) => {
                self.delete_mapping(store, uuid)
            }
            (_, ["2017-03-31", "tags", arn]) => self.serve_tags(store, call, arn),
            _ => Err(call.unsupported(Service::Lambda)),
        }
    }

    /// Registers a function with the function host. Its log group is created first if its role may create it; on AWS
    /// that happens when the function first logs.
    fn publish(&self, function: &Function) {
        let config = function.config();
        let arn = self.account.arn("logs", &format!("log-group:{}", config.log_group));
        if self.iam.may(&config.role_arn, "logs:CreateLogGroup", &arn) {
            self.logs.ensure_group(&config.log_group);
        }
        self.functions.put(config);
    }

    pub fn inspect<T>(&self, look: impl FnOnce(&Store) -> T) -> T {
        look(&self.store.lock())
    }
}

impl Store {
    /// The function with a name or ARN.
    fn function(&self, reference: &str, account: &Account) -> Result<&Function, ApiError> {
        let name = function_name(reference);
        self.functions.get(name).ok_or_else(|| no_function(account, name))
    }

    fn function_mut(&mut self, reference: &str, account: &Account) -> Result<&mut Function, ApiError> {
        let name = function_name(reference);
        self.functions.get_mut(name).ok_or_else(|| no_function(account, name))
    }

    fn mapping(&self, uuid: &str) -> Result<&Mapping, ApiError> {
        self.mappings.get(uuid).ok_or_else(no_mapping)
    }

    fn mapping_mut(&mut self, uuid: &str) -> Result<&mut Mapping, ApiError> {
        self.mappings.get_mut(uuid).ok_or_else(no_mapping)
    }
}

/// The name in a function's name, partial ARN or ARN, with or without `:$LATEST`.
fn function_name(reference: &str) -> &str {
    let name = reference.rsplit_once("function:").map_or(reference, |(_, name)| name);
    name.split(':').next().unwrap_or(name)
}

/// There is one version; requests for others are refused.
fn latest(call: &RestCall) -> Result<(), ApiError> {
    call.only_query(Service::Lambda, &["Qualifier"])?;
    match call.query_value("Qualifier") {
        None | Some("$LATEST") => Ok(()),
        Some(other) => Err(invalid(format!(
            "Qualifier: {other} is not supported by the emulator, which has $LATEST only"
        ))),
    }
}

fn no_function(account: &Account, name: &str) -> ApiError {
    let message = format!("Function not found: {}", account.function_arn(name));
    ApiError::not_found("ResourceNotFoundException", message)
}

fn no_mapping() -> ApiError {
    ApiError::not_found("ResourceNotFoundException", "The resource you requested does not exist.")
}

fn parse<T: DeserializeOwned>(operation: &str, document: Value) -> Result<T, ApiError> {
    input::parse(Service::Lambda, operation, document)
}

fn invalid(message: impl Into<String>) -> ApiError {
    Service::Lambda.invalid(message)
}
