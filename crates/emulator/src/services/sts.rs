//! STS: GetCallerIdentity and AssumeRole.

use crate::core::account::Account;
use crate::core::identity::{Issued, Principal};
use crate::protocol::{Answer, ApiError, Reply, Service, input, time};
use crate::services::iam::Iam;
use serde::Deserialize;
use serde_json::{Value, json};

/// Seconds of a session: the least, what it is by default, and the most for a caller that is a session itself.
const SESSION_S_MIN: u32 = 900;
const SESSION_S_DEFAULT: u32 = 3_600;
const CHAINED_SESSION_S_MAX: u32 = 3_600;

/// Who calls: what they may do, and the session that their credentials are of, unless they are the account's.
pub struct Caller<'a> {
    pub principal: &'a Principal,
    pub session: Option<&'a Issued>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AssumeRole {
    role_arn: String,
    role_session_name: String,
    #[serde(default, deserialize_with = "input::from_text")]
    duration_seconds: Option<u32>,
}

pub fn handle(account: &Account, iam: &Iam, caller: Caller<'_>, operation: &str, input: Value) -> Answer {
    match operation {
        "GetCallerIdentity" => Ok(caller_identity(account, iam, caller.session)),
        "AssumeRole" => assume_role(account, iam, caller, input::parse(Service::Sts, operation, input)?),
        _ => Err(ApiError::unsupported_operation("sts", operation)),
    }
}

fn caller_identity(account: &Account, iam: &Iam, session: Option<&Issued>) -> Reply {
    let (user_id, arn) = match session {
        None => (account.id.clone(), format!("arn:aws:iam::{}:root", account.id)),
        Some(Issued { role_arn, session, .. }) => {
            // A role may be gone before its sessions are.
            let id = iam.role_id(role_arn).unwrap_or_else(|| name(role_arn).to_owned());
            (format!("{id}:{session}"), session_arn(account, role_arn, session))
        }
    };
    Reply::ok(json!({"Account": account.id, "UserId": user_id, "Arn": arn}))
}

/// docs/aws-behaviour.md#iam-assume-role
fn assume_role(account: &Account, iam: &Iam, caller: Caller<'_>, input: AssumeRole) -> Answer {
    let AssumeRole { role_arn, role_session_name: session, duration_seconds } = input;
    let is_legal = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !(2..=64).contains(&session.len()) || !session.chars().all(is_legal) {
        let message = format!("RoleSessionName must be 2 to 64 letters, digits or _+=,.@-: {session}");
        return Err(Service::Sts.invalid(message));
    }
    let role =
        iam.assumable(caller.principal, &role_arn).map_err(|denied| ApiError::access_denied(&denied))?;
    let seconds_max = if caller.session.is_some() { CHAINED_SESSION_S_MAX } else { role.session_seconds_max };
    let seconds = duration_seconds.unwrap_or(SESSION_S_DEFAULT);
    if !(SESSION_S_MIN..=seconds_max).contains(&seconds) {
        return Err(Service::Sts.invalid(format!(
            "DurationSeconds must be {SESSION_S_MIN} to {seconds_max} for this role and caller: {seconds}"
        )));
    }
    let (credentials, expires) = iam.issue_for(&role_arn, &session, seconds);
    Ok(Reply::ok(json!({
        "Credentials": {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "SessionToken": credentials.session_token,
            "Expiration": time::epoch_seconds(expires),
        },
        "AssumedRoleUser": {
            "AssumedRoleId": format!("{}:{session}", role.role_id),
            "Arn": session_arn(account, &role_arn, &session),
        },
    })))
}

fn session_arn(account: &Account, role_arn: &str, session: &str) -> String {
    format!("arn:aws:sts::{}:assumed-role/{}/{session}", account.id, name(role_arn))
}

fn name(role_arn: &str) -> &str {
    role_arn.rsplit('/').next().unwrap_or(role_arn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::identity::Permissions as _;

    const ROLE: &str = "arn:aws:iam::000000000000:role/team/r";

    /// An account with a role at a path, which the account may assume.
    fn iam() -> Iam {
        let iam = Iam::new(Account::default());
        let trust = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"000000000000"}}}"#;
        let role = json!({"RoleName": "r", "Path": "/team/", "AssumeRolePolicyDocument": trust, "MaxSessionDuration": "7200"});
        iam.handle("CreateRole", role).unwrap();
        iam
    }

    fn call(iam: &Iam, session: Option<&Issued>, operation: &str, input: Value) -> Result<Value, ApiError> {
        let principal = session.map_or(Principal::Account, |issued| Principal::Role(issued.role_arn.clone()));
        let caller = Caller { principal: &principal, session };
        handle(&Account::default(), iam, caller, operation, input).map(|reply| reply.body.unwrap())
    }

    /// docs/aws-behaviour.md#lambda-role-session
    #[test]
    fn a_session_of_a_role_is_shown_with_its_name() {
        let iam = iam();
        let issued = |role: &str| iam.issued(&iam.issue(role, "echo").access_key_id).unwrap();
        let found = call(&iam, Some(&issued(ROLE)), "GetCallerIdentity", json!({})).unwrap();
        assert_eq!(found["Arn"], "arn:aws:sts::000000000000:assumed-role/r/echo");
        assert_eq!(found["UserId"], json!(format!("{}:echo", iam.role_id(ROLE).unwrap())));
        let gone = issued("arn:aws:iam::000000000000:role/gone");
        assert_eq!(call(&iam, Some(&gone), "GetCallerIdentity", json!({})).unwrap()["UserId"], "gone:echo");
        let account = call(&iam, None, "GetCallerIdentity", json!({})).unwrap();
        assert_eq!(account["Arn"], "arn:aws:iam::000000000000:root");
    }

    /// docs/aws-behaviour.md#iam-assume-role
    #[test]
    fn an_assumed_roles_credentials_are_of_that_role() {
        let iam = iam();
        let ask = json!({"RoleArn": ROLE, "RoleSessionName": "me", "DurationSeconds": "7200"});
        let found = call(&iam, None, "AssumeRole", ask).unwrap();
        assert_eq!(found["AssumedRoleUser"]["Arn"], "arn:aws:sts::000000000000:assumed-role/r/me");
        let key = found["Credentials"]["AccessKeyId"].as_str().unwrap();
        assert_eq!(iam.principal(key), Some(Principal::Role(ROLE.into())));
    }

    #[test]
    fn what_sts_does_not_grant_is_refused_by_its_name() {
        let iam = iam();
        let good = json!({"RoleArn": ROLE, "RoleSessionName": "me"});
        for (name, value, code) in [
            ("RoleSessionName", json!("a b"), "ValidationError"),
            ("RoleSessionName", json!("a"), "ValidationError"),
            ("DurationSeconds", json!("899"), "ValidationError"),
            ("DurationSeconds", json!("7201"), "ValidationError"),
            ("ExternalId", json!("x"), "ValidationError"),
            ("RoleArn", json!("arn:aws:iam::000000000000:role/none"), "AccessDeniedException"),
        ] {
            let mut input = good.clone();
            input[name] = value;
            assert_eq!(call(&iam, None, "AssumeRole", input).unwrap_err().code, code, "{name}");
        }
        assert!(call(&iam, None, "GetSessionToken", json!({})).is_err());
    }

    /// docs/aws-behaviour.md#iam-assume-role
    #[test]
    fn a_session_gets_another_role_for_an_hour() {
        let iam = iam();
        let session = iam.issued(&iam.issue(ROLE, "echo").access_key_id).unwrap();
        let may = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}"#;
        iam.handle("PutRolePolicy", json!({"RoleName": "r", "PolicyName": "p", "PolicyDocument": may}))
            .unwrap();
        for (seconds, is_granted) in [("3600", true), ("3601", false)] {
            let ask = json!({"RoleArn": ROLE, "RoleSessionName": "me", "DurationSeconds": seconds});
            assert_eq!(call(&iam, Some(&session), "AssumeRole", ask).is_ok(), is_granted, "{seconds}");
        }
    }
}
