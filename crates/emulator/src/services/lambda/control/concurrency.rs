//! A function's reserved concurrency, which its versions share.

use super::reference::{NameForm, Reference};
use super::{Lambda, Store, invalid, parse};
use crate::protocol::rest::RestCall;
use crate::protocol::{Answer, ApiError, Reply};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutFunctionConcurrency {
    reserved_concurrent_executions: u32,
}

impl Lambda {
    pub(super) fn get_concurrency(&self, store: &Store, name: &str) -> Answer {
        let name = self.unqualified(NameForm::Read, name)?;
        let reserved = store.function(&name, &self.account)?.reserved_concurrency;
        Ok(Reply::ok(json!({"ReservedConcurrentExecutions": reserved})))
    }

    pub(super) fn put_concurrency(&self, store: &mut Store, call: &RestCall, name: &str) -> Answer {
        let request: PutFunctionConcurrency = parse("PutFunctionConcurrency", call.body.clone())?;
        let reserved = request.reserved_concurrent_executions;
        self.reserve(store, name, Some(reserved))?;
        Ok(Reply::ok(json!({"ReservedConcurrentExecutions": reserved})))
    }

    pub(super) fn delete_concurrency(&self, store: &mut Store, name: &str) -> Answer {
        self.reserve(store, name, None)?;
        Ok(Reply::no_content())
    }

    fn reserve(&self, store: &mut Store, name: &str, reserved: Option<u32>) -> Result<(), ApiError> {
        let Reference { name, qualifier } = Reference::read(&self.account, NameForm::Write, name, None)?;
        if qualifier.is_some() {
            return Err(not_of_versions());
        }
        let function = store.functions.get_mut(&name);
        let function =
            function.ok_or_else(|| super::no_function(&self.account, &format!("{name}:$LATEST")))?;
        function.reserved_concurrency = reserved;
        function.latest.renew_revision();
        self.host(function);
        for version in function.versions.values() {
            self.functions.put(version.config(&name, reserved));
        }
        Ok(())
    }
}

/// The refusal of a qualifier by operations on whole functions.
pub(super) fn not_of_versions() -> ApiError {
    invalid(
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.",
    )
}
