//! Dashboards: stored and returned; nothing draws them here.

use super::{CloudWatch, parse};
use crate::protocol::page::page;
use crate::protocol::tags;
use crate::protocol::tags::{Tag, Tags};
use crate::protocol::{Answer, ApiError, Reply, Service, time};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::SystemTime;

pub const DASHBOARDS_MAX: usize = 500;
const PAGE_MAX: usize = 1_000;
const NAME_CHARS_MAX: usize = 255;

#[derive(Debug, Clone)]
pub struct Dashboard {
    /// JSON text, as sent.
    pub body: String,
    pub tags: Tags,
    modified: SystemTime,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutDashboard {
    dashboard_name: String,
    dashboard_body: String,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetDashboard {
    dashboard_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteDashboards {
    dashboard_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListDashboards {
    dashboard_name_prefix: Option<String>,
    next_token: Option<String>,
}

impl CloudWatch {
    pub(super) fn put_dashboard(&self, input: Value) -> Answer {
        let request: PutDashboard = parse("PutDashboard", input)?;
        check_name(&request.dashboard_name)?;
        if serde_json::from_str::<Value>(&request.dashboard_body).map_or(true, |body| !body.is_object()) {
            let message = "The field DashboardBody must be a valid JSON object";
            return Err(ApiError::bad_request("DashboardInvalidInputError", message)
                .with_query_code("InvalidParameterInput"));
        }
        let mut store = self.store.lock();
        if store.dashboards.len() >= DASHBOARDS_MAX && !store.dashboards.contains_key(&request.dashboard_name)
        {
            let message = format!("the account has {DASHBOARDS_MAX} dashboards, which is the limit");
            return Err(ApiError::bad_request("DashboardInvalidInputError", message)
                .with_query_code("InvalidParameterInput"));
        }
        let dashboard = Dashboard {
            body: request.dashboard_body,
            tags: tags::from_list(request.tags),
            modified: SystemTime::now(),
        };
        store.dashboards.insert(request.dashboard_name, dashboard);
        Ok(Reply::ok(json!({"DashboardValidationMessages": []})))
    }

    pub(super) fn get_dashboard(&self, input: Value) -> Answer {
        let request: GetDashboard = parse("GetDashboard", input)?;
        let name = request.dashboard_name;
        let store = self.store.lock();
        let dashboard = store.dashboards.get(&name).ok_or_else(|| no_dashboard(&name))?;
        Ok(Reply::ok(json!({
            "DashboardArn": self.dashboard_arn(&name),
            "DashboardBody": dashboard.body,
            "DashboardName": name,
        })))
    }

    pub(super) fn delete_dashboards(&self, input: Value) -> Answer {
        let request: DeleteDashboards = parse("DeleteDashboards", input)?;
        let mut store = self.store.lock();
        if let Some(missing) =
            request.dashboard_names.iter().find(|name| !store.dashboards.contains_key(*name))
        {
            return Err(no_dashboard(missing));
        }
        store.dashboards.retain(|name, _| !request.dashboard_names.contains(name));
        Ok(Reply::empty())
    }

    pub(super) fn list_dashboards(&self, input: Value) -> Answer {
        let request: ListDashboards = parse("ListDashboards", input)?;
        let prefix = request.dashboard_name_prefix.unwrap_or_default();
        let store = self.store.lock();
        let entries = store.dashboards.iter().filter(|(name, _)| name.starts_with(&prefix));
        let entries = entries.map(|(name, dashboard)| {
            let entry = json!({
                "DashboardName": name,
                "DashboardArn": self.dashboard_arn(name),
                "LastModified": time::epoch_seconds(dashboard.modified),
                "Size": dashboard.body.len(),
            });
            (name, entry)
        });
        let entries = page(entries, request.next_token.as_deref(), PAGE_MAX);
        let (entries, token) =
            entries.map_err(|_| Service::CloudWatch.invalid("The next token specified is invalid."))?;
        Ok(Reply::ok(json!({"DashboardEntries": entries, "NextToken": token})))
    }

    /// `arn:aws:cloudwatch::{account}:dashboard/{name}`
    fn dashboard_arn(&self, name: &str) -> String {
        format!("arn:aws:cloudwatch::{}:dashboard/{name}", self.account.id)
    }
}

/// docs/aws-behaviour.md#cloudwatch-dashboards.
fn check_name(name: &str) -> Result<(), ApiError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=NAME_CHARS_MAX).contains(&name.len()) && name.chars().all(legal) {
        return Ok(());
    }
    Err(Service::CloudWatch.invalid(
        "The value for field DashboardName contains invalid characters. It can only contain alphanumerics, dash (-) \
         and underscore (_).\n",
    ))
}

fn no_dashboard(name: &str) -> ApiError {
    let message = format!("Dashboard {name} does not exist");
    ApiError::not_found("DashboardNotFoundError", message).with_query_code("ResourceNotFound")
}
