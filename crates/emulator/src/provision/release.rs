//! Which version of a function is at work, as in `terraform/modules/function/release.tf`.

use super::{ACTIVE_LOOK_EVERY, ACTIVE_LOOKS_MAX, ComposeError, Composer, ControlPlane, call};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

/// The alias that mappings invoke.
const ALIAS: &str = "current";
/// The status of a call that another one is in the way of.
const CONFLICT: u16 = 409;
const FIRST_VERSION: &str = "1";

impl Composer<'_> {
    /// Creates the alias; returns its ARN.
    pub(super) async fn release(&self, name: &str) -> Result<Value, ComposeError> {
        let alias = json!({
            "Name": ALIAS, "FunctionVersion": FIRST_VERSION,
            "Description": "The version that the event source mapping invokes.",
        });
        let path = format!("/2015-03-31/functions/{name}/aliases");
        Ok(self.lambda(&path, &alias).await?["AliasArn"].take())
    }

    pub(super) async fn provision(&self, name: &str, executions: u32) -> Result<(), ComposeError> {
        if executions == 0 {
            return Ok(());
        }
        let path = format!("/2019-09-30/functions/{name}/provisioned-concurrency?Qualifier={ALIAS}");
        let wanted = json!({"ProvisionedConcurrentExecutions": executions});
        call::call(self.emulator, "lambda", Method::PUT, &path, None, &wanted).await.map(drop)
    }
}

/// Replaces a function's code, once an update before it is through. Where the function has an alias, a version is
/// published, takes the old one's place, and the old one is deleted. Fails with [`ComposeError`], with the control plane's
/// message.
pub async fn update_code(
    emulator: &dyn ControlPlane,
    function_name: &str,
    zip: &Bytes,
) -> Result<(), ComposeError> {
    let function = format!("/2015-03-31/functions/{function_name}");
    let alias = format!("{function}/aliases/{ALIAS}");
    let none = json!({});
    let lambda = async |method: Method, path: &str, body: &Value| {
        call::call(emulator, "lambda", method, path, None, body).await
    };
    let before = lambda(Method::GET, &alias, &none).await.ok();
    let update = json!({"ZipFile": STANDARD.encode(zip), "Publish": before.is_some()});
    let code = format!("{function}/code");
    let mut updated = lambda(Method::PUT, &code, &update).await;
    for _ in 1..ACTIVE_LOOKS_MAX {
        if !updated.as_ref().is_err_and(|error| error.status == CONFLICT) {
            break;
        }
        tokio::time::sleep(ACTIVE_LOOK_EVERY).await;
        updated = lambda(Method::PUT, &code, &update).await;
    }
    let (updated, Some(before)) = (updated?, before) else { return Ok(()) };
    let (old, new) = (&before["FunctionVersion"], &updated["Version"]);
    if old == new {
        return Ok(());
    }
    lambda(Method::PUT, &alias, &json!({"FunctionVersion": new})).await?;
    let old = format!("{function}?Qualifier={}", old.as_str().unwrap_or_default());
    lambda(Method::DELETE, &old, &none).await.map(drop)
}
