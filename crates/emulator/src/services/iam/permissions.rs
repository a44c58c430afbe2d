//! IAM for the data plane: whether a role may do something, and credentials of roles.

use super::Iam;
use super::policy::evaluate::{Caller, Decision, Request, allows, judge};
use super::policy::{Kind, Policy};
use super::role::Role;
use crate::core::identity::signature::SigningKeys;
use crate::core::identity::{Credentials, Denied, Issued, Need, Permissions, Principal};
use crate::protocol::id;
use std::sync::Arc;
use std::time::SystemTime;

/// Access keys that are issued here begin so: as temporary ones of AWS do, and on with what no key of AWS's has, which
/// are written in base32. A developer's own temporary key is never taken for one.
const ISSUED_KEY_PREFIX: &str = "ASIA0SLUICE0";
/// What makes an issued key 20 characters long, as AWS's are.
const ISSUED_KEY_RANDOM_CHARS: usize = 8;
const SECRET_CHARS: usize = 40;
const TOKEN_CHARS: usize = 64;

impl Iam {
    /// Whether `service` (such as `apigateway.amazonaws.com`) may assume the role on behalf of `source_arn`: the role
    /// exists, and its trust policy allows it. A refusal is logged. Fails with [`Denied`], with the service as the
    /// principal.
    pub fn assume(&self, service: &str, role_arn: &str, source_arn: Option<&str>) -> Result<(), Denied> {
        let request = Request {
            action: "sts:AssumeRole",
            resource: role_arn,
            caller: Caller::Service(service),
            source_account: Some(&self.account.id),
            source_arn,
            ..Request::default()
        };
        let trusted = self.by_arn(role_arn, |role| allows(std::iter::once(&role.trust.policy), &request));
        if trusted == Some(true) {
            return Ok(());
        }
        Err(refuse(service, request.action, role_arn))
    }

    /// Whether a role may do something, by its own policies or the resource's, within its boundary. Unlike
    /// [`Permissions::check`] this is not an attempt, and a refusal is not logged.
    pub fn may(&self, role_arn: &str, action: &str, resource: &str) -> bool {
        self.role_may(&Request { action, resource, caller: Caller::Role(role_arn), ..Request::default() })
    }

    fn role_may(&self, request: &Request<'_>) -> bool {
        let Caller::Role(role_arn) = request.caller else { return false };
        let allowed = self.by_arn(role_arn, |role| {
            let documents = role.inline.values().chain(role.attached.values());
            let own = documents.map(|document| &document.policy);
            let of_resources = self.resource_policies.read();
            let bounds = role.boundary.iter().map(|(_, document)| &document.policy);
            allows(own.chain(of_resources.get(request.resource)), request)
                && (role.boundary.is_none() || allows(bounds, request))
        });
        allowed == Some(true)
    }

    /// Whether a caller may do what a call of the control plane needs. A refusal is logged, and at the lowest level also
    /// what a role is allowed, for those who want to know what it uses.
    pub fn check_need(&self, principal: &Principal, need: &Need) -> Result<(), Denied> {
        let Need { action, resource, passed_to_service, function_arn } = need;
        let request = Request {
            action,
            resource,
            passed_to_service: *passed_to_service,
            function_arn: function_arn.as_deref(),
            ..Request::default()
        };
        self.decide(principal, &request)
    }

    fn decide(&self, principal: &Principal, request: &Request<'_>) -> Result<(), Denied> {
        let Request { action, resource, .. } = *request;
        match principal {
            Principal::Role(arn) if self.role_may(&Request { caller: Caller::Role(arn), ..*request }) => {
                tracing::trace!(role = arn, action, resource, "allowed");
                Ok(())
            }
            Principal::Role(arn) => Err(refuse(arn, action, resource)),
            // An administrator may do everything that the resource policy does not deny.
            Principal::Account => {
                let id = &self.account.id;
                let request = Request { caller: Caller::Account(id), ..*request };
                let of_resources = self.resource_policies.read();
                match judge(of_resources.get(resource).into_iter(), &request) {
                    Decision::Denied => Err(refuse(id, action, resource)),
                    Decision::Allowed | Decision::Silent => Ok(()),
                }
            }
        }
    }

    /// `AROA…`
    pub(crate) fn role_id(&self, role_arn: &str) -> Option<String> {
        self.by_arn(role_arn, |role| role.id.clone())
    }

    pub(super) fn issue_until(
        &self,
        role_arn: &str,
        session: &str,
        expires: Option<SystemTime>,
    ) -> Credentials {
        let credentials = Credentials {
            access_key_id: id::access_key(ISSUED_KEY_PREFIX, ISSUED_KEY_RANDOM_CHARS),
            secret_access_key: id::secret(SECRET_CHARS),
            session_token: id::secret(TOKEN_CHARS),
        };
        let issued = Issued {
            role_arn: role_arn.to_owned(),
            session: session.to_owned(),
            expires,
            session_token: credentials.session_token.clone(),
            signing_keys: SigningKeys::new(credentials.secret_access_key.clone()),
        };
        self.issued.write().insert(credentials.access_key_id.clone(), Arc::new(issued));
        credentials
    }

    pub(super) fn by_arn<T>(&self, arn: &str, look: impl FnOnce(&Role) -> T) -> Option<T> {
        let name = arn.rsplit('/').next()?;
        let roles = self.roles.read();
        roles.get(name).filter(|role| role.arn == arn).map(look)
    }
}

impl Permissions for Iam {
    fn assume(&self, service: &str, role_arn: &str) -> Result<(), Denied> {
        Self::assume(self, service, role_arn, None)
    }

    fn check(&self, principal: &Principal, action: &str, resource: &str) -> Result<(), Denied> {
        self.check_items(principal, action, resource, None)
    }

    fn check_items(
        &self,
        principal: &Principal,
        action: &str,
        resource: &str,
        leading_keys: Option<&[String]>,
    ) -> Result<(), Denied> {
        self.decide(principal, &Request { action, resource, leading_keys, ..Request::default() })
    }

    fn check_service(
        &self,
        service: &str,
        action: &str,
        resource: &str,
        source_arn: &str,
    ) -> Result<(), Denied> {
        let request = Request {
            action,
            resource,
            caller: Caller::Service(service),
            source_account: Some(&self.account.id),
            source_arn: Some(source_arn),
            ..Request::default()
        };
        if allows(self.resource_policies.read().get(resource).into_iter(), &request) {
            return Ok(());
        }
        tracing::warn!(
            role = service,
            action,
            resource,
            source_arn,
            "denied: the resource's own policy does not allow it"
        );
        Err(Denied { role: service.to_owned(), action: action.to_owned(), resource: resource.to_owned() })
    }

    fn set_resource_policy(&self, arn: &str, document: Option<&str>) -> Result<(), String> {
        let policy = document.map(|text| Policy::parse(text, Kind::Resource)).transpose();
        Self::set_resource_policy(self, arn, policy.map_err(|error| error.to_string())?);
        Ok(())
    }

    fn issue(&self, role_arn: &str, session: &str) -> Credentials {
        self.issue_until(role_arn, session, None)
    }

    fn revoke(&self, access_key_id: &str) {
        self.issued.write().remove(access_key_id);
    }

    fn principal(&self, access_key_id: &str) -> Option<Principal> {
        if !access_key_id.starts_with(ISSUED_KEY_PREFIX) {
            return Some(Principal::Account);
        }
        self.issued(access_key_id).map(|issued| Principal::Role(issued.role_arn.clone()))
    }

    fn issued(&self, access_key_id: &str) -> Option<Arc<Issued>> {
        let issued = self.issued.read().get(access_key_id).cloned();
        issued.filter(|issued| !issued.is_expired(SystemTime::now()))
    }
}

pub(super) fn refuse(role: &str, action: &str, resource: &str) -> Denied {
    tracing::warn!(role, action, resource, "denied: no statement of the role's policies allows it");
    Denied { role: role.to_owned(), action: action.to_owned(), resource: resource.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::account::Account;
    use serde_json::json;

    const STREAM: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/s";
    const ROLE: &str = "arn:aws:iam::000000000000:role/r";

    fn iam() -> Iam {
        let iam = Iam::new(Account::default());
        let trust = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"apigateway.amazonaws.com"}}}"#;
        iam.handle("CreateRole", json!({"RoleName": "r", "AssumeRolePolicyDocument": trust})).unwrap();
        iam
    }

    fn put_policy(iam: &Iam, action: &str) {
        let document =
            json!({"Statement": {"Effect": "Allow", "Action": action, "Resource": STREAM}}).to_string();
        let input = json!({"RoleName": "r", "PolicyName": "p", "PolicyDocument": document});
        iam.handle("PutRolePolicy", input).unwrap();
    }

    #[test]
    fn a_role_may_what_its_policies_say_at_this_moment() {
        let iam = iam();
        let role = Principal::Role(ROLE.into());
        assert!(iam.check(&role, "kinesis:PutRecord", STREAM).is_err());
        put_policy(&iam, "kinesis:PutRecord");
        assert!(iam.check(&role, "kinesis:PutRecord", STREAM).is_ok());
        put_policy(&iam, "kinesis:GetRecords");
        let denied = iam.check(&role, "kinesis:PutRecord", STREAM).unwrap_err();
        assert_eq!(
            denied.to_string(),
            format!("{ROLE} is not authorized to perform kinesis:PutRecord on {STREAM}")
        );
        assert!(iam.check(&Principal::Account, "kinesis:PutRecord", STREAM).is_ok());
    }

    #[test]
    fn only_a_trusted_service_assumes_a_role() {
        let iam = iam();
        assert!(iam.assume("apigateway.amazonaws.com", ROLE, None).is_ok());
        assert!(iam.assume("lambda.amazonaws.com", ROLE, None).is_err());
        assert!(iam.assume("apigateway.amazonaws.com", "arn:aws:iam::000000000000:role/x", None).is_err());
    }

    #[test]
    fn issued_credentials_stand_for_their_role_until_revoked() {
        let iam = iam();
        let credentials = iam.issue(ROLE, "f");
        assert_eq!(iam.principal(&credentials.access_key_id), Some(Principal::Role(ROLE.into())));
        iam.revoke(&credentials.access_key_id);
        assert_eq!(iam.principal(&credentials.access_key_id), None);
    }

    /// Those of `aws sso login` and of AssumeRole begin as issued ones do.
    #[test]
    fn a_developers_own_keys_stand_for_the_account() {
        let iam = iam();
        let issued = iam.issue(ROLE, "f").access_key_id;
        assert_eq!(issued.len(), 20);
        for key in ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "ASIAY34FZKBOKMUTVV7A", "test", ""] {
            assert_eq!(iam.principal(key), Some(Principal::Account), "{key}");
        }
        let never_issued = format!("{ISSUED_KEY_PREFIX}AAAAAAAA");
        for key in [never_issued.as_str(), ISSUED_KEY_PREFIX, &issued[..19]] {
            assert_eq!(iam.principal(key), None, "{key}");
        }
    }
}
