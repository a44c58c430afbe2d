//! An API created by calls to the control plane, for features that the project's stack does not use.

use crate::client::Client;
use crate::control;
use emulator::{Emulator, EmulatorOptions};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The stage of every such API.
pub const STAGE: &str = "test";
/// The role of integrations.
pub const INTEGRATION_ROLE: &str = "arn:aws:iam::000000000000:role/integration";

/// An empty emulator on a free port.
pub async fn empty_emulator() -> Emulator {
    empty_emulator_with(EmulatorOptions::default()).await
}

/// An emulator with options, on a free port.
pub async fn empty_emulator_with(options: EmulatorOptions) -> Emulator {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    Emulator::start(listener, options).await.expect("the emulator starts")
}

/// Creates a role that a service may assume, with some actions allowed on everything.
pub async fn role(emulator: &Emulator, arn: &str, service: &str, actions: &[&str]) {
    let name = arn.rsplit('/').next().unwrap_or_default();
    let trust = json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}});
    let policy = json!({"Statement": {"Effect": "Allow", "Action": actions, "Resource": "*"}});
    let create =
        [("Action", "CreateRole"), ("RoleName", name), ("AssumeRolePolicyDocument", &trust.to_string())];
    control::iam(emulator, &create).await;
    let put = [
        ("Action", "PutRolePolicy"),
        ("RoleName", name),
        ("PolicyName", "p"),
        ("PolicyDocument", &policy.to_string()),
    ];
    control::iam(emulator, &put).await;
}

/// An integration response for every answer of the backend.
pub fn default_response(template: &str) -> Value {
    json!({"integrationResponseKey": "$default", "responseTemplates": {"$default": template}})
}

pub struct Api<'a> {
    emulator: &'a Emulator,
    pub id: String,
}

impl<'a> Api<'a> {
    /// Creates an API whose route selection is by `action`, without routes.
    pub async fn create(emulator: &'a Emulator) -> Self {
        let api = json!({"name": "test", "protocolType": "WEBSOCKET", "routeSelectionExpression": "$request.body.action"});
        let created = control::rest(emulator, "apigateway", Method::POST, "/v2/apis", &api).await.1;
        let id = created["apiId"].as_str().expect("an id").to_owned();
        Self { emulator, id }
    }

    /// Calls a path below the API; returns the status and the document.
    pub async fn call(&self, method: Method, below: &str, body: &Value) -> (StatusCode, Value) {
        let path = format!("/v2/apis/{}/{below}", self.id);
        control::rest(self.emulator, "apigateway", method, &path, body).await
    }

    /// Creates a resource of the API; returns its document.
    pub async fn post(&self, below: &str, body: Value) -> Value {
        let (status, answer) = self.call(Method::POST, below, &body).await;
        assert!(status.is_success(), "POST {below}: {status} {answer}");
        answer
    }

    /// Creates an integration; returns its id.
    pub async fn integration(&self, settings: Value) -> String {
        self.post("integrations", settings).await["integrationId"].as_str().expect("an id").to_owned()
    }

    /// Creates a MOCK integration that answers with a status, and one integration response.
    pub async fn mock(&self, status: u16, response: Value) -> String {
        let template = json!({"statusCode": status}).to_string();
        let mock = json!({"integrationType": "MOCK", "requestTemplates": {"$default": template}});
        let id = self.integration(mock).await;
        self.post(&format!("integrations/{id}/integrationresponses"), response).await;
        id
    }

    /// Creates a Kinesis integration, with the settings in `more` too.
    pub async fn kinesis(&self, action: &str, more: Value) -> String {
        let mut settings = json!({
            "integrationType": "AWS",
            "integrationMethod": "POST",
            "integrationUri": format!("arn:aws:apigateway:us-east-1:kinesis:action/{action}"),
            "credentialsArn": INTEGRATION_ROLE,
        });
        if let (Value::Object(settings), Value::Object(more)) = (&mut settings, more) {
            settings.extend(more);
        }
        self.integration(settings).await
    }

    /// Creates a route to an integration; with a route response, the route answers its client.
    pub async fn route(&self, key: &str, integration: &str, answers: bool) {
        let route = json!({"routeKey": key, "target": format!("integrations/{integration}")});
        let id = self.post("routes", route).await["routeId"].as_str().expect("an id").to_owned();
        if answers {
            self.post(&format!("routes/{id}/routeresponses"), json!({"routeResponseKey": "$default"})).await;
        }
    }

    /// Deploys the API to a stage with some settings; returns its URI.
    pub async fn deploy(&self, settings: Value) -> String {
        let mut stage = json!({"stageName": STAGE, "autoDeploy": true});
        if let (Value::Object(stage), Value::Object(settings)) = (&mut stage, settings) {
            stage.extend(settings);
        }
        self.post("stages", stage).await;
        self.uri()
    }

    /// The URI for clients.
    pub fn uri(&self) -> String {
        format!("ws://{}/_aws/execute-api/{}/{STAGE}", self.emulator.address(), self.id)
    }

    /// Connects a client to the deployed API.
    pub async fn client(&self) -> Client {
        Client::connect(&self.uri()).await
    }
}
