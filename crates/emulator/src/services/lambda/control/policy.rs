//! A function's resource policy: which services may invoke it, and for which source.

use super::function::{Function, Permission};
use super::{Lambda, Store, invalid, parse};
use crate::protocol::rest::RestCall;
use crate::protocol::{Answer, ApiError, Reply, Service};
use crate::services::iam::policy::{Kind, Policy};
use serde::Deserialize;
use serde_json::{Value, json};

/// Characters of a function's policy, at most: Lambda's limit of 20 KB.
const POLICY_CHARS_MAX: usize = 20 * 1_024;
/// The only action that services need here.
const INVOKE: &str = "lambda:InvokeFunction";

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
        let function = store.function_mut(name, &self.account)?;
        function.check_revision(request.revision_id.as_deref())?;
        if function.permissions.iter().any(|permission| permission.id == request.statement_id) {
            let message = format!(
                "The statement id ({}) provided already exists. Please provide a new statement id, or remove the existing statement.",
                request.statement_id
            );
            return Err(ApiError::conflict("ResourceConflictException", message));
        }
        let statement = request.statement(&self.account.function_arn(&function.name))?;
        let mut permissions = function.permissions.clone();
        permissions.push(Permission { id: request.statement_id, statement: statement.clone() });
        self.set_permissions(function, permissions)?;
        Ok(Reply::created(json!({"Statement": statement.to_string()})))
    }

    pub(super) fn get_policy(&self, store: &Store, name: &str) -> Answer {
        let function = store.function(name, &self.account)?;
        if function.permissions.is_empty() {
            return Err(not_found("The resource you requested does not exist."));
        }
        Ok(Reply::ok(json!({
            "Policy": document(&function.permissions).to_string(),
            "RevisionId": function.revision(),
        })))
    }

    pub(super) fn remove_permission(
        &self,
        store: &mut Store,
        call: &RestCall,
        name: &str,
        statement_id: &str,
    ) -> Answer {
        call.only_query(Service::Lambda, &["RevisionId"])?;
        let function = store.function_mut(name, &self.account)?;
        function.check_revision(call.query_value("RevisionId"))?;
        let mut permissions = function.permissions.clone();
        let before = permissions.len();
        permissions.retain(|permission| permission.id != statement_id);
        if permissions.len() == before {
            return Err(not_found(&format!("Statement {statement_id} is not found in resource policy.")));
        }
        self.set_permissions(function, permissions)?;
        Ok(Reply::no_content())
    }

    /// Only stores what IAM would evaluate.
    fn set_permissions(&self, function: &mut Function, permissions: Vec<Permission>) -> Result<(), ApiError> {
        let text = document(&permissions).to_string();
        if text.chars().count() > POLICY_CHARS_MAX {
            let message = format!("The final policy size is bigger than the limit ({POLICY_CHARS_MAX}).");
            return Err(ApiError::bad_request("PolicyLengthExceededException", message));
        }
        let policy = (!permissions.is_empty()).then(|| Policy::parse(&text, Kind::Resource)).transpose();
        let policy = policy.map_err(|error| invalid(format!("AddPermission: {error}")))?;
        self.iam.set_resource_policy(&self.account.function_arn(&function.name), policy);
        function.permissions = permissions;
        function.renew_revision();
        Ok(())
    }
}

impl AddPermission {
    fn statement(&self, function_arn: &str) -> Result<Value, ApiError> {
        if self.statement_id.is_empty() || self.statement_id.len() > 100 {
            return Err(invalid("StatementId must be 1 to 100 characters"));
        }
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

impl Function {
    /// The policy for the emulator's state, without the Sids, which have no effect; `None` without statements.
    pub fn policy(&self) -> Option<Value> {
        let mut statements: Vec<_> = self.permissions.iter().map(|one| one.statement.clone()).collect();
        statements.iter_mut().for_each(|one| one["Sid"] = Value::Null);
        (!statements.is_empty()).then_some(Value::Array(statements))
    }
}

fn document(permissions: &[Permission]) -> Value {
    let statements: Vec<_> = permissions.iter().map(|permission| &permission.statement).collect();
    json!({"Version": "2012-10-17", "Id": "default", "Statement": statements})
}

fn not_found(message: &str) -> ApiError {
    ApiError::not_found("ResourceNotFoundException", message)
}
