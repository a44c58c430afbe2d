//! STS: who the caller is.

use crate::core::account::Account;
use crate::core::identity::Issued;
use crate::protocol::{Answer, ApiError, Reply};
use crate::services::iam::Iam;
use serde_json::json;

/// Serves one operation; `session` is what was issued to the caller, where it is not the account itself.
///
/// # Errors
/// Every operation but GetCallerIdentity is not supported.
pub fn handle(account: &Account, iam: &Iam, session: Option<&Issued>, operation: &str) -> Answer {
    if operation != "GetCallerIdentity" {
        return Err(ApiError::unsupported_operation("sts", operation));
    }
    let (user_id, arn) = match session {
        None => (account.id.clone(), format!("arn:aws:iam::{}:root", account.id)),
        Some(Issued { role_arn, session, .. }) => {
            let name = role_arn.rsplit('/').next().unwrap_or(role_arn);
            let id = iam.role_id(role_arn).unwrap_or_else(|| name.to_owned());
            let arn = format!("arn:aws:sts::{}:assumed-role/{name}/{session}", account.id);
            (format!("{id}:{session}"), arn)
        }
    };
    Ok(Reply::ok(json!({"Account": account.id, "UserId": user_id, "Arn": arn})))
}
