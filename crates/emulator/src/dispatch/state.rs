//! The control plane's state, normalised, so that emulators that serve the same have equal documents.
//!
//! Names replace ids; placeholders replace hosts and creation times; documents that are JSON are compared as JSON.
//! Settings without effect here (descriptions, tags, alarms, dashboards) are left out.

use super::AwsApi;
use crate::core::account::Account;
use crate::services::apigateway::control::definition::{ApiRecord, Definition};
use crate::services::iam::role::Role;
use crate::services::lambda::control::{Configuration, Function};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Members without effect, at any depth.
const INERT: [&str; 9] = [
    "description",
    "Description",
    "tags",
    "version",
    "operationName",
    "ipAddressType",
    "apiKeySelectionExpression",
    "modelSelectionExpression",
    "responseModels",
];

/// The filters of a mapping: a record needs to pass only one of them, so their order does not matter.
const ALTERNATIVES: &str = "Filters";

impl AwsApi {
    pub fn state(&self) -> Value {
        let (gateway, names) = self.api_gateway.inspect(|store| {
            let mut apis = Map::new();
            let mut names = BTreeMap::new();
            for (id, record) in &store.apis {
                let name = unique(&apis, &record.definition.api.name);
                names.insert(id.clone(), format!("{{api:{name}}}"));
                for (id, authorizer) in &record.definition.authorizers {
                    names.insert(id.clone(), format!("{{authorizer:{}}}", authorizer.name));
                }
                apis.insert(name, api(record));
            }
            (json!({"apis": apis, "cloudwatchRoleArn": store.cloudwatch_role_arn}), names)
        });
        let (functions, mappings) = self.lambda_state();
        let roles = self.iam.inspect(|roles| {
            roles.iter().map(|(name, found)| (name.clone(), role(found))).collect::<Map<_, _>>()
        });
        let policies = self.iam.inspect_policies(|policies| {
            let policies = policies.iter().filter_map(|(arn, policy)| Some((arn, policy.document()?)));
            let policies = policies.map(|(arn, document)| (arn.clone(), parsed(&document.text)));
            Some(policies.collect::<Map<_, _>>()).filter(|policies| !policies.is_empty())
        });
        let queues = self.queues.inspect(|queues| {
            let queues = queues.iter().map(|(name, queue)| {
                let mut attributes = json!(queue.attributes.all());
                if let Some(policy) = attributes.get_mut("Policy") {
                    *policy = parsed(policy.as_str().unwrap_or_default());
                }
                (name.clone(), attributes)
            });
            queues.collect::<Map<_, _>>()
        });
        let log_groups = self.logs.inspect(|groups| {
            groups
                .iter()
                .map(|(name, group)| (name.clone(), json!({"retentionInDays": group.retention_days})))
                .collect::<Map<_, _>>()
        });
        let mut state = json!({
            "apiGateway": gateway,
            "functions": functions,
            "eventSourceMappings": mappings,
            "roles": roles,
            "policies": policies,
            "queues": queues,
            "logGroups": log_groups,
        });
        let hosts = self.hosts.lock().iter().map(|host| (host.clone(), "{host}".to_owned())).collect();
        normalise(&mut state, &Placeholders { names, hosts });
        state.sort_all_objects();
        state
    }

    fn lambda_state(&self) -> (Map<String, Value>, Map<String, Value>) {
        self.lambda.inspect(|store| {
            let functions = store.functions.iter().map(|(name, function)| {
                let mut settings = configuration(&function.latest, name, &self.account);
                settings["reservedConcurrency"] = json!(function.reserved_concurrency);
                settings["versions"] = json!(versions(function, &self.account));
                settings["aliases"] = json!(aliases(function));
                (name.clone(), settings)
            });
            let mappings = store.mappings.values().filter(|mapping| !mapping.is_deleting).map(|mapping| {
                let key = format!("{} from {}", mapping.function_name, mapping.event_source_arn);
                let settings = json!({
                    "settings": mapping.settings.view(),
                    "enabled": mapping.settings.is_enabled(),
                    "startingPosition": mapping.starting_position_name,
                    "startingPositionTimestamp": mapping.starting_position_timestamp,
                });
                (key, settings)
            });
            (functions.collect::<Map<_, _>>(), mappings.collect::<Map<_, _>>())
        })
    }
}

fn configuration(configuration: &Configuration, name: &str, account: &Account) -> Value {
    let mut settings = document(&configuration.settings.view(name, account));
    // Sets, whose order Terraform's provider chooses by chance.
    for set in ["/VpcConfig/SubnetIds", "/VpcConfig/SecurityGroupIds"] {
        if let Some(members) = settings.pointer_mut(set).and_then(Value::as_array_mut) {
            members.sort_by_cached_key(Value::to_string);
        }
    }
    json!({
        "settings": settings,
        "codeSha256": configuration.code.sha256,
        "architecture": configuration.architecture,
        "policy": configuration.policy(),
    })
}

/// Published versions by number, if there are any.
fn versions(function: &Function, account: &Account) -> Option<Map<String, Value>> {
    let versions = function.versions.iter().map(|(number, version)| {
        (number.to_string(), configuration(&version.configuration, &function.name, account))
    });
    Some(versions.collect::<Map<_, _>>()).filter(|versions| !versions.is_empty())
}

/// Aliases by name, if there are any.
fn aliases(function: &Function) -> Option<Map<String, Value>> {
    let aliases = function.aliases.values().map(|alias| {
        let weight = alias.second.as_ref().map(|(version, share)| json!({version: share}));
        // Not `version`, which is left out wherever it stands.
        let provisioned = function.provisioned.get(&alias.name).map(|provisioned| provisioned.executions);
        let settings = json!({
            "functionVersion": alias.version, "weights": weight, "policy": alias.policy(),
            "provisionedConcurrency": provisioned,
        });
        (alias.name.clone(), settings)
    });
    Some(aliases.collect::<Map<_, _>>()).filter(|aliases| !aliases.is_empty())
}

fn api(record: &ApiRecord) -> Value {
    let stages = record.stages.iter().map(|(name, stage)| {
        let mut settings = document(&stage.settings);
        let deployed = settings.as_object_mut().and_then(|settings| settings.remove("deploymentId"));
        let deployed = deployed.as_ref().and_then(Value::as_str).and_then(|id| record.deployments.get(id));
        let deployed = deployed.map(|deployment| definition(&deployment.definition));
        (name.clone(), json!({"settings": settings, "deployed": deployed}))
    });
    json!({"edited": definition(&record.definition), "stages": stages.collect::<Map<_, _>>()})
}

fn definition(definition: &Definition) -> Value {
    let routes = definition.routes.iter().map(|(id, route)| {
        let integration = route.integration_id().map(|id| {
            let responses = definition.integration_responses.get(id).into_iter().flatten();
            let responses = responses
                .map(|(_, response)| (response.integration_response_key.clone(), document(response)));
            json!({
                "settings": definition.integrations.get(id).map(document),
                "responses": responses.collect::<Map<_, _>>(),
            })
        });
        let two_way = definition.route_responses.get(id).is_some_and(|responses| !responses.is_empty());
        let models = route.models(definition).unwrap_or_default();
        let models = models.into_iter().map(|(key, model)| (key.to_owned(), parsed(&model.schema)));
        let settings = json!({
            "authorizationType": route.authorization_type,
            "authorizer": route.authorizer_id.as_ref().and_then(|id| definition.authorizers.get(id)).map(document),
            "integration": integration,
            "requestModels": models.collect::<Map<_, _>>(),
            "modelSelection": route.model_selection_expression,
            "twoWay": two_way,
        });
        (route.route_key.clone(), settings)
    });
    json!({"settings": document(&definition.api), "routes": routes.collect::<Map<_, _>>()})
}

fn role(role: &Role) -> Value {
    let policies = role.inline.iter().map(|(name, document)| (name.clone(), parsed(&document.text)));
    json!({
        "trust": parsed(&role.trust.text),
        "inline": policies.collect::<Map<_, _>>(),
        "attached": role.attached.keys().collect::<Vec<_>>(),
        "boundary": role.boundary.as_ref().map(|(arn, _)| arn),
        "path": role.path,
    })
}

fn document(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// A JSON text without insignificant differences: spaces, and the order of members.
fn parsed(text: &str) -> Value {
    let canonical = serde_json::from_str::<Value>(text).map(|mut document| {
        // Another crate of the build may have enabled serde_json's `preserve_order`.
        document.sort_all_objects();
        document.to_string()
    });
    Value::String(canonical.unwrap_or_else(|_| text.to_owned()))
}

/// Several APIs may have the same name.
fn unique(taken: &Map<String, Value>, name: &str) -> String {
    let numbered = std::iter::once(name.to_owned()).chain((2..).map(|number| format!("{name} ({number})")));
    numbered.into_iter().find(|name| !taken.contains_key(name)).unwrap_or_else(|| name.to_owned())
}

struct Placeholders {
    names: BTreeMap<String, String>,
    hosts: BTreeMap<String, String>,
}

fn normalise(value: &mut Value, placeholders: &Placeholders) {
    match value {
        Value::String(text) => *text = placeholders.apply(text),
        Value::Array(items) => items.iter_mut().for_each(|item| normalise(item, placeholders)),
        Value::Object(members) => {
            let before = std::mem::take(members);
            for (name, mut member) in before {
                if member.is_null() || INERT.contains(&name.as_str()) {
                    continue;
                }
                normalise(&mut member, placeholders);
                if let (ALTERNATIVES, Value::Array(filters)) = (name.as_str(), &mut member) {
                    filters.sort_by_cached_key(Value::to_string);
                }
                members.insert(placeholders.apply(&name), member);
            }
        }
        _ => {}
    }
}

impl Placeholders {
    fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (id, name) in &self.names {
            text = text.replace(id, name);
        }
        for (host, placeholder) in &self.hosts {
            text = text.replace(&format!("//{host}/"), &format!("//{placeholder}/"));
        }
        without_creation_times(&without_endpoints(&text))
    }
}

/// An API's address depends on the emulator: `//{host}/_aws/execute-api/…`.
fn without_endpoints(text: &str) -> String {
    const PATH: &str = "/_aws/execute-api/";
    let parts: Vec<&str> = text.split(PATH).collect();
    let last = parts.len() - 1;
    let parts =
        parts.iter().enumerate().map(|(index, part)| match part.rfind("//").filter(|_| index < last) {
            Some(authority) => format!("{}//{{host}}", &part[..authority]),
            None => (*part).to_owned(),
        });
    parts.collect::<Vec<_>>().join(PATH)
}

/// A consumer's ARN ends with the second of its creation: `…/consumer/{name}:{epoch}`.
fn without_creation_times(text: &str) -> String {
    let mut parts = text.split("/consumer/");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        result.push_str("/consumer/");
        let name =
            part.find(|c: char| !c.is_ascii_alphanumeric() && !"_.-".contains(c)).unwrap_or(part.len());
        let (name, rest) = part.split_at(name);
        result.push_str(name);
        let created =
            rest.strip_prefix(':').map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
        match created {
            Some(after) if after.len() + 1 < rest.len() => {
                result.push_str(":{created}");
                result.push_str(after);
            }
            _ => result.push_str(rest),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_endpoints_are_left_out() {
        let text =
            "see ws://127.0.0.1:1/_aws/execute-api/a/v1 and http://[::1]:2/_aws/execute-api/b/v1, http://c/x";
        let expected =
            "see ws://{host}/_aws/execute-api/a/v1 and http://{host}/_aws/execute-api/b/v1, http://c/x";
        assert_eq!(without_endpoints(text), expected);
        assert_eq!(without_endpoints("http://c/x"), "http://c/x");
    }

    #[test]
    fn creation_times_of_consumers_are_left_out_wherever_they_stand() {
        let arn = "arn:aws:kinesis:us-east-1:0:stream/s/consumer/echo";
        assert_eq!(without_creation_times(&format!("{arn}:17000")), format!("{arn}:{{created}}"));
        let policy = format!("[\"{arn}:17000\",\"{arn}-two:18000\",\"{arn}:*\"]");
        let expected = format!("[\"{arn}:{{created}}\",\"{arn}-two:{{created}}\",\"{arn}:*\"]");
        assert_eq!(without_creation_times(&policy), expected);
    }
}
