//! The account resource of API Gateway v1: the role for logs, one for the account and region.

use super::{ApiGateway, Store, invalid};
use crate::core::identity::{Permissions as _, Principal};
use crate::protocol::rest::RestCall;
use crate::protocol::{Answer, Reply, Service};
use crate::services::apigateway::websocket::stage::Throttle;
use http::Method;
use serde::Deserialize;
use serde_json::json;

/// The service that assumes the gateway's roles.
pub const PRINCIPAL: &str = "apigateway.amazonaws.com";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UpdateAccount {
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PatchOperation {
    op: String,
    path: String,
    value: Option<String>,
}

impl ApiGateway {
    pub(super) fn serve_account(&self, store: &mut Store, call: &RestCall) -> Answer {
        match call.method {
            Method::GET => {}
            Method::PATCH => {
                let request: UpdateAccount = super::resource::parse("UpdateAccount", call.body.clone())?;
                for operation in request.patch_operations {
                    self.apply(store, operation)?;
                }
            }
            _ => return Err(call.unsupported(Service::ApiGateway)),
        }
        let throttle = Throttle::default();
        Ok(Reply::ok(json!({
            "cloudwatchRoleArn": store.cloudwatch_role_arn,
            "throttleSettings": {"burstLimit": throttle.burst, "rateLimit": throttle.rate_per_second},
            "features": ["UsagePlans"],
            "apiKeyVersion": "4",
        })))
    }

    fn apply(&self, store: &mut Store, operation: PatchOperation) -> Result<(), crate::protocol::ApiError> {
        if operation.path != "/cloudwatchRoleArn" {
            return Err(invalid(format!(
                "UpdateAccount: path {} is not supported by the emulator",
                operation.path
            )));
        }
        match (operation.op.as_str(), operation.value.filter(|arn| !arn.is_empty())) {
            ("replace" | "add", Some(arn)) => {
                let role = Principal::Role(arn.clone());
                let trusted = self.iam.assume(PRINCIPAL, &arn, None);
                trusted.and_then(|()| self.iam.check(&role, "logs:PutLogEvents", "*")).map_err(|_| {
                    invalid("The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and add the required role policy.")
                })?;
                store.cloudwatch_role_arn = Some(arn);
            }
            ("replace" | "add", None) | ("remove", _) => store.cloudwatch_role_arn = None,
            (other, _) => {
                return Err(invalid(format!("UpdateAccount: op {other} is not supported by the emulator")));
            }
        }
        Ok(())
    }
}
