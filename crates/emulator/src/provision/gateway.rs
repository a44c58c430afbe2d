//! The API: its integrations, routes, models and stage, as in `terraform/modules/gateway`.

use super::{ComposeError, Composer};
use crate::provision::stack::{Stack, Throttling};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

impl Composer<'_> {
    pub(super) async fn gateway(&self) -> Result<String, ComposeError> {
        let stack = self.stack;
        let role_name = format!("{}-{}-integration", stack.name, self.region_code());
        let mut statements = vec![json!({
            "Sid": "PutRecord", "Effect": "Allow", "Action": "kinesis:PutRecord",
            "Resource": self.emulator.account().stream_arn(&stack.stream_name()),
        })];
        if let Some(key) = self.customer_key() {
            statements.push(json!({"Sid": "EncryptRecord", "Effect": "Allow", "Action": "kms:GenerateDataKey", "Resource": key}));
        }
        let description = format!("API Gateway puts the events of {} into its stream.", stack.name);
        let role = self
            .role(&role_name, "apigateway.amazonaws.com", &description, "put-record", &statements)
            .await?;

        let api = json!({"name": stack.name, "protocolType": "WEBSOCKET", "routeSelectionExpression": "$request.body.action"});
        let api = self.api_gateway("", &api).await?["apiId"].as_str().unwrap_or_default().to_owned();
        let asked: BTreeSet<_> = stack.functions.values().flat_map(|function| &function.routes).collect();

        let mut models = BTreeMap::from([("AnyJson".to_owned(), "{}".to_owned())]);
        for (route, schema) in &stack.route_schemas {
            models.insert(model_name(stack, route), schema.clone());
        }
        for (name, schema) in &models {
            let model = json!({"name": name, "contentType": "application/json", "schema": schema});
            self.api_gateway(&format!("/{api}/models"), &model).await?;
        }

        let message = self.integration(&api, Some(&role), "message").await?;
        let connect = if stack.answers_subprotocol() {
            self.connect_proxy(&api).await?
        } else {
            let connect_role = stack.asks_for("CONNECT").then_some(role.as_str());
            let connect = self.integration(&api, connect_role, "connect").await?;
            self.respond(&api, &connect, "/200/", None).await?;
            connect
        };
        if stack.acknowledgements {
            self.respond(&api, &message, "/200/", Some("ack")).await?;
            self.respond(&api, &message, "$default", Some("nack")).await?;
        }
        let authorizer = match &stack.authorizer {
            Some(authorizer) => Some(self.authorize(&api, authorizer).await?),
            None => None,
        };
        self.route(&api, "$connect", &connect, true, authorizer.as_deref()).await?;
        let default = "$default".to_owned();
        for key in std::iter::once(&default).chain(asked) {
            self.route(&api, key, &message, stack.acknowledgements, None).await?;
        }
        if stack.asks_for("DISCONNECT") {
            let disconnect = self.integration(&api, Some(&role), "disconnect").await?;
            self.respond(&api, &disconnect, "/200/", None).await?;
            self.route(&api, "$disconnect", &disconnect, false, None).await?;
        }

        Ok(api)
    }

    /// Lets clients in: creates the deployment, and the stage that serves it.
    pub(super) async fn stage(&self, api: &str) -> Result<(), ComposeError> {
        let stack = self.stack;
        let deployment = self.api_gateway(&format!("/{api}/deployments"), &json!({})).await?;
        let access_logs = self.logging(api).await?;
        let mut stage = json!({
            "stageName": stack.stage,
            "deploymentId": deployment["deploymentId"],
            "defaultRouteSettings": {
                "throttlingRateLimit": stack.throttling.rate_limit,
                "throttlingBurstLimit": stack.throttling.burst_limit,
                "loggingLevel": if access_logs.is_some() { "INFO" } else { "OFF" },
                "dataTraceEnabled": stack.data_trace,
                "detailedMetricsEnabled": false,
            },
        });
        for (key, Throttling { rate_limit, burst_limit }) in &stack.route_throttling {
            let mut settings = stage["defaultRouteSettings"].clone();
            settings["throttlingRateLimit"] = (*rate_limit).into();
            settings["throttlingBurstLimit"] = (*burst_limit).into();
            stage["routeSettings"][key] = settings;
        }
        if let Some(access_logs) = access_logs {
            stage["accessLogSettings"] = access_logs;
        }
        self.api_gateway(&format!("/{api}/stages"), &stage).await.map(drop)
    }

    /// An integration with Kinesis as `role`, or MOCK without one.
    async fn integration(
        &self,
        api: &str,
        role: Option<&str>,
        template: &str,
    ) -> Result<String, ComposeError> {
        let region = self.emulator.account().region();
        let mut integration = json!({
            "integrationType": "MOCK",
            "timeoutInMillis": 29_000,
            "templateSelectionExpression": "default",
            "requestTemplates": {"default": r#"{"statusCode":200}"#},
            "passthroughBehavior": "NEVER",
        });
        if let Some(role) = role {
            integration["integrationType"] = "AWS".into();
            integration["integrationMethod"] = "POST".into();
            integration["integrationUri"] =
                format!("arn:aws:apigateway:{region}:kinesis:action/PutRecord").into();
            integration["credentialsArn"] = role.into();
            integration["requestTemplates"] = json!({"default": self.stack.templates.get(template)});
        }
        let created = self.api_gateway(&format!("/{api}/integrations"), &integration).await?;
        Ok(created["integrationId"].as_str().unwrap_or_default().to_owned())
    }

    async fn respond(
        &self,
        api: &str,
        integration: &str,
        key: &str,
        template: Option<&str>,
    ) -> Result<(), ComposeError> {
        let mut response = json!({"integrationResponseKey": key});
        if let Some(template) = template {
            response["templateSelectionExpression"] = "default".into();
            response["responseTemplates"] = json!({"default": self.stack.templates.get(template)});
        }
        let path = format!("/{api}/integrations/{integration}/integrationresponses");
        self.api_gateway(&path, &response).await.map(drop)
    }

    async fn route(
        &self,
        api: &str,
        key: &str,
        integration: &str,
        two_way: bool,
        authorizer: Option<&str>,
    ) -> Result<(), ComposeError> {
        let mut route = json!({
            "routeKey": key, "authorizationType": "NONE", "target": format!("integrations/{integration}"),
        });
        if let Some(kind) = self.stack.authorization.as_deref().filter(|_| key == "$connect") {
            route["authorizationType"] = kind.into();
        }
        if let Some(authorizer) = authorizer {
            route["authorizationType"] = "CUSTOM".into();
            route["authorizerId"] = authorizer.into();
        }
        if !matches!(key, "$connect" | "$disconnect") {
            route["modelSelectionExpression"] = "default".into();
            route["requestModels"] = json!({"default": model_name(self.stack, key)});
        }
        // On $connect alone, as in terraform/: a message route has none to be taken away later.
        if key == "$connect" {
            route["routeResponseSelectionExpression"] = "$default".into();
        }
        let created = self.api_gateway(&format!("/{api}/routes"), &route).await?;
        if two_way {
            let id = created["routeId"].as_str().unwrap_or_default();
            let path = format!("/{api}/routes/{id}/routeresponses");
            self.api_gateway(&path, &json!({"routeResponseKey": "$default"})).await?;
        }
        Ok(())
    }
}

/// A model's name must be alphanumeric and a route key need not be; this is how the gateway module names models.
fn model_name(stack: &Stack, route: &str) -> String {
    use sha1::{Digest as _, Sha1};
    if !stack.route_schemas.contains_key(route) {
        return "AnyJson".into();
    }
    let digest = Sha1::digest(route);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("Route{}", &hex[..12])
}
