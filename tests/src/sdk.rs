//! AWS's own clients, pointed at a plane.

use aws_sdk_kinesis::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::Builder;

/// A client of `@connections`.
pub fn connections(endpoint: &str) -> aws_sdk_apigatewaymanagement::Client {
    let config = aws_sdk_apigatewaymanagement::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(developer())
        .http_client(Builder::new().build_http())
        .endpoint_url(endpoint);
    aws_sdk_apigatewaymanagement::Client::from_conf(config.build())
}

/// A client of Kinesis.
pub fn kinesis(endpoint: &str) -> aws_sdk_kinesis::Client {
    let config = aws_sdk_kinesis::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(developer())
        .http_client(Builder::new().build_http())
        .endpoint_url(endpoint);
    aws_sdk_kinesis::Client::from_conf(config.build())
}

/// A developer's own keys: any will do on a local plane.
fn developer() -> Credentials {
    Credentials::new("developer", "secret", None, None, "tests")
}
