//! The control plane: the AWS APIs that Terraform, SDKs and the AWS CLI call.
//!
//! [`AwsApi::handle`] takes every request that does not belong to a data plane (Kinesis, WebSockets, `@connections`).
//! It needs no server: `dev` composes its emulator by calling it in process.
//!
//! An unsupported operation or argument is an error that names it. Settings that are stored without effect are listed
//! in `fidelity/inert.toml`.

mod needs;
mod state;
#[cfg(test)]
mod tests;

use crate::core::account::Account;
use crate::core::identity::{Permissions, Principal, caller, session};
use crate::protocol::exchange::{self, Request};
use crate::protocol::rest::RestCall;
use crate::protocol::{Answer, ApiError, Service};
use crate::services::apigateway::control::ApiGateway;
use crate::services::cloudwatch::CloudWatch;
use crate::services::iam::Iam;
use crate::services::lambda::control::Lambda;
use crate::services::logs::Logs;
use crate::services::sqs::Queues;
use crate::services::sts;
use bytes::Bytes;
use http::request::Parts;
use http::{Response, header};
use http_body_util::Full;
use needs::Existing;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The emulator's address in answers to callers that name no host: the port that emulators agree on.
pub const HOST_DEFAULT: &str = "127.0.0.1:4566";
/// Hosts that [`AwsApi::state`] knows, at most.
const HOSTS_MAX: usize = 64;

pub struct AwsApi {
    account: Account,
    iam: Arc<Iam>,
    logs: Arc<Logs>,
    queues: Arc<Queues>,
    api_gateway: ApiGateway,
    lambda: Lambda,
    cloudwatch: CloudWatch,
    permissions: Arc<dyn Permissions>,
    /// Hosts in answers so far, which [`AwsApi::state`] replaces.
    hosts: Mutex<BTreeSet<String>>,
}

impl AwsApi {
    /// A control plane for services that it shares with the data plane.
    pub fn new(
        account: Account,
        iam: Arc<Iam>,
        logs: Arc<Logs>,
        queues: Arc<Queues>,
        api_gateway: ApiGateway,
        lambda: Lambda,
    ) -> Self {
        Self {
            cloudwatch: CloudWatch::new(account.clone()),
            permissions: iam.clone(),
            hosts: Mutex::default(),
            account,
            iam,
            logs,
            queues,
            api_gateway,
            lambda,
        }
    }

    pub async fn handle(&self, parts: Parts, body: Bytes) -> Response<Full<Bytes>> {
        if let Some(function) = crate::services::lambda::control::invoked(&parts) {
            return self.invoke(&parts, &function, body).await;
        }
        let request = match exchange::read(&parts, &body) {
            Ok(request) => request,
            Err(refusal) => return *refusal,
        };
        let (service, protocol, operation) = (request.service, request.protocol, request.operation.clone());
        let answer = self.answer(&parts, request).await;
        if let Err(error) = &answer {
            let path = parts.uri.path();
            tracing::debug!(service = service.signing_name(), operation, method = %parts.method, path, %error, "refused");
        }
        exchange::write(service, protocol, &operation, answer)
    }

    /// Lambda's Invoke. Its payload is any JSON and its answer the function's own, so none of the protocols here fits.
    async fn invoke(&self, parts: &Parts, function: &str, payload: Bytes) -> Response<Full<Bytes>> {
        match caller(&self.permissions, parts) {
            Some(principal) => self.lambda.invoke(&principal, parts, function, payload).await,
            None => crate::services::lambda::control::refuse_invocation(ApiError::unknown_credentials()),
        }
    }

    async fn answer(&self, parts: &Parts, request: Request) -> Answer {
        let principal = caller(&self.permissions, parts).ok_or_else(ApiError::unknown_credentials)?;
        let host = self.host(parts);
        let Request { service, operation, input, .. } = request;
        let call = RestCall::new(parts, host, input);
        self.authorize(&principal, service, &operation, parts, &call)?;
        match service {
            Service::ApiGateway => self.api_gateway.handle(&call),
            Service::Lambda => self.lambda.handle(&call).await,
            Service::Iam => self.iam.handle(&operation, call.body),
            Service::Sts => {
                let session = session(&self.permissions, parts);
                let caller = sts::Caller { principal: &principal, session: session.as_deref() };
                sts::handle(&self.account, &self.iam, caller, &operation, call.body)
            }
            Service::Logs => self.logs.handle(&operation, call.body),
            Service::Sqs => self.queues.handle(&principal, &call.host, &operation, call.body).await,
            Service::CloudWatch => self.cloudwatch.handle(&operation, call.body),
        }
    }

    /// What a call needs must be allowed to its caller: everything to the account's own keys, to a role what its
    /// policies say.
    fn authorize(
        &self,
        principal: &Principal,
        service: Service,
        operation: &str,
        parts: &Parts,
        call: &RestCall,
    ) -> Result<(), ApiError> {
        let needs = needs::of(&self.account, self, service, operation, parts.uri.path(), call);
        for need in needs {
            self.iam.check_need(principal, &need).map_err(|denied| ApiError::access_denied(&denied))?;
        }
        Ok(())
    }

    fn host(&self, parts: &Parts) -> String {
        let header = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
        let host = header.or(parts.uri.authority().map(http::uri::Authority::as_str)).unwrap_or(HOST_DEFAULT);
        let mut hosts = self.hosts.lock();
        if hosts.len() < HOSTS_MAX && !hosts.contains(host) {
            hosts.insert(host.to_owned());
        }
        host.to_owned()
    }
}

impl Existing for AwsApi {
    fn role_arn(&self, name: &str) -> Option<String> {
        self.iam.inspect(|roles| roles.get(name).map(|role| role.arn.clone()))
    }

    fn mapped_function(&self, uuid: &str) -> Option<String> {
        self.lambda.mapped_function(uuid)
    }
}
