//! Functions: created from a zip, changed in settings or code, read and deleted.

use super::checks::{architecture, refuse_publish};
use super::code::Code;
use super::settings::Settings;
use super::{Lambda, Store, parse};
use crate::core::account::Account;
use crate::protocol::rest::RestCall;
use crate::protocol::tags::Tags;
use crate::protocol::{Answer, ApiError, Reply, Service, input, time};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::SystemTime;

/// The only version: publishing is not supported.
const VERSION: &str = "$LATEST";

#[derive(Debug, Clone)]
pub struct Function {
    pub name: String,
    pub settings: Settings,
    pub code: Code,
    /// `x86_64` or `arm64`: the machine's own.
    pub architecture: String,
    /// `ReservedConcurrentExecutions`
    pub reserved_concurrency: Option<u32>,
    /// Who may invoke it besides the account's own roles.
    pub(super) permissions: Vec<Permission>,
    pub tags: Tags,
    modified: SystemTime,
    revision: String,
}

#[derive(Debug, Clone)]
pub(super) struct Permission {
    pub(super) id: String,
    pub(super) statement: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UpdateFunctionCode {
    zip_file: Option<String>,
    architectures: Option<Vec<String>>,
    #[serde(default)]
    publish: bool,
    #[serde(default)]
    dry_run: bool,
    revision_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutFunctionConcurrency {
    reserved_concurrent_executions: u32,
}

impl Lambda {
    pub(super) fn get_function(&self, store: &Store, name: &str) -> Answer {
        let function = store.function(name, &self.account)?;
        let concurrency = function.reserved_concurrency.map(|n| json!({"ReservedConcurrentExecutions": n}));
        Ok(Reply::ok(json!({
            "Configuration": function.view(&self.account),
            "Code": {"RepositoryType": "S3", "ResolvedSource": null},
            "Tags": (!function.tags.is_empty()).then_some(&function.tags),
            "Concurrency": concurrency,
        })))
    }

    pub(super) fn list_functions(&self, store: &Store) -> Answer {
        let functions: Vec<Value> =
            store.functions.values().map(|function| function.view(&self.account)).collect();
        Ok(Reply::ok(json!({"Functions": functions})))
    }

    pub(super) fn list_versions(&self, store: &Store, name: &str) -> Answer {
        let function = store.function(name, &self.account)?;
        let mut version = function.view(&self.account);
        version["FunctionArn"] = format!("{}:{VERSION}", self.account.function_arn(&function.name)).into();
        Ok(Reply::ok(json!({"Versions": [version]})))
    }

    pub(super) fn update_configuration(&self, store: &mut Store, call: &RestCall, name: &str) -> Answer {
        let account = &self.account;
        let current = store.function(name, account)?;
        let mut patch = call.body.clone();
        let revision = patch.as_object_mut().and_then(|patch| patch.remove("RevisionId"));
        current.check_revision(revision.as_ref().and_then(Value::as_str))?;
        let next: Settings =
            input::overlay(Service::Lambda, "UpdateFunctionConfiguration", &current.settings, patch, &[])?;
        next.check()?;
        self.check_role(&next.role)?;
        self.change(store, name, |function| function.settings = next)
    }

    pub(super) async fn update_code(&self, call: &RestCall, name: &str) -> Answer {
        let request: UpdateFunctionCode = parse("UpdateFunctionCode", call.body.clone())?;
        refuse_publish(request.publish)?;
        let name = self.store.lock().function(name, &self.account)?.name.clone();
        let requested = request.architectures.map(|list| architecture(Some(list))).transpose()?;
        let code = self.unpack(&name, request.zip_file).await?;
        let mut store = self.store.lock();
        let function = store.function(&name, &self.account)?;
        function.check_revision(request.revision_id.as_deref())?;
        if request.dry_run {
            return Ok(Reply::ok(function.view(&self.account)));
        }
        self.change(&mut store, &name, |function| {
            // The same code again starts no new environments.
            if code.sha256 != function.code.sha256 {
                function.code = code;
            }
            function.architecture = requested.unwrap_or_else(|| function.architecture.clone());
        })
    }

    pub(super) fn delete_function(&self, store: &mut Store, name: &str) -> Answer {
        let name = store.function(name, &self.account)?.name.clone();
        store.functions.remove(&name);
        self.iam.set_resource_policy(&self.account.function_arn(&name), None);
        self.functions.remove(&name);
        Ok(Reply::no_content())
    }

    pub(super) fn put_concurrency(&self, store: &mut Store, call: &RestCall, name: &str) -> Answer {
        let request: PutFunctionConcurrency = parse("PutFunctionConcurrency", call.body.clone())?;
        let reserved = request.reserved_concurrent_executions;
        self.change(store, name, |function| function.reserved_concurrency = Some(reserved))?;
        Ok(Reply::ok(json!({"ReservedConcurrentExecutions": reserved})))
    }

    pub(super) fn delete_concurrency(&self, store: &mut Store, name: &str) -> Answer {
        self.change(store, name, |function| function.reserved_concurrency = None)?;
        Ok(Reply::no_content())
    }

    fn change(&self, store: &mut Store, name: &str, change: impl FnOnce(&mut Function)) -> Answer {
        let function = store.function_mut(name, &self.account)?;
        change(function);
        function.modified = SystemTime::now();
        function.renew_revision();
        self.publish(function);
        Ok(Reply::ok(function.view(&self.account)))
    }
}

impl Function {
    pub(super) fn new(
        name: String,
        settings: Settings,
        code: Code,
        architecture: String,
        tags: Tags,
    ) -> Self {
        let (modified, revision) = (SystemTime::now(), uuid::Uuid::new_v4().to_string());
        Self {
            name,
            settings,
            code,
            architecture,
            reserved_concurrency: None,
            permissions: Vec::new(),
            tags,
            modified,
            revision,
        }
    }

    /// The settings for the function host.
    pub fn config(&self) -> crate::services::lambda::invocation::config::FunctionConfig {
        self.settings.config(&self.name, &self.code, self.reserved_concurrency)
    }

    /// What `RevisionId` names.
    pub(super) fn revision(&self) -> &str {
        &self.revision
    }

    pub(super) fn renew_revision(&mut self) {
        self.revision = uuid::Uuid::new_v4().to_string();
    }

    pub(super) fn check_revision(&self, revision: Option<&str>) -> Result<(), ApiError> {
        match revision {
            Some(revision) if revision != self.revision => {
                let message = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id";
                Err(ApiError::new(
                    http::StatusCode::PRECONDITION_FAILED,
                    "PreconditionFailedException",
                    message,
                ))
            }
            _ => Ok(()),
        }
    }

    pub fn view(&self, account: &Account) -> Value {
        let mut view = self.settings.view(&self.name, account);
        let own = json!({
            "FunctionName": self.name,
            "FunctionArn": account.function_arn(&self.name),
            "CodeSize": self.code.size,
            "CodeSha256": self.code.sha256,
            "LastModified": time::lambda_timestamp(self.modified),
            "Version": VERSION,
            "RevisionId": self.revision,
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "PackageType": "Zip",
            "Architectures": [self.architecture],
        });
        if let (Value::Object(members), Value::Object(own)) = (&mut view, own) {
            members.extend(own);
        }
        view
    }
}
