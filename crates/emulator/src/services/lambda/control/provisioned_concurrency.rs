//! Provisioned concurrency of versions and aliases: stored and read back. Environments here are kept warm in any case.

use super::alias::Alias;
use super::function::Function;
use super::provisioned::Provisioned;
use super::reference::{NameForm, Reference};
use super::{Lambda, Store, invalid, parse};
use crate::core::account::Account;
use crate::protocol::rest::RestCall;
use crate::protocol::{Answer, ApiError, Reply, Service};
use crate::services::lambda::invocation::config::LATEST;
use http::Method;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutProvisionedConcurrencyConfig {
    provisioned_concurrent_executions: u32,
}

impl Lambda {
    /// `/2019-09-30/functions/{name}/provisioned-concurrency`
    pub(super) fn serve_provisioned(&self, store: &mut Store, call: &RestCall, name: &str) -> Answer {
        if call.method == Method::GET && call.query_value("List") == Some("ALL") {
            return self.list_provisioned(store, call, name);
        }
        let reference = self.qualified(NameForm::Write, call, name)?;
        store.find(&reference, &self.account)?;
        let function = store.function_mut(&reference.name, &self.account)?;
        let qualifier = reference.qualifier.unwrap_or_else(|| LATEST.to_owned());
        match call.method {
            Method::PUT => put(function, qualifier, call),
            Method::GET => {
                let found = function.provisioned.get(&qualifier).ok_or_else(none)?;
                Ok(Reply::ok(found.view()))
            }
            Method::DELETE => {
                function.provisioned.remove(&qualifier);
                Ok(Reply::no_content())
            }
            _ => Err(call.unsupported(Service::Lambda)),
        }
    }

    fn list_provisioned(&self, store: &Store, call: &RestCall, name: &str) -> Answer {
        call.only_query(Service::Lambda, &["List", "MaxItems"])?;
        let name = self.unqualified(NameForm::Read, name)?;
        let function = store.function(&name, &self.account)?;
        let configs = function.provisioned.iter().map(|(qualifier, provisioned)| {
            let mut view = provisioned.view();
            view["FunctionArn"] = arn(&self.account, &name, qualifier).into();
            view
        });
        Ok(Reply::ok(json!({"ProvisionedConcurrencyConfigs": configs.collect::<Vec<_>>()})))
    }
}

fn put(function: &mut Function, qualifier: String, call: &RestCall) -> Answer {
    let request: PutProvisionedConcurrencyConfig =
        parse("PutProvisionedConcurrencyConfig", call.body.clone())?;
    let executions = request.provisioned_concurrent_executions;
    let alias = function.aliases.get(&qualifier);
    if alias.map_or(qualifier.as_str(), |alias| alias.version.as_str()) == LATEST {
        return Err(invalid(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
        ));
    }
    if alias.is_some_and(|alias| alias.second.is_some()) {
        return Err(weighted());
    }
    let others = function.provisioned.iter().filter(|(other, _)| **other != qualifier);
    let total = executions + others.map(|(_, provisioned)| provisioned.executions).sum::<u32>();
    if executions == 0 || function.reserved_concurrency.is_some_and(|reserved| total > reserved) {
        return Err(invalid(
            "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function",
        ));
    }
    let provisioned = Provisioned::new(executions);
    let mut view = provisioned.view();
    view["Status"] = "IN_PROGRESS".into();
    function.provisioned.insert(qualifier, provisioned);
    Ok(Reply::accepted(view))
}

impl Function {
    /// An alias has weights or provisioned concurrency.
    pub(super) fn check_unprovisioned(&self, alias: &Alias) -> Result<(), ApiError> {
        let both = alias.second.is_some() && self.provisioned.contains_key(&alias.name);
        if both { Err(weighted()) } else { Ok(()) }
    }
}

fn arn(account: &Account, name: &str, qualifier: &str) -> String {
    let reference = Reference { name: name.to_owned(), qualifier: Some(qualifier.to_owned()) };
    account.function_arn(&reference.target())
}

fn weighted() -> ApiError {
    invalid("Alias with weights can not be used with Provisioned Concurrency")
}

fn none() -> ApiError {
    ApiError::not_found(
        "ProvisionedConcurrencyConfigNotFoundException",
        "No Provisioned Concurrency Config found for this function",
    )
}
