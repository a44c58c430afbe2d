//! Creates functions: checks the request, the role and the zip.

use super::checks::{architecture, check_tags};
use super::code::Code;
use super::configuration::Configuration;
use super::function::Function;
use super::reference::{NameForm, Reference, detected, too_long};
use super::settings::Settings;
use super::status::Status;
use super::{Lambda, code, invalid, parse};
use crate::protocol::rest::RestCall;
use crate::protocol::tags::Tags;
use crate::protocol::{Answer, ApiError, Reply};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

/// The service that assumes a function's role.
pub const PRINCIPAL: &str = "lambda.amazonaws.com";
pub const FUNCTIONS_MAX: usize = 1_000;
const NAME_CHARS_MAX: usize = 64;
/// Members of CreateFunction; the rest are the settings.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateFunction {
    function_name: String,
    code: FunctionCode,
    architectures: Option<Vec<String>>,
    package_type: Option<String>,
    #[serde(default)]
    publish: bool,
    #[serde(default)]
    tags: Tags,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FunctionCode {
    zip_file: Option<String>,
}

impl Lambda {
    pub(super) async fn create_function(&self, call: &RestCall) -> Answer {
        let operation = "CreateFunction";
        let mut rest = call.body.clone();
        let taken = ["FunctionName", "Code", "Architectures", "PackageType", "Publish", "Tags"];
        let taken = taken.map(|member| (member, rest.as_object_mut().and_then(|rest| rest.remove(member))));
        let taken: serde_json::Map<_, _> =
            taken.into_iter().filter_map(|(member, value)| Some((member.to_owned(), value?))).collect();
        let request: CreateFunction = parse(operation, Value::Object(taken))?;
        let settings: Settings = parse(operation, rest)?;
        let name = Reference::read(&self.account, NameForm::Write, &request.function_name, None)?.name;
        if name.chars().count() > NAME_CHARS_MAX {
            let too_long = too_long("functionName", &request.function_name, NAME_CHARS_MAX);
            return Err(invalid(detected(&[too_long])));
        }
        check_tags(&request.tags)?;
        if request.package_type.as_deref().is_some_and(|kind| kind != "Zip") {
            return Err(invalid("PackageType: container images are not supported by the emulator, use Zip"));
        }
        settings.check()?;
        let architecture = architecture(request.architectures)?;
        self.check_role(&settings)?;
        if self.store.lock().functions.contains_key(&name) {
            return Err(already_exists(&name));
        }
        let code = self.unpack(&name, request.code.zip_file).await?;
        let mut store = self.store.lock();
        if store.functions.contains_key(&name) {
            return Err(already_exists(&name));
        }
        if store.functions.len() >= FUNCTIONS_MAX {
            return Err(invalid(format!("the account has {FUNCTIONS_MAX} functions, which is the limit")));
        }
        let status = Status::Creating(Instant::now() + self.settle_time);
        let mut function = Function::new(
            name.clone(),
            Configuration::new(settings, code, architecture, status),
            request.tags,
        );
        self.host(&function);
        let view = if request.publish {
            let number = function.publish_version(None, status);
            self.published(&function, number, false)
        } else {
            function.shown(&self.account)
        };
        store.functions.insert(name, function);
        Ok(Reply::created(view))
    }

    /// As AWS does when a function gets a role, or a VPC.
    pub(super) fn check_role(&self, settings: &Settings) -> Result<(), ApiError> {
        self.iam
            .assume(PRINCIPAL, &settings.role, None)
            .map_err(|_| invalid("The role defined for the function cannot be assumed by Lambda."))?;
        if settings.vpc().is_some() && !self.iam.may(&settings.role, "ec2:CreateNetworkInterface", "*") {
            return Err(invalid(
                "The provided execution role does not have permissions to call CreateNetworkInterface on EC2",
            ));
        }
        Ok(())
    }

    pub(super) async fn unpack(&self, name: &str, zip_file: Option<String>) -> Result<Code, ApiError> {
        let zip_file = zip_file.ok_or_else(|| invalid("Code: only ZipFile is supported by the emulator"))?;
        let (root, name) = (self.data_dir.clone(), name.to_owned());
        let unpacked = tokio::task::spawn_blocking(move || {
            let zip = STANDARD
                .decode(zip_file)
                .map_err(|error| invalid(format!("Code.ZipFile is not base64: {error}")))?;
            code::unpack(&root, &name, &zip)
        });
        unpacked.await.map_err(ApiError::internal)?
    }
}

fn already_exists(name: &str) -> ApiError {
    ApiError::conflict("ResourceConflictException", format!("Function already exist: {name}"))
}
