//! Checks that there are credentials and a region, and says what was tried where there are none.

use super::refused::chain;
use anyhow::{anyhow, bail, ensure};
use aws_config::SdkConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kinesis::config::ProvideCredentials as _;

pub async fn check(config: &SdkConfig) -> anyhow::Result<()> {
    let profile = profile(&|name| std::env::var(name).ok());
    ensure!(
        config.region().is_some(),
        "no AWS region: set AWS_REGION, or `region` in profile {profile} of the AWS config file"
    );
    let Some(provider) = config.credentials_provider() else {
        bail!("no source of AWS credentials is configured");
    };
    provider.provide_credentials().await.map(drop).map_err(|error| explained(&error, &profile))
}

fn explained(error: &CredentialsError, profile: &str) -> anyhow::Error {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => anyhow!(
            "no AWS credentials: tried the environment (AWS_ACCESS_KEY_ID), profile {profile} in the AWS config and \
             credentials files, a web identity token (AWS_WEB_IDENTITY_TOKEN_FILE), the container's \
             (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI) and the instance's metadata; set one of them, or log \
             in with `aws sso login`"
        ),
        error => anyhow!("AWS credentials of profile {profile} cannot be used: {}", chain(error)),
    }
}

/// The profile that AWS's tools use.
fn profile(lookup: &dyn Fn(&str) -> Option<String>) -> String {
    lookup("AWS_PROFILE").filter(|name| !name.is_empty()).unwrap_or_else(|| "default".into())
}
