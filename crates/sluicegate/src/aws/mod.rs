//! AWS's SDK, set up for a person at a terminal: credentials, region, endpoints and retries as every AWS tool takes them.

mod credentials;
mod refused;

pub use refused::{Refused, chain, refused};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_apigatewaymanagement::config::SharedHttpClient;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};

/// The services that commands call, with the caller's credentials.
pub struct Aws {
    config: SdkConfig,
    pub kinesis: aws_sdk_kinesis::Client,
    pub sqs: aws_sdk_sqs::Client,
}

impl Aws {
    /// Credentials, region, endpoints and retries from the environment and the shared files. Fetches credentials once, so
    /// that missing ones are reported before anything is done.
    pub async fn from_environment() -> anyhow::Result<Self> {
        let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client());
        let config = loader.load().await;
        credentials::check(&config).await?;
        Ok(Self::of(config))
    }

    pub fn of(config: SdkConfig) -> Self {
        Self {
            kinesis: aws_sdk_kinesis::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
            config,
        }
    }

    /// `@connections` of the stage at `endpoint`, which ends before `/@connections`.
    pub fn connections(&self, endpoint: &str) -> aws_sdk_apigatewaymanagement::Client {
        let config = aws_sdk_apigatewaymanagement::config::Builder::from(&self.config).endpoint_url(endpoint);
        aws_sdk_apigatewaymanagement::Client::from_conf(config.build())
    }
}

/// ring, by name: where a function of the same workspace brings in a second provider, rustls would not choose.
fn http_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.build()
    })
}

/// A caller of an emulator, who needs no environment.
#[cfg(test)]
pub fn developer(endpoint: &str) -> Aws {
    use aws_sdk_kinesis::config::{Credentials, Region, SharedCredentialsProvider};
    let keys = Credentials::new("developer", "secret", None, None, "tests");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .http_client(http_client())
        .endpoint_url(endpoint);
    Aws::of(config.build())
}
