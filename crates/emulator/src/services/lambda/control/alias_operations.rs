//! The operations on aliases.

use super::alias::Alias;
use super::alias_check::{AliasRouting, check_name, check_version};
use super::checks::check_revision;
use super::function::Function;
use super::reference::{NameForm, Reference};
use super::resource_policy::ResourcePolicy;
use super::{Lambda, Store, invalid, listing, parse};
use crate::core::account::Account;
use crate::protocol::rest::RestCall;
use crate::protocol::{Answer, ApiError, Reply, Service};
use crate::services::lambda::invocation::config::LATEST;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateAlias {
    name: String,
    function_version: String,
    #[serde(default)]
    description: String,
    routing_config: Option<AliasRouting>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UpdateAlias {
    function_version: Option<String>,
    description: Option<String>,
    routing_config: Option<AliasRouting>,
    revision_id: Option<String>,
}

impl Lambda {
    /// `/2015-03-31/functions/{name}/aliases`, and below it an alias's name.
    pub(super) fn serve_aliases(
        &self,
        store: &mut Store,
        call: &RestCall,
        name: &str,
        alias: &[&str],
    ) -> Answer {
        match (&call.method, alias) {
            (&Method::POST, []) => self.create_alias(store, call, name),
            (&Method::GET, []) => self.list_aliases(store, call, name),
            (&Method::GET, [alias]) => self.get_alias(store, name, alias),
            (&Method::PUT, [alias]) => self.update_alias(store, call, name, alias),
            (&Method::DELETE, [alias]) => self.delete_alias(store, name, alias),
            _ => Err(call.unsupported(Service::Lambda)),
        }
    }

    fn create_alias(&self, store: &mut Store, call: &RestCall, name: &str) -> Answer {
        let request: CreateAlias = parse("CreateAlias", call.body.clone())?;
        check_name(&request.name)?;
        check_version(&request.function_version)?;
        let name = self.unqualified(NameForm::Write, name)?;
        let mut alias = Alias {
            second: request.routing_config.unwrap_or_default().second()?,
            name: request.name,
            description: request.description,
            version: request.function_version,
            policy: ResourcePolicy::default(),
            revision: String::new(),
        };
        alias.renew_revision();
        let function = store.functions.get_mut(&name);
        let function = function.ok_or_else(|| no_version(&self.account, &name, &alias.version))?;
        function.check_alias(&self.account, &alias)?;
        if function.aliases.contains_key(&alias.name) {
            let message = format!("Alias already exists: {}", alias.arn(&self.account, &name));
            return Err(ApiError::conflict("ResourceConflictException", message));
        }
        Ok(Reply::created(self.put_alias(function, alias)))
    }

    fn get_alias(&self, store: &Store, name: &str, alias: &str) -> Answer {
        let name = self.unqualified(NameForm::Read, name)?;
        let found = store.functions.get(&name).and_then(|function| function.aliases.get(alias));
        let found = found.ok_or_else(|| no_alias(&self.account, &name, alias))?;
        Ok(Reply::ok(found.view(&self.account, &name)))
    }

    fn list_aliases(&self, store: &Store, call: &RestCall, name: &str) -> Answer {
        call.only_query(Service::Lambda, &["FunctionVersion", "Marker", "MaxItems"])?;
        let name = self.unqualified(NameForm::Read, name)?;
        let version = call.query_value("FunctionVersion");
        let aliases = store.function(&name, &self.account)?.aliases.iter();
        let aliases = aliases.filter(|(_, alias)| version.is_none_or(|version| alias.leads_to(version)));
        let (aliases, next) = listing::marked(call, aliases, listing::limit(call)?)?;
        let aliases: Vec<_> = aliases.into_iter().map(|alias| alias.view(&self.account, &name)).collect();
        Ok(Reply::ok(json!({"Aliases": aliases, "NextMarker": next})))
    }

    fn update_alias(&self, store: &mut Store, call: &RestCall, name: &str, alias: &str) -> Answer {
        let request: UpdateAlias = parse("UpdateAlias", call.body.clone())?;
        let name = self.unqualified(NameForm::Write, name)?;
        let not_found = || {
            let arn = self.account.function_arn(&format!("{name}:{alias}"));
            ApiError::not_found("ResourceNotFoundException", format!("Alias not found: {arn}"))
        };
        let function = store.functions.get_mut(&name).ok_or_else(not_found)?;
        let mut next = function.aliases.get(alias).ok_or_else(not_found)?.clone();
        check_revision(request.revision_id.as_deref(), &next.revision)?;
        if let Some(version) = request.function_version {
            check_version(&version)?;
            next.version = version;
        }
        if let Some(routing) = request.routing_config {
            next.second = routing.second()?;
        }
        next.description = request.description.unwrap_or(next.description);
        function.check_alias(&self.account, &next)?;
        function.check_unprovisioned(&next)?;
        next.renew_revision();
        Ok(Reply::ok(self.put_alias(function, next)))
    }

    fn delete_alias(&self, store: &mut Store, name: &str, alias: &str) -> Answer {
        let name = self.unqualified(NameForm::Write, name)?;
        let target = format!("{name}:{alias}");
        let removed = store.functions.get_mut(&name).and_then(|function| function.aliases.remove(alias));
        if removed.is_some() {
            store.functions.get_mut(&name).and_then(|function| function.provisioned.remove(alias));
            self.functions.remove(&target);
            self.iam.set_resource_policy(&self.account.function_arn(&target), None);
        }
        Ok(Reply::no_content())
    }

    fn put_alias(&self, function: &mut Function, alias: Alias) -> Value {
        let name = &function.name;
        self.functions.put_alias(format!("{name}:{}", alias.name), alias.route(name));
        let view = alias.view(&self.account, name);
        function.aliases.insert(alias.name.clone(), alias);
        view
    }
}

impl Function {
    /// Checks that an alias can use its versions.
    fn check_alias(&self, account: &Account, alias: &Alias) -> Result<(), ApiError> {
        let role = |version: &str| match version {
            LATEST => Some(&self.latest.settings.role),
            number => self.version(number).map(|version| &version.configuration.settings.role),
        };
        let Some(main) = role(&alias.version) else {
            return Err(no_version(account, &self.name, &alias.version));
        };
        let Some((second, _)) = &alias.second else { return Ok(()) };
        let Some(other) = role(second) else { return Err(no_version(account, &self.name, second)) };
        let why = if *second == alias.version {
            format!(
                "Invalid function version {second}. Function version {second} is already included in routing configuration."
            )
        } else if alias.version == LATEST {
            format!("{LATEST} is not supported for an alias pointing to more than 1 version")
        } else if main != other {
            format!("Function versions {} and {second} must have the same execution role", alias.version)
        } else {
            return Ok(());
        };
        Err(invalid(why))
    }
}

fn no_version(account: &Account, name: &str, version: &str) -> ApiError {
    Reference { name: name.to_owned(), qualifier: Some(version.to_owned()) }.not_found(account)
}

/// The refusal of an alias that does not exist.
pub(super) fn no_alias(account: &Account, name: &str, alias: &str) -> ApiError {
    let arn = account.function_arn(&format!("{name}:{alias}"));
    ApiError::not_found("ResourceNotFoundException", format!("Cannot find alias arn: {arn}"))
}
