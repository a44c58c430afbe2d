//! The operations on versions.

use super::configuration::Configuration;
use super::function::Function;
use super::reference::{NameForm, Reference};
use super::settings::Settings;
use super::status::Status;
use super::version::Version;
use super::{Lambda, Store, invalid, listing, parse};
use crate::core::account::Account;
use crate::protocol::rest::RestCall;
use crate::protocol::{Answer, ApiError, Reply, Service};
use crate::services::lambda::invocation::config::LATEST;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PublishVersion {
    #[serde(rename = "CodeSha256")]
    code_sha256: Option<String>,
    description: Option<String>,
    revision_id: Option<String>,
}

impl Function {
    /// Whether `$LATEST` is unchanged since a version was published.
    fn is_as_published(&self, version: &Version) -> bool {
        let (latest, published) = (&self.latest, &version.configuration);
        let description = latest.settings.description.clone();
        published.code.sha256 == latest.code.sha256
            && published.architecture == latest.architecture
            && version.described == description
            && Settings { description, ..published.settings.clone() } == latest.settings
    }

    /// Publishes `$LATEST`, unless the newest version is the same. Returns the version's number.
    pub(super) fn publish_version(&mut self, description: Option<String>, status: Status) -> u64 {
        let last =
            self.versions.get(&self.versions_published).filter(|version| self.is_as_published(version));
        if let Some(last) = last {
            return last.number;
        }
        self.versions_published += 1;
        let Configuration { settings, code, architecture, .. } = self.latest.clone();
        let described = settings.description.clone();
        let description = description.filter(|text| !text.is_empty()).or(settings.description);
        let settings = Settings { description, ..settings };
        let version = Version {
            number: self.versions_published,
            configuration: Configuration::new(settings, code, architecture, status),
            described,
        };
        self.versions.insert(version.number, version);
        self.latest.renew_revision();
        self.versions_published
    }

    /// A published version, by its number's digits.
    pub(super) fn version(&self, number: &str) -> Option<&Version> {
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        number.parse().ok().filter(|_| digits).and_then(|number: u64| self.versions.get(&number))
    }

    /// The aliases that use a version.
    fn aliases_of(&self, version: &str) -> Vec<&str> {
        let leading = self.aliases.values().filter(|alias| alias.leads_to(version));
        leading.map(|alias| alias.name.as_str()).collect()
    }

    /// `$LATEST` and then every version, as lists show them, each with a key for paging.
    pub(super) fn listed_versions(&self, account: &Account) -> Vec<(String, Value)> {
        let key = |number: u64| format!("{} {number:020}", self.name);
        let latest = self.view().listed(account, &format!("{}:{LATEST}", self.name));
        let published = self.versions.values().map(|version| {
            let target = format!("{}:{}", self.name, version.number);
            (key(version.number), version.view(&self.name).listed(account, &target))
        });
        std::iter::once((key(0), latest)).chain(published).collect()
    }
}

impl Lambda {
    pub(super) fn publish(&self, store: &mut Store, call: &RestCall, name: &str) -> Answer {
        let request: PublishVersion = parse("PublishVersion", call.body.clone())?;
        let name = self.unqualified(NameForm::Write, name)?;
        let function = store.function_mut(&name, &self.account)?;
        function.latest.status.check_settled(&self.account.function_arn(&name))?;
        function.check_revision(request.revision_id.as_deref())?;
        let current = &function.latest.code.sha256;
        if let Some(other) = request.code_sha256.filter(|sha256| !sha256.is_empty() && sha256 != current) {
            return Err(invalid(format!(
                "CodeSHA256 ({other}) is different from current CodeSHA256 in $LATEST ({current}). Please try again with the CodeSHA256 in $LATEST."
            )));
        }
        let number = function.publish_version(request.description, Status::Settled);
        Ok(Reply::created(self.published(function, number, true)))
    }

    /// Gives a version to the function host and returns its configuration.
    pub(super) fn published(&self, function: &Function, number: u64, is_qualified: bool) -> Value {
        let Some(version) = function.versions.get(&number) else { return Value::Null };
        let config = version.config(&function.name, function.reserved_concurrency);
        let target = if is_qualified { config.target() } else { function.name.clone() };
        self.functions.put(config);
        version.view(&function.name).whole(&self.account, &target)
    }

    pub(super) fn list_versions(&self, store: &Store, call: &RestCall, name: &str) -> Answer {
        call.only_query(Service::Lambda, &["Marker", "MaxItems"])?;
        let name = self.unqualified(NameForm::Read, name)?;
        let versions = store.function(&name, &self.account)?.listed_versions(&self.account);
        let versions = versions.iter().map(|(key, version)| (key, version));
        let (versions, next) = listing::marked(call, versions, listing::limit(call)?)?;
        Ok(Reply::ok(json!({"Versions": versions, "NextMarker": next})))
    }

    /// DeleteFunction with a qualifier.
    pub(super) fn delete_version(&self, store: &mut Store, name: &str, version: &str) -> Answer {
        if version == LATEST {
            return Err(invalid("$LATEST version cannot be deleted without deleting the function."));
        }
        if version.bytes().any(|byte| !byte.is_ascii_digit()) {
            // Of names that are none's, too.
            let is_alias = version.bytes().all(|byte| byte != b'$');
            return Err(if is_alias {
                invalid("Deletion of aliases is not currently supported.")
            } else {
                Reference { name: name.to_owned(), qualifier: None }.not_found(&self.account)
            });
        }
        let function = store.function_mut(name, &self.account)?;
        let Some(found) = function.version(version) else { return Ok(Reply::no_content()) };
        let (number, target) = (found.number, format!("{name}:{}", found.number));
        let aliases = function.aliases_of(&number.to_string()).join(", ");
        if !aliases.is_empty() {
            let message =
                format!("Unable to delete version because the following aliases reference it: [{aliases}]");
            return Err(ApiError::conflict("ResourceConflictException", message));
        }
        function.versions.remove(&number);
        function.provisioned.remove(&number.to_string());
        self.functions.remove(&target);
        self.iam.set_resource_policy(&self.account.function_arn(&target), None);
        Ok(Reply::no_content())
    }
}
