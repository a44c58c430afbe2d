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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::identity::Permissions as _;

    /// docs/aws-behaviour.md#lambda-role-session
    #[test]
    fn a_session_of_a_role_is_told_with_its_name() {
        let account = Account::default();
        let iam = Iam::new(account.clone());
        let trust = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}}"#;
        let role = json!({"RoleName": "r", "Path": "/team/", "AssumeRolePolicyDocument": trust});
        iam.handle("CreateRole", role).unwrap();
        let credentials = iam.issue("arn:aws:iam::000000000000:role/team/r", "echo");
        let session = iam.issued(&credentials.access_key_id);
        let told = |session: Option<&Issued>| {
            handle(&account, &iam, session, "GetCallerIdentity").unwrap().body.unwrap()
        };
        let found = told(session.as_deref());
        assert_eq!(found["Arn"], "arn:aws:sts::000000000000:assumed-role/r/echo");
        let id = found["UserId"].as_str().unwrap();
        assert!(id.starts_with("AROA") && id.ends_with(":echo"), "{id}");
        assert_eq!(told(None)["Arn"], "arn:aws:iam::000000000000:root");
        assert!(handle(&account, &iam, None, "AssumeRole").is_err());
    }
}
