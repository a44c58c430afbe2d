//! STS: only GetCallerIdentity.

use crate::core::account::Account;
use crate::core::identity::Principal;
use crate::protocol::{Answer, ApiError, Reply};
use serde_json::json;

pub fn handle(account: &Account, caller: &Principal, operation: &str) -> Answer {
    if operation != "GetCallerIdentity" {
        return Err(ApiError::unsupported_operation("sts", operation));
    }
    let (user_id, arn) = match caller {
        Principal::Account => (account.id.clone(), format!("arn:aws:iam::{}:root", account.id)),
        Principal::Role(role) => {
            let name = role.rsplit('/').next().unwrap_or(role);
            let session = "sluicegate";
            let arn = format!("arn:aws:sts::{}:assumed-role/{name}/{session}", account.id);
            (format!("{name}:{session}"), arn)
        }
    };
    Ok(Reply::ok(json!({"Account": account.id, "UserId": user_id, "Arn": arn})))
}
