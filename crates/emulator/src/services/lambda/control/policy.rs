//! Resource policies of functions, versions and aliases: which services may invoke them, and for which source.

use super::checks::stale;
use super::configuration::Configuration;
use super::reference::{NameForm, Reference, mismatch, too_long, validation};
use super::resource_policy::{Permission, ResourcePolicy, document};
use super::{Lambda, Store, alias_operations, invalid, parse};
use crate::core::account::Account;
use crate::protocol::rest::RestCall;
use crate::protocol::{Answer, ApiError, Reply, Service};
use crate::services::iam::policy::{Kind, Policy};
use crate::services::lambda::invocation::config::LATEST;
use serde::Deserialize;
use serde_json::{Value, json};

/// Characters of a function's policy, at most: Lambda's limit of 20 KB.
const POLICY_CHARS_MAX: usize = 20 * 1_024;
/// The only action that services need here.
const INVOKE: &str = "lambda:InvokeFunction";
const STATEMENT_ID_CHARS_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AddPermission {
    statement_id: String,
    action: String,
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
    revision_id: Option<String>,
}

impl Lambda {
    pub(super) fn add_permission(&self, store: &mut Store, call: &RestCall, name: &str) -> Answer {
        let request: AddPermission = parse("AddPermission", call.body.clone())?;
        check_statement_id(&request.statement_id)?;
        let reference = self.qualified(NameForm::Write, call, name)?;
        let resource = store.resource(&reference, &self.account)?;
        resource.check_revision(request.revision_id.as_deref())?;
        let mut permissions = resource.policy.permissions.clone();
        if permissions.iter().any(|permission| permission.id == request.statement_id) {
            let message = format!(
                "The statement id ({}) provided already exists. Please provide a new statement id, or remove the existing statement.",
                request.statement_id
            );
            return Err(ApiError::conflict("ResourceConflictException", message));
        }
        let statement = request.statement(&self.account.function_arn(&reference.target()))?;
        permissions.push(Permission { id: request.statement_id, statement: statement.clone() });
        self.set_permissions(resource, &reference, permissions)?;
        Ok(Reply::created(json!({"Statement": statement.to_string()})))
    }

    pub(super) fn get_policy(&self, store: &mut Store, call: &RestCall, name: &str) -> Answer {
        let reference = self.qualified(NameForm::Read, call, name)?.without_latest();
        let none = || not_found("The resource you requested does not exist.");
        let resource = store.resource(&reference, &self.account).map_err(|_| none())?;
        if resource.policy.permissions.is_empty() {
            return Err(none());
        }
        Ok(Reply::ok(json!({
            "Policy": document(&resource.policy.permissions).to_string(),
            "RevisionId": resource.policy.revision,
        })))
    }

    pub(super) fn remove_permission(
        &self,
        store: &mut Store,
        call: &RestCall,
        name: &str,
        statement_id: &str,
    ) -> Answer {
        call.only_query(Service::Lambda, &["RevisionId", "Qualifier"])?;
        let qualifier = call.query_value("Qualifier");
        let reference = Reference::read(&self.account, NameForm::Write, name, qualifier)?;
        let arn = self.account.function_arn(&reference.target());
        if !store.functions.contains_key(&reference.name) {
            return Err(not_found(&format!("No policy found for: {arn}")));
        }
        let resource = store.resource(&reference, &self.account)?;
        if resource.policy.permissions.is_empty() {
            return Err(not_found("No policy is associated with the given resource."));
        }
        resource.check_revision(call.query_value("RevisionId"))?;
        let mut permissions = resource.policy.permissions.clone();
        let before = permissions.len();
        permissions.retain(|permission| permission.id != statement_id);
        if permissions.len() == before {
            return Err(not_found(&format!("Statement {statement_id} is not found in resource policy.")));
        }
        self.set_permissions(resource, &reference, permissions)?;
        Ok(Reply::no_content())
    }

    /// Only stores what IAM would evaluate.
    fn set_permissions(
        &self,
        resource: Resource<'_>,
        reference: &Reference,
        permissions: Vec<Permission>,
    ) -> Result<(), ApiError> {
        let text = document(&permissions).to_string();
        if text.chars().count() > POLICY_CHARS_MAX {
            let message = format!("The final policy size is bigger than the limit ({POLICY_CHARS_MAX}).");
            return Err(ApiError::bad_request("PolicyLengthExceededException", message));
        }
        let policy = (!permissions.is_empty()).then(|| Policy::parse(&text, Kind::Resource)).transpose();
        let policy = policy.map_err(|error| invalid(format!("AddPermission: {error}")))?;
        self.iam.set_resource_policy(&self.account.function_arn(&reference.target()), policy);
        let revision = uuid::Uuid::new_v4().to_string();
        resource.revision.clone_from(&revision);
        *resource.policy = ResourcePolicy { permissions, revision };
        Ok(())
    }
}

/// The policy and revision of a function, a version or an alias.
struct Resource<'a> {
    policy: &'a mut ResourcePolicy,
    revision: &'a mut String,
}

impl<'a> Resource<'a> {
    fn of(configuration: &'a mut Configuration) -> Self {
        Self { policy: &mut configuration.policy, revision: &mut configuration.revision }
    }

    fn check_revision(&self, given: Option<&str>) -> Result<(), ApiError> {
        let current =
            if self.policy.permissions.is_empty() { &*self.revision } else { &self.policy.revision };
        if given.is_none_or(|given| given == current) { Ok(()) } else { Err(stale("GetPolicy")) }
    }
}

impl Store {
    fn resource(&mut self, reference: &Reference, account: &Account) -> Result<Resource<'_>, ApiError> {
        let Some(function) = self.functions.get_mut(&reference.name) else {
            return Err(super::no_function(account, &reference.name));
        };
        let Some(qualifier) = reference.qualifier.as_deref() else {
            return Ok(Resource::of(&mut function.latest));
        };
        if qualifier == LATEST {
            return Err(invalid(format!("We currently do not support adding policies for {LATEST}.")));
        }
        let version = function.version(qualifier).map(|version| version.number);
        if let Some(version) = version.and_then(|number| function.versions.get_mut(&number)) {
            return Ok(Resource::of(&mut version.configuration));
        }
        match function.aliases.get_mut(qualifier) {
            Some(alias) => Ok(Resource { policy: &mut alias.policy, revision: &mut alias.revision }),
            None if qualifier.contains('$') || qualifier.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(reference.not_found(account))
            }
            None => Err(alias_operations::no_alias(account, &reference.name, qualifier)),
        }
    }
}

fn check_statement_id(id: &str) -> Result<(), ApiError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut wrong = Vec::new();
    if id.chars().count() > STATEMENT_ID_CHARS_MAX {
        wrong.push(too_long("statementId", id, STATEMENT_ID_CHARS_MAX));
    }
    if id.is_empty() || !id.chars().all(legal) {
        wrong.push(mismatch("statementId", id, "([a-zA-Z0-9-_]+)"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(validation(&wrong)) }
}

impl AddPermission {
    fn statement(&self, function_arn: &str) -> Result<Value, ApiError> {
        if self.action != INVOKE {
            return Err(invalid(format!(
                "Action: {} is not supported by the emulator, which has {INVOKE} only",
                self.action
            )));
        }
        if !self.principal.ends_with(".amazonaws.com") {
            return Err(invalid(format!(
                "Principal: {} is not supported by the emulator, which has services only",
                self.principal
            )));
        }
        let mut statement = json!({
            "Sid": self.statement_id,
            "Effect": "Allow",
            "Principal": {"Service": self.principal},
            "Action": self.action,
            "Resource": function_arn,
        });
        if let Some(account) = &self.source_account {
            statement["Condition"]["StringEquals"] = json!({"AWS:SourceAccount": account});
        }
        if let Some(arn) = &self.source_arn {
            statement["Condition"]["ArnLike"] = json!({"AWS:SourceArn": arn});
        }
        Ok(statement)
    }
}

fn not_found(message: &str) -> ApiError {
    ApiError::not_found("ResourceNotFoundException", message)
}
