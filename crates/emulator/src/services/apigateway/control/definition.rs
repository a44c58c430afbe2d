//! An API as it is edited, and the snapshots of it that deployments are.

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

/// Resources of one kind by id.
pub type Collection<R> = BTreeMap<String, R>;

/// Everything that a deployment takes a snapshot of.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The API's own settings.
    pub api: Api,
    /// Routes by id.
    pub routes: Collection<Route>,
    /// Route responses by route.
    pub route_responses: BTreeMap<String, Collection<RouteResponse>>,
    /// Integrations by id.
    pub integrations: Collection<Integration>,
    /// Integration responses by integration.
    pub integration_responses: BTreeMap<String, Collection<IntegrationResponse>>,
    /// Authorizers by id.
    pub authorizers: Collection<Authorizer>,
    /// Models by id.
    pub models: Collection<Model>,
}

impl Definition {
    /// An API without anything in it.
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

    /// A model by its name.
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.values().find(|model| model.name == name)
    }
}

/// A deployment: what a stage that points at it serves, whatever is edited afterwards.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// The snapshot.
    pub definition: Arc<Definition>,
    /// `Description`.
    pub description: Option<String>,
    /// When it was made.
    pub created: SystemTime,
    /// Made by a stage with `AutoDeploy`.
    pub auto_deployed: bool,
}

/// A stage with its life's dates.
#[derive(Debug, Clone)]
pub struct StageRecord {
    /// What it was given.
    pub settings: StageSettings,
    /// When it was created.
    pub created: SystemTime,
    /// When it was last changed.
    pub updated: SystemTime,
    /// How the last automatic deployment went, if there was one.
    pub last_deployment_status: Option<String>,
}

/// An API with its deployments and stages.
#[derive(Debug, Clone)]
pub struct ApiRecord {
    /// What is edited.
    pub definition: Definition,
    /// When the API was created.
    pub created: SystemTime,
    /// Snapshots by id.
    pub deployments: BTreeMap<String, Deployment>,
    /// Stages by name.
    pub stages: BTreeMap<String, StageRecord>,
}
