//! Stages: the names under which deployments are served.

use super::definition::{ApiRecord, StageRecord};
use super::resource::{not_found, parse};
use super::settings::StageSettings;
use super::{ApiGateway, compile, invalid};
use crate::protocol::rest::RestCall;
use crate::protocol::{Answer, ApiError, Reply, Service, input, time};
use http::Method;
use serde_json::{Value, json};
use std::time::SystemTime;

/// Stages of an API, at most (the account's default quota).
pub const STAGES_MAX: usize = 10;
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
            (&Method::PATCH, Some(name)) => self.update_stage(account_logs, api_id, record, call, name),
            (&Method::DELETE, Some(name)) => {
                find(record, name)?;
                record.stages.remove(name);
                self.gateway.unpublish(api_id, name);
                Ok(Reply::no_content())
            }
            _ => Err(call.unsupported(Service::ApiGateway)),
        }
    }

    fn update_stage(
        &self,
        account_logs: bool,
        api_id: &str,
        record: &mut ApiRecord,
        call: &RestCall,
        name: &str,
    ) -> Answer {
        let current = &find(record, name)?.settings;
        if let Some(fixed) = ["stageName", "tags"].iter().find(|member| !call.body[**member].is_null()) {
            return Err(invalid(format!("UpdateStage: {fixed} cannot be changed")));
        }
        if current.auto_deploy == Some(true)
            && call.body["autoDeploy"] != false
            && !call.body["deploymentId"].is_null()
        {
            return Err(invalid("deploymentId: a stage with autoDeploy chooses its deployment itself"));
        }
        let merged = ["stageVariables", "routeSettings"];
        let next = input::overlay(Service::ApiGateway, "UpdateStage", current, call.body.clone(), &merged)?;
        self.put_stage(account_logs, api_id, record, next)?;
        Ok(Reply::ok(view(&record.stages[name])?))
    }

    /// Removes one route's settings, or the access log settings, and nothing else.
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

    /// Checks, stores and serves a stage; it is stored only if it can be served.
    fn put_stage(
        &self,
        account_logs: bool,
        api_id: &str,
        record: &mut ApiRecord,
        mut settings: StageSettings,
    ) -> Result<(), ApiError> {
        settings.auto_deploy.get_or_insert(false);
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
            self.gateway.publish(compiled);
        }
        if auto_deploy {
            self.auto_deploy(api_id, record);
        }
        Ok(())
    }
}

/// A part of a stage that can be deleted separately.
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
