//! A call of the wire API: who makes it, what it needs, and its answer.

use super::failure::Failure;
use super::{Tables, access, arn, store};
use crate::core::identity;
use crate::fault_injection::Fault;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::Value;

/// How `X-Amz-Target` begins.
pub const TARGET_PREFIX: &str = "DynamoDB_20120810.";
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
/// What a new or changed table may have. Any other argument is refused by name.
const TABLE_ARGUMENTS: [&str; 14] = [
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexUpdates",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "OnDemandThroughput",
    "ProvisionedThroughput",
    "SSESpecification",
    "StreamSpecification",
    "TableClass",
    "TableName",
    "Tags",
];

impl Tables {
    pub async fn handle(&self, parts: Parts, body: Bytes) -> Response<Full<Bytes>> {
        let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let operation = target.and_then(|target| target.strip_prefix(TARGET_PREFIX)).unwrap_or_default();
        let answer = self.answer(&parts, operation, &body).await;
        let (status, body) = match answer {
            Ok(answer) => (StatusCode::OK, answer.to_string()),
            Err(failure) => {
                let body = arn::in_text(&self.account, &failure.body);
                tracing::debug!(operation, status = failure.status.as_u16(), body, "DynamoDB refused a call");
                (failure.status, body)
            }
        };
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
            headers.insert("x-amzn-requestid", id);
        }
        response
    }

    async fn answer(&self, parts: &Parts, operation: &str, body: &Bytes) -> Result<Value, Failure> {
        let caller = identity::caller(&self.permissions, parts).ok_or_else(Failure::unknown_credentials)?;
        let request: Option<Value> = serde_json::from_slice(body).ok().filter(Value::is_object);
        let mut request = request.ok_or_else(|| Failure::serialization("the body is not a JSON object"))?;
        check_operation(operation, &request)?;
        arn::to_store(&self.account, &mut request)?;
        let store = self.store.clone();
        let partition_key = |table: &str, index: Option<&str>| store.partition_key(table, index);
        for need in access::needs(&self.account, operation, &request, &partition_key) {
            self.permissions
                .check_items(&caller, &need.action, &need.resource, need.leading_keys.as_deref())
                .map_err(|denied| Failure::denied(&denied))?;
        }
        let table = request["TableName"].as_str().unwrap_or_default().to_owned();
        self.inject_fault(&table)?;
        match operation {
            "DescribeContinuousBackups" | "UpdateContinuousBackups" => {
                if store.partition_key(&table, None).is_none() {
                    return Err(Failure::of_model(
                        StatusCode::BAD_REQUEST,
                        "TableNotFoundException",
                        &format!("Table not found: {table}"),
                    ));
                }
                if operation == "UpdateContinuousBackups" {
                    return self.backups.update(&table, &request);
                }
                return Ok(self.backups.describe(&table));
            }
            "DeleteTable" => self.backups.forget(&table),
            _ => {}
        }
        let name = operation.to_owned();
        let answer = tokio::task::spawn_blocking(move || store.call(&name, request)).await;
        let answer = answer.unwrap_or_else(|error| Err(Failure::internal(&error)))?;
        Ok(if operation.ends_with("Table") { arn::to_account(&self.account, answer) } else { answer })
    }

    fn inject_fault(&self, table: &str) -> Result<(), Failure> {
        if self.faults.trigger(Fault::DynamodbThrottled, table).is_some() {
            let message = "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.";
            return Err(Failure::of_model(
                StatusCode::BAD_REQUEST,
                "ProvisionedThroughputExceededException",
                message,
            ));
        }
        if self.faults.trigger(Fault::Dynamodb500, table).is_some() {
            let message = "Internal server error";
            return Err(Failure::of_model(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", message));
        }
        Ok(())
    }
}

/// Refuses what the store would not know or would ignore.
fn check_operation(operation: &str, request: &Value) -> Result<(), Failure> {
    let is_known = store::OPERATIONS.contains(&operation)
        || matches!(operation, "DescribeContinuousBackups" | "UpdateContinuousBackups");
    if operation.is_empty() {
        return Err(Failure::unknown_operation());
    }
    if !is_known {
        return Err(Failure::unsupported(operation));
    }
    if matches!(operation, "CreateTable" | "UpdateTable") {
        let arguments = request.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        if let Some(other) = arguments.into_iter().find(|name| !TABLE_ARGUMENTS.contains(name)) {
            return Err(Failure::unsupported(&format!("{operation} with {other}")));
        }
        if request["StreamSpecification"]["StreamEnabled"] == true {
            return Err(Failure::unsupported(&format!("{operation} with a stream of changes")));
        }
    }
    Ok(())
}
