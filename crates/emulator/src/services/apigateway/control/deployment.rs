//! Deployments: only deployed resources are served.

use super::definition::{ApiRecord, Deployment};
use super::resource::{not_found, parse};
use super::settings::StageSettings;
use super::{ApiGateway, compile, invalid};
use crate::protocol::id;
use crate::protocol::rest::RestCall;
use crate::protocol::{Answer, Reply, Service, time};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::SystemTime;

pub const DEPLOYMENTS_MAX: usize = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateDeployment {
    description: Option<String>,
    stage_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UpdateDeployment {
    description: Option<String>,
}

impl ApiGateway {
    pub(super) fn serve_deployments(
        &self,
        api_id: &str,
        record: &mut ApiRecord,
        call: &RestCall,
        id: Option<&str>,
    ) -> Answer {
        call.only_query(Service::ApiGateway, &[])?;
        match (&call.method, id) {
            (&Method::POST, None) => self.create_deployment(api_id, record, call),
            (&Method::GET, None) => {
                let items: Vec<Value> =
                    record.deployments.iter().map(|(id, deployment)| view(id, deployment)).collect();
                Ok(Reply::ok(json!({"items": items})))
            }
            (method, Some(id)) => {
                let deployment = record.deployments.get_mut(id).ok_or_else(|| not_found("Deployment", id))?;
                match *method {
                    Method::GET => Ok(Reply::ok(view(id, deployment))),
                    Method::PATCH => {
                        let request: UpdateDeployment = parse("UpdateDeployment", call.body.clone())?;
                        if let Some(description) = request.description {
                            deployment.description = Some(description);
                        }
                        Ok(Reply::ok(view(id, deployment)))
                    }
                    Method::DELETE => delete(record, id),
                    _ => Err(call.unsupported(Service::ApiGateway)),
                }
            }
            _ => Err(call.unsupported(Service::ApiGateway)),
        }
    }

    fn create_deployment(&self, api_id: &str, record: &mut ApiRecord, call: &RestCall) -> Answer {
        let request: CreateDeployment = parse("CreateDeployment", call.body.clone())?;
        if record.deployments.len() >= DEPLOYMENTS_MAX {
            return Err(invalid(format!(
                "Maximum number of Deployments for this API has been reached: {DEPLOYMENTS_MAX}"
            )));
        }
        // If the request names a stage, it gets the deployment; if not, the snapshot is only compiled.
        let stage = match &request.stage_name {
            Some(name) => Some(record.stages.get(name).ok_or_else(|| not_found("stage", name))?),
            None => None,
        };
        let id = id::api_resource();
        let settings = match stage {
            Some(stage) => StageSettings { deployment_id: Some(id.clone()), ..stage.settings.clone() },
            None => blank_settings(),
        };
        let compiled = compile::stage(api_id, &settings.stage_name, &record.definition, &settings)?;
        let deployment = Deployment {
            definition: Arc::new(record.definition.clone()),
            description: request.description,
            created: SystemTime::now(),
            auto_deployed: false,
        };
        let view = view(&id, &deployment);
        record.deployments.insert(id, deployment);
        if let Some(stage) = record.stages.get_mut(&settings.stage_name) {
            stage.settings = settings;
            self.gateway.publish(compiled);
        }
        Ok(Reply::created(view))
    }

    /// Deploys the API to each of its stages with `autoDeploy`. A stage whose deployment fails goes on serving the
    /// previous one, and has the reason in `lastDeploymentStatusMessage`.
    pub(super) fn auto_deploy(&self, api_id: &str, record: &mut ApiRecord) {
        let ApiRecord { definition, deployments, stages, .. } = record;
        for (name, stage) in stages.iter_mut().filter(|(_, stage)| stage.settings.auto_deploy == Some(true)) {
            let id = id::api_resource();
            let settings = StageSettings { deployment_id: Some(id.clone()), ..stage.settings.clone() };
            match compile::stage(api_id, name, definition, &settings) {
                Ok(compiled) => {
                    let before = std::mem::replace(&mut stage.settings, settings).deployment_id;
                    let replaced =
                        before.filter(|id| deployments.get(id).is_some_and(|before| before.auto_deployed));
                    if let Some(replaced) = replaced {
                        deployments.remove(&replaced);
                    }
                    let deployment = Deployment {
                        definition: Arc::new(definition.clone()),
                        description: Some(
                            "Automatic deployment triggered by changes to the Api configuration".into(),
                        ),
                        created: SystemTime::now(),
                        auto_deployed: true,
                    };
                    deployments.insert(id.clone(), deployment);
                    stage.last_deployment_status =
                        Some(format!("Successfully deployed stage with deployment ID '{id}'"));
                    self.gateway.publish(compiled);
                }
                Err(error) => {
                    let message = format!("Deployment attempt failed: {}", error.message);
                    stage.last_deployment_status = Some(message);
                }
            }
        }
    }
}

fn delete(record: &mut ApiRecord, id: &str) -> Answer {
    if record.stages.values().any(|stage| stage.settings.deployment_id.as_deref() == Some(id)) {
        return Err(invalid("Active stages pointing to this deployment must be moved or deleted"));
    }
    record.deployments.remove(id);
    Ok(Reply::no_content())
}

/// A stage that no API can have, since its name is empty: to compile a snapshot with.
fn blank_settings() -> StageSettings {
    StageSettings {
        stage_name: String::new(),
        access_log_settings: None,
        auto_deploy: None,
        description: None,
        deployment_id: None,
        default_route_settings: None,
        route_settings: None,
        stage_variables: None,
        tags: None,
    }
}

fn view(id: &str, deployment: &Deployment) -> Value {
    json!({
        "deploymentId": id,
        "deploymentStatus": "DEPLOYED",
        "autoDeployed": deployment.auto_deployed,
        "createdDate": time::iso8601(deployment.created),
        "description": deployment.description,
    })
}
