//! The probe's configuration: applied, read and destroyed, in a folder of its own.

use anyhow::{Context as _, bail};
use emulator::package::{Packing, package};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use tokio::process::Command;

/// The functions' program: a shell script.
const BOOTSTRAP: &[u8] = include_bytes!("../function/bootstrap.sh");
const STATE: &str = "terraform.tfstate";
/// The program's values, which Terraform reads automatically.
const VALUES: &str = "questions.auto.tfvars.json";
const PACKAGE: &str = "function.zip";
/// How often refused parts are left out before the run fails: each round reports all that it finds.
const ROUNDS_MAX: usize = 4;
/// Attempts to destroy: AWS sometimes releases a role or a stream only a little later.
const DESTROY_ATTEMPTS: usize = 3;

/// A configuration's values by name.
pub type Values = Map<String, Value>;

#[derive(Debug)]
pub struct Terraform {
    folder: PathBuf,
    environment: Vec<(String, String)>,
    removed: Vec<&'static str>,
}

/// An error of Terraform about one resource, or none.
#[derive(Debug)]
struct Diagnostic {
    address: String,
    text: String,
}

impl Terraform {
    /// Copies the configuration into a folder, which may have the state of an earlier run.
    pub fn prepare(folder: &Path) -> anyhow::Result<Self> {
        let folder = std::path::absolute(folder).context("there is no current folder")?;
        let make = |path: &Path| format!("cannot write {}", path.display());
        std::fs::create_dir_all(&folder).with_context(|| make(&folder))?;
        let configuration = Path::new(env!("CARGO_MANIFEST_DIR")).join("terraform");
        for file in std::fs::read_dir(&configuration).with_context(|| make(&configuration))? {
            let path = file?.path();
            let name = path.file_name().unwrap_or_default();
            if path.extension().is_some_and(|extension| extension == "tf" || extension == "hcl") {
                std::fs::copy(&path, folder.join(name)).with_context(|| make(&path))?;
            }
        }
        let zip = package(BOOTSTRAP, Packing::Deflated).context("the functions cannot be packed")?;
        std::fs::write(folder.join(PACKAGE), zip).with_context(|| make(&folder))?;
        Ok(Self { folder, environment: Vec::new(), removed: Vec::new() })
    }

    /// Adds environment variables for Terraform.
    #[must_use]
    pub fn with(mut self, environment: Vec<(String, String)>) -> Self {
        self.environment.extend(environment);
        self
    }

    /// Configures an emulator that accepts any keys, whatever the caller's shell has set.
    #[must_use]
    pub fn at(mut self, endpoint: &str, keys: &signed_http::Keys) -> Self {
        let pairs = [
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_REGION", &keys.region),
            ("AWS_ACCESS_KEY_ID", &keys.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", &keys.secret_access_key),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        self.environment.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        self.removed = vec!["AWS_PROFILE", "AWS_SESSION_TOKEN"];
        self
    }

    /// Whether an earlier run has left something.
    pub fn has_state(&self) -> bool {
        let state = std::fs::read(self.folder.join(STATE)).unwrap_or_default();
        let state: Value = serde_json::from_slice(&state).unwrap_or_default();
        state["resources"].as_array().is_some_and(|resources| !resources.is_empty())
    }

    pub async fn init(&self) -> anyhow::Result<()> {
        let arguments = ["init", "-input=false", "-no-color", "-lockfile=readonly"];
        self.run(&mut self.command(&arguments)).await.map(drop)
    }

    /// Applies the configuration. If the control plane refuses a question's own part, it is left out, and the refusal
    /// is the question's answer; returns these by the question's id.
    pub async fn apply(&self, mut values: Values) -> anyhow::Result<BTreeMap<String, String>> {
        values.insert("package".into(), json!(self.folder.join(PACKAGE)));
        let mut refused = BTreeMap::new();
        for _ in 0..ROUNDS_MAX {
            std::fs::write(self.folder.join(VALUES), Value::from(values.clone()).to_string())
                .with_context(|| format!("cannot write to {}", self.folder.display()))?;
            let arguments = ["apply", "-auto-approve", "-input=false", "-json"];
            let output = output(&mut self.command(&arguments)).await?;
            if output.status.success() {
                return Ok(refused);
            }
            for diagnostic in diagnostics(&output) {
                let of_question = question(&diagnostic.address).filter(|(variable, id)| {
                    values
                        .get_mut(*variable)
                        .and_then(Value::as_object_mut)
                        .is_some_and(|questions| questions.remove(*id).is_some())
                });
                let Some((_, id)) = of_question else {
                    bail!("terraform apply failed at {}: {}", diagnostic.address, diagnostic.text);
                };
                refused.insert(id.to_owned(), diagnostic.text);
            }
        }
        bail!("terraform apply still has refusals after {ROUNDS_MAX} rounds: {refused:?}");
    }

    pub async fn outputs(&self) -> anyhow::Result<Value> {
        let output = self.run(&mut self.command(&["output", "-json"])).await?;
        serde_json::from_slice(&output.stdout).context("terraform output is not JSON")
    }

    /// Destroys everything, and removes the folder.
    pub async fn destroy(&self) -> anyhow::Result<()> {
        if !self.folder.join(VALUES).is_file() {
            // Nothing was applied. Terraform nevertheless asks for every value if there is a state.
            return std::fs::remove_dir_all(&self.folder).context("cannot remove the probe's folder");
        }
        for attempt in 1.. {
            let arguments = ["destroy", "-auto-approve", "-input=false", "-no-color"];
            match self.run(&mut self.command(&arguments)).await {
                Ok(_) => break,
                Err(error) if attempt == DESTROY_ATTEMPTS => return Err(error),
                Err(_) => {}
            }
        }
        std::fs::remove_dir_all(&self.folder).context("cannot remove the probe's folder")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("terraform");
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        // A Ctrl-C at the terminal would reach it too. If interrupted during an apply, it forgets resources in the
        // making: it once left a stream. So it finishes, and everything is destroyed then.
        command.process_group(0);
        for name in ["TF_WORKSPACE", "TF_DATA_DIR", "TF_CLI_ARGS"].iter().chain(&self.removed) {
            command.env_remove(name);
        }
        command.env("CHECKPOINT_DISABLE", "1").env("TF_IN_AUTOMATION", "1");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    async fn run(&self, command: &mut Command) -> anyhow::Result<Output> {
        let output = output(command).await?;
        if !output.status.success() {
            let action =
                command.as_std().get_args().next().unwrap_or_default().to_string_lossy().into_owned();
            let words = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text)).concat();
            bail!("terraform {action} failed in {}:\n{words}", self.folder.display());
        }
        Ok(output)
    }
}

async fn output(command: &mut Command) -> anyhow::Result<Output> {
    command.output().await.context("cannot run terraform: install Terraform 1.11 or newer")
}

/// The errors in the lines of `-json`.
fn diagnostics(output: &Output) -> Vec<Diagnostic> {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let lines = stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut found: Vec<_> = lines
        .map(|line| line["diagnostic"].clone())
        .filter(|diagnostic| diagnostic["severity"] == "error")
        .map(|diagnostic| {
            let text = |name: &str| diagnostic[name].as_str().unwrap_or_default().to_owned();
            let words = format!("{}\n{}", text("summary"), text("detail"));
            // The provider's words around the service's own depend on its version.
            let own = words.rsplit_once("Exception: ").map_or(words.as_str(), |(_, own)| own);
            Diagnostic { address: text("address"), text: own.trim().to_owned() }
        })
        .collect();
    if found.is_empty() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        found.push(Diagnostic { address: "no resource".into(), text });
    }
    found
}

/// The variable and the question of a resource: `record/x` of an integration, `x` of a response.
fn question(address: &str) -> Option<(&str, &str)> {
    let key = |prefix: &str| address.strip_prefix(prefix)?.strip_suffix("\"]");
    key("aws_apigatewayv2_integration.this[\"record/")
        .map(|id| ("records", id))
        .or_else(|| key("aws_apigatewayv2_integration_response.language[\"").map(|id| ("language", id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_part_is_its_questions() {
        let refused = |address: &str| question(address).map(|(variable, id)| format!("{variable} {id}"));
        let integration = "aws_apigatewayv2_integration.this[\"record/json-whole\"]";
        assert_eq!(refused(integration).as_deref(), Some("records json-whole"));
        let response = "aws_apigatewayv2_integration_response.language[\"values-only\"]";
        assert_eq!(refused(response).as_deref(), Some("language values-only"));
        assert_eq!(refused("aws_apigatewayv2_integration.this[\"raw\"]"), None);
        assert_eq!(refused("aws_kinesis_stream.this"), None);
    }

    #[test]
    fn what_terraform_prints_is_read_down_to_the_services_own_words() {
        let line = json!({"type": "diagnostic", "diagnostic": {
            "severity": "error", "address": "a.b", "detail": "",
            "summary": "creating: operation error: StatusCode: 400, BadRequestException: Invalid template\n",
        }});
        let output = |stdout: String| Output {
            status: Default::default(),
            stdout: stdout.into(),
            stderr: b"no".into(),
        };
        let found = diagnostics(&output(format!("{{\"type\":\"version\"}}\n{line}\n")));
        assert_eq!(
            (found.len(), found[0].address.as_str(), found[0].text.as_str()),
            (1, "a.b", "Invalid template")
        );
        // A failure without a message is a failure too.
        assert_eq!(diagnostics(&output(String::new()))[0].text, "no");
    }
}
