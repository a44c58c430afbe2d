//! An API that is being edited, and the snapshots of it that deployments are.

use super::settings::Api;
use super::settings::Authorizer;
use super::settings::Integration;
use super::settings::IntegrationResponse;
use super::settings::Model;
use super::settings::Route;
use super::settings::RouteResponse;
use super::settings::StageSettings;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

pub type Collection<R> = BTreeMap<String, R>;

/// Everything that a deployment takes a snapshot of.
#[derive(Debug, Clone)]
pub struct Definition {
    pub api: Api,
    pub routes: Collection<Route>,
    /// By route.
    pub route_responses: BTreeMap<String, Collection<RouteResponse>>,
    pub integrations: Collection<Integration>,
    /// By integration.
    pub integration_responses: BTreeMap<String, Collection<IntegrationResponse>>,
    pub authorizers: Collection<Authorizer>,
    pub models: Collection<Model>,
}

impl Definition {
    pub fn new(api: Api) -> Self {
        Self {
            api,
            routes: BTreeMap::new(),
            route_responses: BTreeMap::new(),
            integrations: BTreeMap::new(),
            integration_responses: BTreeMap::new(),
            authorizers: BTreeMap::new(),
            models: BTreeMap::new(),
        }
    }

    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.values().find(|model| model.name == name)
    }
}

/// A deployment: what its stages serve, whatever is edited afterwards.
#[derive(Debug, Clone)]
pub struct Deployment {
    pub definition: Arc<Definition>,
    pub description: Option<String>,
    pub created: SystemTime,
    /// Whether a stage with `AutoDeploy` made it.
    pub auto_deployed: bool,
}

/// A stage with its settings and dates.
#[derive(Debug, Clone)]
pub struct StageRecord {
    pub settings: StageSettings,
    pub created: SystemTime,
    pub updated: SystemTime,
    /// The outcome of the last automatic deployment, if there was one.
    pub last_deployment_status: Option<String>,
}

/// An API with its deployments and stages.
#[derive(Debug, Clone)]
pub struct ApiRecord {
    /// What is being edited.
    pub definition: Definition,
    pub created: SystemTime,
    pub deployments: BTreeMap<String, Deployment>,
    pub stages: BTreeMap<String, StageRecord>,
}
