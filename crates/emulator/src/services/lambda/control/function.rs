//! Functions: created from a zip, changed in settings or code, read and deleted.

use super::alias::Alias;
use super::checks::{architecture, check_revision};
use super::configuration::Configuration;
use super::provisioned::Provisioned;
use super::reference::{NameForm, Reference};
use super::settings::Settings;
use super::status::Status;
use super::version::Version;
use super::view::View;
use super::{Lambda, Store, listing, parse};
use crate::core::account::Account;
use crate::protocol::rest::RestCall;
use crate::protocol::tags::Tags;
use crate::protocol::{Answer, ApiError, Reply, Service, input};
use crate::services::lambda::invocation::config::{FunctionConfig, LATEST};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::SystemTime;
use tokio::time::Instant;

/// A function: `$LATEST`, its published versions and its aliases.
#[derive(Debug, Clone)]
pub struct Function {
    pub name: String,
    /// `$LATEST`
    pub latest: Configuration,
    /// `ReservedConcurrentExecutions`
    pub reserved_concurrency: Option<u32>,
    pub tags: Tags,
    /// Published versions by number.
    pub versions: BTreeMap<u64, Version>,
    /// How many were ever published.
    pub(super) versions_published: u64,
    /// Aliases by name.
    pub aliases: BTreeMap<String, Alias>,
    /// By qualifier.
    pub provisioned: BTreeMap<String, Provisioned>,
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

impl Lambda {
    pub(super) fn get_function(&self, store: &Store, call: &RestCall, name: &str) -> Answer {
        let reference = self.qualified(NameForm::Read, call, name)?;
        let (function, view) = store.find(&reference, &self.account)?;
        let concurrency = function.reserved_concurrency.map(|n| json!({"ReservedConcurrentExecutions": n}));
        Ok(Reply::ok(json!({
            "Configuration": view.whole(&self.account, &reference.target()),
            "Code": {"RepositoryType": "S3", "ResolvedSource": null},
            "Tags": (!function.tags.is_empty()).then_some(&function.tags),
            "Concurrency": concurrency,
        })))
    }

    pub(super) fn get_configuration(&self, store: &Store, call: &RestCall, name: &str) -> Answer {
        let reference = self.qualified(NameForm::Read, call, name)?;
        let (_, view) = store.find(&reference, &self.account)?;
        Ok(Reply::ok(view.whole(&self.account, &reference.target())))
    }

    pub(super) fn list_functions(&self, store: &Store, call: &RestCall) -> Answer {
        call.only_query(Service::Lambda, &["FunctionVersion", "Marker", "MaxItems"])?;
        let functions: Vec<_> = match call.query_value("FunctionVersion") {
            None => {
                let latest = |function: &Function| function.view().listed(&self.account, &function.name);
                store.functions.iter().map(|(name, function)| (name.clone(), latest(function))).collect()
            }
            Some("ALL") => {
                let versions = |function: &Function| function.listed_versions(&self.account);
                store.functions.values().flat_map(versions).collect()
            }
            Some(other) => {
                return Err(super::reference::validation(&[format!(
                    "Value '{other}' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]"
                )]));
            }
        };
        let functions = functions.iter().map(|(key, function)| (key, function));
        let (functions, next) = listing::marked(call, functions, listing::limit(call)?)?;
        Ok(Reply::ok(json!({"Functions": functions, "NextMarker": next})))
    }

    pub(super) fn update_configuration(&self, store: &mut Store, call: &RestCall, name: &str) -> Answer {
        let account = &self.account;
        let name = self.unqualified(NameForm::Write, name)?;
        let current = store.function(&name, account)?;
        current.latest.status.check_settled(&account.function_arn(&name))?;
        let mut patch = call.body.clone();
        let revision = patch.as_object_mut().and_then(|patch| patch.remove("RevisionId"));
        current.check_revision(revision.as_ref().and_then(Value::as_str))?;
        let next: Settings = input::overlay(
            Service::Lambda,
            "UpdateFunctionConfiguration",
            &current.latest.settings,
            patch,
            &[],
        )?;
        next.check()?;
        self.check_role(&next)?;
        self.update(store, &name, |latest| latest.settings = next)
    }

    pub(super) async fn update_code(&self, call: &RestCall, name: &str) -> Answer {
        let request: UpdateFunctionCode = parse("UpdateFunctionCode", call.body.clone())?;
        let name = self.unqualified(NameForm::Write, name)?;
        let arn = self.account.function_arn(&name);
        {
            let mut store = self.store.lock();
            store.settle(Instant::now());
            store.function(&name, &self.account)?.latest.status.check_settled(&arn)?;
        }
        let requested = request.architectures.map(|list| architecture(Some(list))).transpose()?;
        let code = self.unpack(&name, request.zip_file).await?;
        let mut store = self.store.lock();
        store.settle(Instant::now());
        let function = store.function(&name, &self.account)?;
        function.latest.status.check_settled(&arn)?;
        function.check_revision(request.revision_id.as_deref())?;
        if request.dry_run {
            return Ok(Reply::ok(function.shown(&self.account)));
        }
        let updated = self.update(&mut store, &name, |latest| {
            if code.sha256 != latest.code.sha256 {
                latest.code = code;
            }
            if let Some(requested) = requested {
                latest.architecture = requested;
            }
        });
        if !request.publish {
            return updated;
        }
        let function = store.function_mut(&name, &self.account)?;
        let number = function.publish_version(None, Status::Creating(Instant::now() + self.settle_time));
        Ok(Reply::ok(self.published(function, number, true)))
    }

    pub(super) fn delete_function(&self, store: &mut Store, call: &RestCall, name: &str) -> Answer {
        let Reference { name, qualifier } = self.qualified(NameForm::Delete, call, name)?;
        if let Some(version) = qualifier {
            return self.delete_version(store, &name, &version);
        }
        let function =
            store.functions.remove(&name).ok_or_else(|| super::no_function(&self.account, &name))?;
        let versions = function.versions.keys().map(u64::to_string);
        let qualifiers = versions.chain(function.aliases.into_keys());
        let targets = qualifiers.map(|qualifier| format!("{name}:{qualifier}")).chain([name.clone()]);
        for target in targets {
            self.iam.set_resource_policy(&self.account.function_arn(&target), None);
            self.functions.remove(&target);
        }
        Ok(Reply::no_content())
    }

    /// Changes `$LATEST`, which is `InProgress` for a moment.
    fn update(&self, store: &mut Store, name: &str, change: impl FnOnce(&mut Configuration)) -> Answer {
        let function = store.function_mut(name, &self.account)?;
        let latest = &mut function.latest;
        change(latest);
        latest.modified = SystemTime::now();
        latest.status = Status::Updating(Instant::now() + self.settle_time);
        latest.renew_revision();
        self.host(function);
        Ok(Reply::ok(function.shown(&self.account)))
    }
}

impl Function {
    pub(super) fn new(name: String, latest: Configuration, tags: Tags) -> Self {
        Self {
            name,
            latest,
            reserved_concurrency: None,
            tags,
            versions: BTreeMap::new(),
            versions_published: 0,
            aliases: BTreeMap::new(),
            provisioned: BTreeMap::new(),
        }
    }

    /// What the function host is told.
    pub fn config(&self) -> FunctionConfig {
        let Configuration { settings, code, .. } = &self.latest;
        settings.config(&self.name, LATEST, code, self.reserved_concurrency)
    }

    pub(super) fn check_revision(&self, revision: Option<&str>) -> Result<(), ApiError> {
        check_revision(revision, &self.latest.revision)
    }

    pub(super) fn view(&self) -> View<'_> {
        View { name: &self.name, version: None, configuration: &self.latest }
    }

    /// A FunctionConfiguration under the function's own ARN.
    pub(super) fn shown(&self, account: &Account) -> Value {
        self.view().whole(account, &self.name)
    }
}
