//! Lambda: functions from zips, their versions and aliases, and the event source mappings that feed them.

mod alias;
mod alias_check;
mod alias_operations;
mod checks;
pub mod code;
mod concurrency;
mod configuration;
mod create_function;
mod function;
mod invoke;
mod listing;
mod mapping;
mod mapping_check;
mod mapping_settings;
mod policy;
mod provisioned;
mod provisioned_concurrency;
mod reference;
mod resource_policy;
pub mod settings;
mod settings_check;
mod status;
mod tagging;
mod version;
mod version_operations;
mod view;

pub use alias::Alias;
pub use configuration::Configuration;
pub use create_function::PRINCIPAL;
pub use function::Function;
pub use invoke::PAYLOAD_BYTES_MAX;
pub(crate) use invoke::{invoked, refuse as refuse_invocation};
pub use mapping::Mapping;
pub use status::SETTLE_TIME;
pub use version::Version;

use crate::core::account::Account;
use crate::protocol::rest::RestCall;
use crate::protocol::{Answer, ApiError, Reply, Service, input};
use crate::services::iam::Iam;
use crate::services::kinesis::Streams;
use crate::services::lambda::event_source_mapping::Mappings;
use crate::services::lambda::invocation::Functions;
use crate::services::lambda::invocation::config::LATEST;
use crate::services::logs::Logs;
use http::Method;
use parking_lot::Mutex;
use reference::{NameForm, Reference};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use view::View;

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
    settle_time: Duration,
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
    /// How long a function is `Pending` or `InProgress`: [`SETTLE_TIME`], or another in tests.
    pub settle_time: Duration,
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
        let Deps { account, iam, logs, functions, mappings, streams, data_dir, settle_time } = deps;
        Self {
            account,
            iam,
            logs,
            functions,
            mappings,
            streams,
            data_dir,
            settle_time,
            store: Mutex::default(),
        }
    }

    /// The ARN of a mapping's function.
    pub fn mapped_function(&self, uuid: &str) -> Option<String> {
        let store = self.store.lock();
        store.mappings.get(uuid).map(|mapping| self.account.function_arn(&mapping.function_name))
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
        store.settle(Instant::now());
        match (&call.method, call.path().as_slice()) {
            (&Method::GET, ["2015-03-31", "functions"]) => self.list_functions(store, call),
            (&Method::GET, ["2015-03-31", "functions", name]) => self.get_function(store, call, name),
            (&Method::DELETE, ["2015-03-31", "functions", name]) => self.delete_function(store, call, name),
            (&Method::GET, ["2015-03-31", "functions", name, "configuration"]) => {
                self.get_configuration(store, call, name)
            }
            (&Method::PUT, ["2015-03-31", "functions", name, "configuration"]) => {
                self.update_configuration(store, call, name)
            }
            (&Method::GET, ["2015-03-31", "functions", name, "versions"]) => {
                self.list_versions(store, call, name)
            }
            (&Method::POST, ["2015-03-31", "functions", name, "versions"]) => self.publish(store, call, name),
            (_, ["2015-03-31", "functions", name, "aliases", alias @ ..]) => {
                self.serve_aliases(store, call, name, alias)
            }
            (&Method::GET, ["2015-03-31", "functions", name, "policy"]) => self.get_policy(store, call, name),
            (&Method::POST, ["2015-03-31", "functions", name, "policy"]) => {
                self.add_permission(store, call, name)
            }
            (&Method::DELETE, ["2015-03-31", "functions", name, "policy", statement]) => {
                self.remove_permission(store, call, name, statement)
            }
            (&Method::GET, ["2020-06-30", "functions", name, "code-signing-config"]) => {
                let name = self.unqualified(NameForm::Read, name)?;
                store.function(&name, &self.account)?;
                Ok(Reply::ok(json!({"CodeSigningConfigArn": "", "FunctionName": name})))
            }
            (_, ["2019-09-30", "functions", name, "provisioned-concurrency"]) => {
                self.serve_provisioned(store, call, name)
            }
            (&Method::GET, ["2019-09-30", "functions", name, "concurrency"]) => {
                self.get_concurrency(store, name)
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
    fn host(&self, function: &Function) {
        if function.latest.settings.layers.as_ref().is_some_and(|layers| !layers.is_empty()) {
            tracing::warn!(
                function = function.name,
                "layers are kept and read back; their content is not there"
            );
        }
        if function.latest.settings.vpc().is_some() {
            tracing::warn!(
                function = function.name,
                "its VPC is kept and read back; the function is on this machine's own network"
            );
        }
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

impl Lambda {
    /// The function in a path, with the qualifier in the query; refuses other query arguments.
    fn qualified(&self, form: NameForm, call: &RestCall, name: &str) -> Result<Reference, ApiError> {
        call.only_query(Service::Lambda, &["Qualifier"])?;
        Reference::read(&self.account, form, name, call.query_value("Qualifier"))
    }

    /// The function in a path, for operations without a qualifier.
    fn unqualified(&self, form: NameForm, name: &str) -> Result<String, ApiError> {
        let reference = Reference::read(&self.account, form, name, None)?.without_latest();
        if reference.qualifier.is_some() {
            return Err(concurrency::not_of_versions());
        }
        Ok(reference.name)
    }
}

impl Store {
    /// Completes changes whose time is over.
    fn settle(&mut self, now: Instant) {
        for function in self.functions.values_mut() {
            let published = function.versions.values_mut().map(|version| &mut version.configuration);
            published.chain([&mut function.latest]).for_each(|one| one.settle(now));
        }
    }

    /// The function, the version of a qualifier, or an alias's main version.
    fn find(&self, reference: &Reference, account: &Account) -> Result<(&Function, View<'_>), ApiError> {
        let not_found = || reference.not_found(account);
        let function = self.functions.get(&reference.name).ok_or_else(not_found)?;
        let qualifier = reference.qualifier.as_deref().unwrap_or(LATEST);
        let version = function.aliases.get(qualifier).map_or(qualifier, |alias| alias.version.as_str());
        if version == LATEST {
            return Ok((function, function.view()));
        }
        let version = function.version(version).ok_or_else(not_found)?;
        Ok((function, version.view(&function.name)))
    }

    /// A function by its name.
    fn function(&self, name: &str, account: &Account) -> Result<&Function, ApiError> {
        self.functions.get(name).ok_or_else(|| no_function(account, name))
    }

    fn function_mut(&mut self, name: &str, account: &Account) -> Result<&mut Function, ApiError> {
        self.functions.get_mut(name).ok_or_else(|| no_function(account, name))
    }

    fn mapping(&self, uuid: &str) -> Result<&Mapping, ApiError> {
        self.mappings.get(uuid).ok_or_else(no_mapping)
    }

    fn mapping_mut(&mut self, uuid: &str) -> Result<&mut Mapping, ApiError> {
        self.mappings.get_mut(uuid).ok_or_else(no_mapping)
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
