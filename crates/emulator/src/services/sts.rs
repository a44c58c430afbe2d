//! STS: only GetCallerIdentity.

use crate::core::account::Account;
use crate::core::identity::Issued;
use crate::protocol::{Answer, ApiError, Reply};
use serde_json::json;

/// `session` and `role_id` are those of the caller's credentials, unless they are the account's.
pub fn handle(
    account: &Account,
    session: Option<&Issued>,
    role_id: Option<String>,
    operation: &str,
) -> Answer {
    if operation != "GetCallerIdentity" {
        return Err(ApiError::unsupported_operation("sts", operation));
    }
    let (user_id, arn) = match session {
        None => (account.id.clone(), format!("arn:aws:iam::{}:root", account.id)),
        Some(Issued { role_arn, session, .. }) => {
            let name = role_arn.rsplit('/').next().unwrap_or(role_arn);
            // A role may be gone before its sessions are.
            let id = role_id.unwrap_or_else(|| name.to_owned());
            let arn = format!("arn:aws:sts::{}:assumed-role/{name}/{session}", account.id);
            (format!("{id}:{session}"), arn)
        }
    };
    Ok(Reply::ok(json!({"Account": account.id, "UserId": user_id, "Arn": arn})))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::identity::signature::SigningKeys;

    /// docs/aws-behaviour.md#lambda-role-session
    #[test]
    fn a_session_of_a_role_is_shown_with_its_name() {
        let account = Account::default();
        let session = Issued {
            role_arn: "arn:aws:iam::000000000000:role/team/r".into(),
            session: "echo".into(),
            session_token: String::new(),
            signing_keys: SigningKeys::new(String::new()),
        };
        let caller = |session, role_id: Option<&str>| {
            let answer = handle(&account, session, role_id.map(str::to_owned), "GetCallerIdentity");
            answer.unwrap().body.unwrap()
        };
        let found = caller(Some(&session), Some("AROA1"));
        assert_eq!(found["Arn"], "arn:aws:sts::000000000000:assumed-role/r/echo");
        assert_eq!(found["UserId"], "AROA1:echo");
        assert_eq!(caller(Some(&session), None)["UserId"], "r:echo");
        assert_eq!(caller(None, None)["Arn"], "arn:aws:iam::000000000000:root");
        assert!(handle(&account, None, None, "AssumeRole").is_err());
    }
}
