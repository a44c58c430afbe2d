//! The stack's definition, read from Terraform's own files: `variables.tf` for types and defaults, `stack.auto.tfvars`
//! for values, `*.vtl` for the mapping templates.

mod function;
mod function_rules;
mod rules;
mod types;

pub use function::Function;

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use types::Type;

/// Path of the definition, below the project's folder.
const TERRAFORM_DIR: &str = "terraform";
const VALUES_FILE: &str = "stack.auto.tfvars";
const TEMPLATES_DIR: &str = "modules/gateway/templates";
/// The function that answers handshakes with a subprotocol: its folder under `functions/`, and its key.
pub const CONNECT_FUNCTION: &str = "connect";

/// Why a definition cannot be used; the text names the file, the place and the fix.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    #[error("cannot read {path}: {error}")]
    Read { path: PathBuf, error: std::io::Error },
    #[error("{path} is not valid HCL: {error}")]
    Syntax {
        path: PathBuf,
        /// Where and why.
        error: Box<hcl::Error>,
    },
    /// A value does not fit its variable.
    #[error("{path}: {problem}")]
    Value {
        path: PathBuf,
        /// Which value, the problem, and what would be right.
        problem: String,
    },
    #[error(
        "pinned_versions names versions of a deployed stack, and `dev` begins with version 1: leave it out for local runs"
    )]
    Pinned,
    /// A setting that exists only on AWS.
    #[error("{0} works on AWS only, the emulator does not have it: leave it out for local runs")]
    AwsOnly(&'static str),
}

/// The values of the stack's variables, with defaults. `terraform/variables.tf` describes each, by the same name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Stack {
    pub name: String,
    pub stage: String,
    pub architecture: String,
    pub acknowledgements: bool,
    pub logging: String,
    pub data_trace: bool,
    pub access_log_retention_days: u32,
    pub throttling: Throttling,
    pub route_throttling: BTreeMap<String, Throttling>,
    pub stream: Stream,
    pub kms_key_arns: KmsKeyArns,
    pub functions: BTreeMap<String, Function>,
    pub pinned_versions: BTreeMap<String, String>,
    pub mapping_metrics: bool,
    pub alarm_thresholds: BTreeMap<String, Option<f64>>,
    pub iam_path: String,
    pub permissions_boundary: Option<String>,
    pub route_schemas: BTreeMap<String, String>,
    pub authorization: Option<String>,
    pub authorizer: Option<Authorizer>,
    pub domain: Option<Value>,
    /// The gateway's mapping templates by file name without extension, with `${stream_name}` filled in.
    #[serde(skip)]
    pub templates: BTreeMap<String, String>,
}

/// `var.throttling`, or an element of `var.route_throttling`
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Throttling {
    pub rate_limit: f64,
    pub burst_limit: u32,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Stream {
    pub mode: String,
    pub shard_count: u32,
    pub retention_hours: u32,
    pub kms_key_arn: String,
}

/// `var.kms_key_arns`
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct KmsKeyArns {
    pub queues: Option<String>,
    pub logs: Option<String>,
}

/// `var.authorizer`, which `terraform/modules/authorizer/README.md` describes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Authorizer {
    pub function: String,
    pub token_from: String,
    pub identity_sources: Option<Vec<String>>,
    pub memory_mb: u32,
    pub timeout_seconds: u32,
    pub environment: BTreeMap<String, String>,
    pub log_level: String,
    pub log_retention_days: u32,
}

impl Authorizer {
    /// What a handshake must have for the function to be invoked, as `terraform/modules/authorizer` says.
    pub fn identity_sources(&self) -> Vec<String> {
        let place_of_token = match self.token_from.as_str() {
            "header" => "route.request.header.Authorization",
            "subprotocol" => "route.request.header.Sec-WebSocket-Protocol",
            _ => "route.request.querystring.token",
        };
        let given = self.identity_sources.clone().filter(|sources| !sources.is_empty());
        given.unwrap_or_else(|| vec![place_of_token.to_owned()])
    }
}

impl Stack {
    /// Reads a project's definition. `var_files` come after `stack.auto.tfvars`; later values replace earlier ones, as
    /// with Terraform's `-var-file`. Fails with [`StackError`], for the first problem or for what works on AWS only.
    pub fn read(project: &Path, var_files: &[PathBuf]) -> Result<Self, StackError> {
        let stack = Self::define(project, var_files)?;
        match stack.domain {
            Some(_) => Err(StackError::AwsOnly("a custom domain (variable \"domain\")")),
            None if !stack.pinned_versions.is_empty() => Err(StackError::Pinned),
            None => Ok(stack),
        }
    }

    /// As [`read`](Self::read), for a stack that may be meant for AWS.
    pub fn define(project: &Path, var_files: &[PathBuf]) -> Result<Self, StackError> {
        let terraform = project.join(TERRAFORM_DIR);
        let declared = declared(&terraform.join("variables.tf"))?;
        let mut values = Map::new();
        let mut files = vec![terraform.join(VALUES_FILE)];
        files.extend_from_slice(var_files);
        for path in &files {
            for (name, value) in assigned(path)? {
                let problem = |problem| StackError::Value { path: path.clone(), problem };
                let Some((r#type, _)) = declared.get(&name) else {
                    return Err(problem(types::unknown(
                        "variable",
                        &name,
                        declared.keys().map(String::as_str),
                    )));
                };
                values.insert(name.clone(), r#type.convert(&name, value).map_err(problem)?);
            }
        }
        let path = terraform.join("variables.tf");
        for (name, (r#type, default)) in declared {
            if !values.contains_key(&name) {
                let problem = |problem| StackError::Value { path: path.clone(), problem };
                let Some(default) = default else {
                    return Err(problem(format!(
                        "variable \"{name}\" has no default and no value: set it in {VALUES_FILE}"
                    )));
                };
                values.insert(name.clone(), r#type.convert(&name, default).map_err(problem)?);
            }
        }
        let mut stack: Self = serde_json::from_value(Value::Object(values))
            .map_err(|error| StackError::Value { path, problem: error.to_string() })?;
        if let Some(rule) = rules::broken(&stack) {
            let path = files.pop().unwrap_or(terraform);
            return Err(StackError::Value { path, problem: rule.to_owned() });
        }
        stack.templates = templates(&terraform.join(TEMPLATES_DIR), &stack.stream_name())?;
        Ok(stack)
    }

    /// The stream's name, as the root module builds it.
    pub fn stream_name(&self) -> String {
        format!("{}-events", self.name)
    }

    /// The binaries of the stack; each is in a zip of its name.
    pub fn packages(&self) -> BTreeSet<String> {
        let authorizer = self.authorizer.iter().map(|authorizer| authorizer.function.clone());
        let connect = self.answers_subprotocol().then(|| CONNECT_FUNCTION.to_owned());
        self.functions.keys().cloned().chain(authorizer).chain(connect).collect()
    }

    /// Whether tokens come in the subprotocol, which only a function on `$connect` can answer.
    pub fn answers_subprotocol(&self) -> bool {
        self.authorizer.as_ref().is_some_and(|authorizer| authorizer.token_from == "subprotocol")
    }

    /// Whether a function asks for an event of a connection's life.
    pub fn asks_for(&self, lifecycle_event: &str) -> bool {
        let mut asked = self.functions.values().flat_map(|function| &function.lifecycle_events);
        asked.any(|event| event == lifecycle_event)
    }

    /// The authorizer's deployed name, as the root module builds it.
    pub fn authorizer_name(&self) -> String {
        self.function_name("authorizer")
    }

    /// A function's deployed name, as the root module builds it.
    pub fn function_name(&self, key: &str) -> String {
        format!("{}-{key}", self.name)
    }
}

fn read(path: &Path) -> Result<String, StackError> {
    std::fs::read_to_string(path).map_err(|error| StackError::Read { path: path.into(), error })
}

/// Each variable's type and default.
fn declared(path: &Path) -> Result<BTreeMap<String, (Type, Option<Value>)>, StackError> {
    let syntax = |error| StackError::Syntax { path: path.into(), error: Box::new(error) };
    let body = hcl::parse(&read(path)?).map_err(syntax)?;
    let mut declared = BTreeMap::new();
    for block in body.blocks().filter(|block| block.identifier() == "variable") {
        let Some(name) = block.labels().first() else { continue };
        let attribute = |key: &str| block.body().attributes().find(|attribute| attribute.key() == key);
        let problem = |problem| StackError::Value { path: path.into(), problem };
        let r#type = match attribute("type") {
            Some(attribute) => Type::parse(attribute.expr()).map_err(problem)?,
            None => Type::Any,
        };
        let default = attribute("default").map(|attribute| types::literal(attribute.expr())).transpose();
        declared.insert(name.as_str().to_owned(), (r#type, default.map_err(problem)?));
    }
    Ok(declared)
}

/// The values in a tfvars file.
fn assigned(path: &Path) -> Result<Vec<(String, Value)>, StackError> {
    let syntax = |error| StackError::Syntax { path: path.into(), error: Box::new(error) };
    let body = hcl::parse(&read(path)?).map_err(syntax)?;
    body.attributes()
        .map(|attribute| {
            let value = types::literal(attribute.expr()).map_err(|problem| StackError::Value {
                path: path.into(),
                problem: format!("{}: {problem}", attribute.key()),
            })?;
            Ok((attribute.key().to_owned(), value))
        })
        .collect()
}

/// The mapping templates, with `${stream_name}` filled in as by Terraform's `templatefile`.
fn templates(folder: &Path, stream_name: &str) -> Result<BTreeMap<String, String>, StackError> {
    let files = std::fs::read_dir(folder).map_err(|error| StackError::Read { path: folder.into(), error })?;
    let mut templates = BTreeMap::new();
    for file in files.flatten() {
        let path = file.path();
        let Some(name) =
            path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".vtl"))
        else {
            continue;
        };
        templates.insert(name.to_owned(), read(&path)?.replace("${stream_name}", stream_name));
    }
    Ok(templates)
}
