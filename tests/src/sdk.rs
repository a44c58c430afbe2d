//! AWS SDK clients for an emulator.

use aws_sdk_kinesis::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use std::env;

/// The credentials and region of a caller.
#[derive(Debug, Clone)]
pub struct Caller {
    region: Region,
    credentials: Credentials,
}

impl Caller {
    /// A developer. The keys are arbitrary, because an emulator accepts any.
    pub fn developer() -> Self {
        Self::developer_in("us-east-1")
    }

    /// The same in a region.
    pub fn developer_in(region: &'static str) -> Self {
        let credentials = Credentials::new("developer", "secret", None, None, "tests");
        Self { region: Region::new(region), credentials }
    }

    /// The caller from the environment variables of AWS's tools; `None` if they have no keys. Profiles are not read:
    /// `aws configure export-credentials --format env` prints one as variables.
    pub fn from_environment() -> Option<Self> {
        let key = env::var("AWS_ACCESS_KEY_ID").ok()?;
        let secret = env::var("AWS_SECRET_ACCESS_KEY").ok()?;
        let region = env::var("AWS_REGION").or_else(|_| env::var("AWS_DEFAULT_REGION"));
        Some(Self {
            region: Region::new(region.unwrap_or_else(|_| "us-east-1".into())),
            credentials: Credentials::new(
                key,
                secret,
                env::var("AWS_SESSION_TOKEN").ok(),
                None,
                "environment",
            ),
        })
    }
}

pub fn connections(endpoint: &str) -> aws_sdk_apigatewaymanagement::Client {
    connections_as(&Caller::developer(), endpoint)
}

/// A client of `@connections`, for a caller.
pub fn connections_as(caller: &Caller, endpoint: &str) -> aws_sdk_apigatewaymanagement::Client {
    let config = aws_sdk_apigatewaymanagement::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(caller.region.clone())
        .credentials_provider(caller.credentials.clone())
        .http_client(http_client(Some(endpoint)))
        .endpoint_url(endpoint);
    aws_sdk_apigatewaymanagement::Client::from_conf(config.build())
}

pub fn kinesis(endpoint: &str) -> aws_sdk_kinesis::Client {
    kinesis_as(&Caller::developer(), Some(endpoint))
}

/// A client of Kinesis, for a caller; without an endpoint, it calls AWS.
pub fn kinesis_as(caller: &Caller, endpoint: Option<&str>) -> aws_sdk_kinesis::Client {
    let mut config = aws_sdk_kinesis::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(caller.region.clone())
        .credentials_provider(caller.credentials.clone())
        .http_client(http_client(endpoint));
    config.set_endpoint_url(endpoint.map(Into::into));
    aws_sdk_kinesis::Client::from_conf(config.build())
}

/// A client for plain HTTP does not read the system's certificates, which would slow down every test.
fn http_client(endpoint: Option<&str>) -> SharedHttpClient {
    if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
        Builder::new().build_http()
    } else {
        Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
    }
}
