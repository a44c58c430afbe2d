//! Who calls, and what that caller may do: the interface between the data plane and IAM.

pub mod proof;
pub mod signature;

use signature::SigningKeys;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The account itself, by a developer's own keys. It may do everything, like an administrator.
    Account,
    /// A role, by its ARN: the gateway acts as an integration's role, a function as its own.
    Role(String),
}

/// Credentials issued to an execution environment or to who assumed a role.
#[derive(Clone)]
pub struct Credentials {
    /// Names the credentials. Its form is the emulator's own: AWS issues no such key.
    pub access_key_id: String,
    /// Never logged.
    pub secret_access_key: String,
    /// Never logged.
    pub session_token: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Credentials that were issued and are not revoked.
pub struct Issued {
    pub role_arn: String,
    /// The session's name: the function's, or what AssumeRole named it.
    pub session: String,
    pub session_token: String,
    pub signing_keys: SigningKeys,
    /// `None`: they are valid until they are revoked.
    pub expires: Option<SystemTime>,
}

impl Issued {
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("role_arn", &self.role_arn).finish_non_exhaustive()
    }
}

/// A call that its caller's policies do not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{role} is not authorized to perform {action} on {resource}")]
pub struct Denied {
    pub role: String,
    /// Such as `kinesis:PutRecord`.
    pub action: String,
    /// The ARN that the action was attempted on.
    pub resource: String,
}

/// What a call of the control plane needs its caller to be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Such as `lambda:CreateFunction`.
    pub action: String,
    /// The ARN that the action is attempted on.
    pub resource: String,
    /// The service that a role is passed to, with `iam:PassRole`.
    pub passed_to_service: Option<&'static str>,
    /// The function of an event source mapping.
    pub function_arn: Option<String>,
}

impl Need {
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into(), passed_to_service: None, function_arn: None }
    }
}

/// What the data plane asks of IAM.
pub trait Permissions: Send + Sync {
    /// Whether `principal` may now do `action` on `resource`. The callee logs a refusal.
    fn check(&self, principal: &Principal, action: &str, resource: &str) -> Result<(), Denied>;

    /// The same for items of a table, by their partition keys (`dynamodb:LeadingKeys`), where the action has them.
    fn check_items(
        &self,
        principal: &Principal,
        action: &str,
        resource: &str,
        leading_keys: Option<&[String]>,
    ) -> Result<(), Denied>;

    /// Whether a service, such as `apigateway.amazonaws.com`, may assume a role: the role's trust policy decides. Fails
    /// with [`Denied`], with the service as the principal.
    fn assume(&self, service: &str, role_arn: &str) -> Result<(), Denied>;

    /// Whether a service may do `action` to `resource` on behalf of `source_arn`: the resource's own policy decides.
    /// Fails with [`Denied`], with the service as the principal.
    fn check_service(
        &self,
        service: &str,
        action: &str,
        resource: &str,
        source_arn: &str,
    ) -> Result<(), Denied>;

    /// Sets a resource's own policy, which decides with the others from now on; `None` removes it.
    ///
    /// # Errors
    /// What is wrong with the document; the previous policy stays.
    fn set_resource_policy(&self, arn: &str, document: Option<&str>) -> Result<(), String>;

    /// Temporary credentials of `role_arn` in a named session, valid until [`Permissions::revoke`].
    fn issue(&self, role_arn: &str, session: &str) -> Credentials;

    /// Revokes credentials when their execution environment is gone.
    fn revoke(&self, access_key_id: &str);

    /// Whom an access key stands for: a role where this emulator issued it, else the account.
    /// `None`: a key of the form that this emulator issues and AWS does not, which it does not know (any more).
    fn principal(&self, access_key_id: &str) -> Option<Principal>;

    /// The credentials issued under an access key; `None`: there are none, or they were revoked, or the key is a
    /// developer's own.
    fn issued(&self, access_key_id: &str) -> Option<Arc<Issued>>;
}

/// An account in which everybody may do everything, for benchmarks, fuzzers and tests that run a part of an emulator
/// without IAM.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unrestricted;

impl Permissions for Unrestricted {
    fn check(&self, _: &Principal, _: &str, _: &str) -> Result<(), Denied> {
        Ok(())
    }

    fn check_items(&self, _: &Principal, _: &str, _: &str, _: Option<&[String]>) -> Result<(), Denied> {
        Ok(())
    }

    fn assume(&self, _: &str, _: &str) -> Result<(), Denied> {
        Ok(())
    }

    fn check_service(&self, _: &str, _: &str, _: &str, _: &str) -> Result<(), Denied> {
        Ok(())
    }

    fn set_resource_policy(&self, _: &str, _: Option<&str>) -> Result<(), String> {
        Ok(())
    }

    fn issue(&self, _: &str, _: &str) -> Credentials {
        Credentials {
            access_key_id: "developer".into(),
            secret_access_key: "secret".into(),
            session_token: "token".into(),
        }
    }

    fn revoke(&self, _: &str) {}

    fn principal(&self, _: &str) -> Option<Principal> {
        Some(Principal::Account)
    }

    fn issued(&self, _: &str) -> Option<Arc<Issued>> {
        None
    }
}

/// The caller named in a request's SigV4 `Authorization` header or query. The port has already verified it; an unsigned
/// request, which only `--allow-unsigned` admits, counts as the account's own.
pub fn caller(permissions: &Arc<dyn Permissions>, request: &http::request::Parts) -> Option<Principal> {
    match credential_scope(request) {
        Some(scope) => permissions.principal(scope.split('/').next().unwrap_or_default()),
        None => Some(Principal::Account),
    }
}

/// The issued credentials of a request's caller, if this emulator issued them.
pub fn session(permissions: &Arc<dyn Permissions>, request: &http::request::Parts) -> Option<Arc<Issued>> {
    let scope = credential_scope(request)?;
    permissions.issued(scope.split('/').next().unwrap_or_default())
}

/// The credential scope `{access key}/{date}/{region}/{service}/aws4_request` of a signed request.
pub fn credential_scope(request: &http::request::Parts) -> Option<Cow<'_, str>> {
    let header = request.headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(header) = header {
        let start = header.find("Credential=")? + "Credential=".len();
        return header[start..].split([',', ' ']).next().map(Cow::from);
    }
    let query = request.uri.query()?;
    let scope = query.split('&').find_map(|pair| pair.strip_prefix("X-Amz-Credential="))?;
    Some(percent_encoding::percent_decode_str(scope).decode_utf8_lossy())
}
