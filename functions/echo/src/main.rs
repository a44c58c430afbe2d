//! Sends each event's payload back to the connection it came from.

use std::env;

use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_sdk_apigatewaymanagement::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_sdk_apigatewaymanagement::{Client, Config, primitives::Blob};
use aws_smithy_http_client::{Builder, tls};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::value::RawValue;

/// `@connections` answers 410 for a client that has left.
const GONE: u16 = 410;

/// The record's data, as the gateway's mapping template builds it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    payload: Box<RawValue>,
    connection_id: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = client()?;
    run(service_fn(|batch| echo(&client, batch))).await
}

async fn echo(client: &Client, batch: LambdaEvent<KinesisEvent>) -> Result<(), Error> {
    for record in batch.payload.records {
        let event: Event = serde_json::from_slice(&record.kinesis.data)?;
        let payload = Blob::new(event.payload.get());
        let post = client.post_to_connection().connection_id(event.connection_id).data(payload);
        match post.send().await {
            Ok(_) => {}
            // The client has left: nothing is wrong, there is just nobody to answer.
            Err(error) if error.raw_response().is_some_and(|r| r.status().as_u16() == GONE) => {}
            Err(error) => return Err(error.into_source()?),
        }
    }
    Ok(())
}

/// A client with everything from the environment: no discovery, so no start-up cost.
fn client() -> Result<Client, Error> {
    let credentials = Credentials::new(
        required("AWS_ACCESS_KEY_ID")?,
        required("AWS_SECRET_ACCESS_KEY")?,
        env::var("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    );
    let http = Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(required("AWS_REGION")?))
        .credentials_provider(credentials)
        .endpoint_url(endpoint()?)
        .retry_config(RetryConfig::standard())
        .http_client(http)
        .build();
    Ok(Client::from_conf(config))
}

/// One rule on every plane: the service's own override, else the plane's, else what Terraform set.
fn endpoint() -> Result<String, Error> {
    if let Ok(url) = env::var("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI") {
        return Ok(url);
    }
    match env::var("AWS_ENDPOINT_URL") {
        Ok(plane) => Ok(format!(
            "{}/_aws/execute-api/{}/{}",
            plane.trim_end_matches('/'),
            required("SLUICEGATE_API_ID")?,
            required("SLUICEGATE_STAGE")?
        )),
        Err(_) => required("SLUICEGATE_CONNECTIONS_ENDPOINT"),
    }
}

fn required(name: &str) -> Result<String, Error> {
    env::var(name).map_err(|_| format!("{name} is not set: Lambda or Terraform sets it").into())
}
