//! Stages: a name under which a deployment is served, and the settings that need no deployment.

use super::definition::{ApiRecord, StageRecord};
use super::resource::{not_found, parse};
use super::{ApiGateway, compile, invalid};
use crate::aws_api::rest::RestCall;
use crate::aws_api::tags::Tags;
use crate::aws_api::wire::{Answer, ApiError, Reply, Service, input, time};
use crate::gateway::stage::{AccessLog, Throttle};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// Stages of an API, at most (the account's default quota).
pub const STAGES_MAX: usize = 10;
const NAME_CHARS_MAX: usize = 128;

/// What a stage was given.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StageSettings {
    /// Letters, digits, `-` and `_`.
    pub stage_name: String,
    /// Where accesses are logged.
    pub access_log_settings: Option<AccessLogSettings>,
    /// Whether every change of the API is deployed at once.
    pub auto_deploy: Option<bool>,
    /// For people.
    pub description: Option<String>,
    /// Which deployment it serves.
    pub deployment_id: Option<String>,
    /// Settings of every route that has none of its own.
    pub default_route_settings: Option<RouteSettings>,
    /// Settings by route key.
    pub route_settings: Option<BTreeMap<String, RouteSettings>>,
    /// `$stageVariables`
    pub stage_variables: Option<BTreeMap<String, String>>,
    /// Tags.
    pub tags: Option<Tags>,
}

/// Access logs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessLogSettings {
    /// A log group's ARN.
    pub destination_arn: Option<String>,
    /// A line with `$context` variables.
    pub format: Option<String>,
}

/// Settings of routes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteSettings {
    /// Bodies in execution logs; inert.
    pub data_trace_enabled: Option<bool>,
    /// Metrics by route; inert.
    pub detailed_metrics_enabled: Option<bool>,
    /// `OFF`, `ERROR` or `INFO`: execution logs; inert.
    pub logging_level: Option<String>,
    /// The token bucket's size.
    pub throttling_burst_limit: Option<u32>,
    /// Tokens a second.
    pub throttling_rate_limit: Option<f64>,
}

impl RouteSettings {
    fn throttle(&self, fallback: Throttle) -> Option<Throttle> {
        match (self.throttling_rate_limit, self.throttling_burst_limit) {
            (None, None) => None,
            (rate, burst) => Some(Throttle {
                rate_per_second: rate.unwrap_or(fallback.rate_per_second),
                burst: burst.unwrap_or(fallback.burst),
            }),
        }
    }

    fn logs(&self) -> bool {
        self.logging_level.as_deref().is_some_and(|level| level != "OFF")
    }
}

impl StageSettings {
    /// Throttling of routes without settings of their own.
    pub fn default_throttle(&self) -> Option<Throttle> {
        self.default_route_settings.as_ref()?.throttle(Throttle::default())
    }

    /// Throttling of one route alone.
    pub fn route_throttle(&self, key: &str) -> Option<Throttle> {
        let fallback = self.default_throttle().unwrap_or_default();
        self.route_settings.as_ref()?.get(key)?.throttle(fallback)
    }

    /// Access logs, if both destination and format are given.
    ///
    /// # Errors
    /// A destination that is no log group.
    pub fn access_log(&self) -> Result<Option<AccessLog>, ApiError> {
        let Some(settings) = &self.access_log_settings else { return Ok(None) };
        let (Some(arn), Some(format)) = (&settings.destination_arn, &settings.format) else {
            return Ok(None);
        };
        if !format.contains("$context.requestId") && !format.contains("$context.extendedRequestId") {
            return Err(invalid(
                "accessLogSettings.format must contain $context.requestId or $context.extendedRequestId",
            ));
        }
        let group = arn.split_once(":log-group:").filter(|_| arn.contains(":logs:")).map(|(_, group)| group);
        let group = group.ok_or_else(|| {
            invalid(format!("accessLogSettings.destinationArn: {arn} is not a log group, and other destinations are not supported by the local plane"))
        })?;
        Ok(Some(AccessLog { log_group: group.trim_end_matches(":*").to_owned(), format: format.clone() }))
    }

    fn check(&self, record: &ApiRecord, account_logs: bool) -> Result<(), ApiError> {
        let name = &self.stage_name;
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(legal) {
            return Err(invalid(format!(
                "stageName {name} must be 1 to {NAME_CHARS_MAX} letters, digits, hyphens or underscores"
            )));
        }
        if let Some(id) = &self.deployment_id
            && !record.deployments.contains_key(id)
        {
            return Err(not_found("Deployment", id));
        }
        let mut levels =
            self.default_route_settings.iter().chain(self.route_settings.iter().flatten().map(|(_, s)| s));
        if (self.access_log_settings.is_some() || levels.any(RouteSettings::logs)) && !account_logs {
            return Err(invalid(
                "CloudWatch Logs role ARN must be set in account settings to enable logging",
            ));
        }
        for (key, value) in self.stage_variables.iter().flatten() {
            let legal = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#&=,".contains(c);
            if !value.chars().all(legal) {
                return Err(invalid(format!(
                    "Invalid stage variable value for {key}: letters, digits and -._~:/?#&=, are allowed"
                )));
            }
        }
        self.access_log().map(drop)
    }
}

impl ApiGateway {
    pub(super) fn serve_stages(
        &self,
        account_logs: bool,
        api_id: &str,
        record: &mut ApiRecord,
        call: &RestCall,
        name: Option<&str>,
    ) -> Answer {
        call.only_query(Service::ApiGateway, &[])?;
        match (&call.method, name) {
            (&Method::POST, None) => {
                let settings: StageSettings = parse("CreateStage", call.body.clone())?;
                if record.stages.contains_key(&settings.stage_name) {
                    return Err(ApiError::conflict("ConflictException", "Stage already exists"));
                }
                if record.stages.len() >= STAGES_MAX {
                    return Err(invalid(format!(
                        "Maximum number of Stages for this API has been reached: {STAGES_MAX}"
                    )));
                }
                if settings.auto_deploy == Some(true) && settings.deployment_id.is_some() {
                    return Err(invalid(
                        "deploymentId: a stage with autoDeploy chooses its deployment itself",
                    ));
                }
                let name = settings.stage_name.clone();
                self.put_stage(account_logs, api_id, record, settings)?;
                Ok(Reply::created(view(&record.stages[&name])?))
            }
            (&Method::GET, None) => {
                let items = record.stages.values().map(view);
                Ok(Reply::ok(json!({"items": items.collect::<Result<Vec<_>, _>>()?})))
            }
            (&Method::GET, Some(name)) => Ok(Reply::ok(view(find(record, name)?)?)),
            (&Method::PATCH, Some(name)) => {
                let current = &find(record, name)?.settings;
                if let Some(fixed) =
                    ["stageName", "tags"].iter().find(|member| !call.body[**member].is_null())
                {
                    return Err(invalid(format!("UpdateStage: {fixed} cannot be changed")));
                }
                if current.auto_deploy == Some(true)
                    && call.body["autoDeploy"] != false
                    && !call.body["deploymentId"].is_null()
                {
                    return Err(invalid(
                        "deploymentId: a stage with autoDeploy chooses its deployment itself",
                    ));
                }
                let merged = ["stageVariables", "routeSettings"];
                let next =
                    input::overlay(Service::ApiGateway, "UpdateStage", current, call.body.clone(), &merged)?;
                self.put_stage(account_logs, api_id, record, next)?;
                Ok(Reply::ok(view(&record.stages[name])?))
            }
            (&Method::DELETE, Some(name)) => {
                find(record, name)?;
                record.stages.remove(name);
                self.data_plane.unpublish_stage(api_id, name);
                Ok(Reply::no_content())
            }
            _ => Err(call.unsupported(Service::ApiGateway)),
        }
    }

    /// Removes one route's settings, or the access log settings: neither touches anything else.
    pub(super) fn delete_stage_part(
        &self,
        api_id: &str,
        record: &mut ApiRecord,
        name: &str,
        part: StagePart<'_>,
    ) -> Answer {
        let mut settings = find(record, name)?.settings.clone();
        match part {
            StagePart::AccessLogs => settings.access_log_settings = None,
            StagePart::Route(key) => {
                let removed = settings.route_settings.as_mut().and_then(|routes| routes.remove(key));
                removed.ok_or_else(|| not_found("RouteSettings", key))?;
            }
        }
        self.put_stage(true, api_id, record, settings)?;
        Ok(Reply::no_content())
    }

    /// Checks, stores and serves a stage; nothing is stored unless it can be served.
    fn put_stage(
        &self,
        account_logs: bool,
        api_id: &str,
        record: &mut ApiRecord,
        settings: StageSettings,
    ) -> Result<(), ApiError> {
        settings.check(record, account_logs)?;
        let name = settings.stage_name.clone();
        let deployment = settings.deployment_id.as_ref().and_then(|id| record.deployments.get(id));
        let compiled = match deployment {
            Some(deployment) => Some(compile::stage(api_id, &name, &deployment.definition, &settings)?),
            None => None,
        };
        let now = SystemTime::now();
        let before = record.stages.get(&name);
        let stage = StageRecord {
            created: before.map_or(now, |stage| stage.created),
            updated: now,
            last_deployment_status: before.and_then(|stage| stage.last_deployment_status.clone()),
            settings,
        };
        let auto_deploy = stage.settings.auto_deploy == Some(true);
        record.stages.insert(name, stage);
        if let Some(compiled) = compiled {
            self.data_plane.publish_stage(compiled);
        }
        if auto_deploy {
            self.auto_deploy(api_id, record);
        }
        Ok(())
    }
}

/// A part of a stage that can be deleted on its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum StagePart<'a> {
    AccessLogs,
    Route(&'a str),
}

fn find<'a>(record: &'a ApiRecord, name: &str) -> Result<&'a StageRecord, ApiError> {
    record.stages.get(name).ok_or_else(|| not_found("stage", name))
}

fn view(stage: &StageRecord) -> Result<Value, ApiError> {
    let mut document = serde_json::to_value(&stage.settings).map_err(ApiError::internal)?;
    let defaults = json!({
        "autoDeploy": false,
        "routeSettings": {},
        "stageVariables": {},
        "tags": {},
        "defaultRouteSettings": {"dataTraceEnabled": false, "detailedMetricsEnabled": false, "loggingLevel": "OFF"},
    });
    if let (Value::Object(members), Value::Object(defaults)) = (&mut document, defaults) {
        for (name, value) in defaults {
            let member = members.entry(name).or_insert(Value::Null);
            if member.is_null() {
                *member = value;
            }
        }
    }
    document["createdDate"] = time::iso8601(stage.created).into();
    document["lastUpdatedDate"] = time::iso8601(stage.updated).into();
    document["lastDeploymentStatusMessage"] = stage.last_deployment_status.clone().into();
    Ok(document)
}
