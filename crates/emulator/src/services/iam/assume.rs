//! Who of the account may assume a role, and the credentials of the sessions that they get.

use super::Iam;
use super::permissions::refuse;
use super::policy::evaluate::{Caller, Decision, Request, judge};
use crate::core::identity::{Credentials, Denied, Principal};
use std::time::{Duration, SystemTime};

/// A role that a caller may assume.
#[derive(Debug)]
pub(crate) struct Assumable {
    /// `AROA…`
    pub role_id: String,
    /// Seconds of the longest session.
    pub session_seconds_max: u32,
}

impl Iam {
    /// Whether the role's trust policy lets a caller assume it: it names the caller, or the account whose policies let
    /// the caller. A refusal is logged.
    pub(crate) fn assumable(&self, caller: &Principal, role_arn: &str) -> Result<Assumable, Denied> {
        let account = &self.account.id;
        let (name, as_caller) = match caller {
            Principal::Account => (account.as_str(), Caller::Account(account)),
            Principal::Role(arn) => (arn.as_str(), Caller::Role(arn)),
        };
        const ACTION: &str = "sts:AssumeRole";
        let request = |caller| Request { action: ACTION, resource: role_arn, caller, ..Request::default() };
        let judged = self.by_arn(role_arn, |role| {
            let trust = |caller| judge(std::iter::once(&role.trust.policy), &request(caller));
            let found = Assumable { role_id: role.id.clone(), session_seconds_max: role.session_seconds };
            (trust(as_caller), trust(Caller::Account(account)), found)
        });
        match judged {
            Some((Decision::Allowed, _, role)) => Ok(role),
            Some((Decision::Silent, Decision::Allowed, role)) if self.may(name, ACTION, role_arn) => Ok(role),
            _ => Err(refuse(name, ACTION, role_arn)),
        }
    }

    /// Credentials of a role for a time. Those whose time is over are forgotten.
    pub(crate) fn issue_for(&self, role_arn: &str, session: &str, seconds: u32) -> (Credentials, SystemTime) {
        let now = SystemTime::now();
        let expires = now + Duration::from_secs(seconds.into());
        self.issued.write().retain(|_, issued| !issued.is_expired(now));
        (self.issue_until(role_arn, session, Some(expires)), expires)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::account::Account;
    use crate::core::identity::Permissions as _;
    use serde_json::json;

    const CALLER: &str = "arn:aws:iam::000000000000:role/caller";
    const TARGET: &str = "arn:aws:iam::000000000000:role/target";

    /// A role `target` with this trust, and a role `caller` that may assume it by its own policies or may not.
    fn iam(trusted: &serde_json::Value, caller_may: bool) -> Iam {
        let iam = Iam::new(Account::default());
        let trust = |principal: &serde_json::Value| {
            json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}})
                .to_string()
        };
        for (name, principal) in
            [("target", trusted), ("caller", &json!({"Service": "lambda.amazonaws.com"}))]
        {
            let input = json!({"RoleName": name, "AssumeRolePolicyDocument": trust(principal)});
            iam.handle("CreateRole", input).unwrap();
        }
        if caller_may {
            let policy =
                json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": TARGET}});
            let input =
                json!({"RoleName": "caller", "PolicyName": "p", "PolicyDocument": policy.to_string()});
            iam.handle("PutRolePolicy", input).unwrap();
        }
        iam
    }

    #[test]
    fn trust_and_the_callers_policies_decide_who_assumes() {
        let (account, role) = (Principal::Account, Principal::Role(CALLER.into()));
        let named = json!({"AWS": CALLER});
        let of_account = json!({"AWS": "arn:aws:iam::000000000000:root"});
        let service = json!({"Service": "lambda.amazonaws.com"});
        for (trusted, caller_may, caller, assumes) in [
            (&named, false, &role, true),
            (&named, false, &account, false),
            (&of_account, false, &account, true),
            (&of_account, false, &role, false),
            (&of_account, true, &role, true),
            (&service, true, &role, false),
            (&service, false, &account, false),
        ] {
            let found = iam(trusted, caller_may).assumable(caller, TARGET);
            assert_eq!(found.is_ok(), assumes, "{trusted} {caller_may} {caller:?}");
        }
        assert!(iam(&named, true).assumable(&role, "arn:aws:iam::000000000000:role/none").is_err());
    }

    #[test]
    fn credentials_stand_for_their_role_until_they_expire() {
        let iam = iam(&json!({"AWS": CALLER}), false);
        let (valid, _) = iam.issue_for(TARGET, "s", 900);
        assert_eq!(iam.principal(&valid.access_key_id), Some(Principal::Role(TARGET.into())));
        let (expired, _) = iam.issue_for(TARGET, "s", 0);
        assert_eq!(iam.principal(&expired.access_key_id), None);
    }
}
