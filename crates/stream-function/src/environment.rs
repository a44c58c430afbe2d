//! The function's environment: what Lambda and Terraform put there, checked once, at init.

use crate::telemetry::metrics_level;

/// The function's settings, from environment variables.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Environment {
    pub function_name: String,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: Option<String>,
    /// Where `/@connections/{id}` is appended, without a slash at its end.
    pub connections_endpoint: String,
    pub sqs_endpoint: String,
    pub dead_letter_queue_url: String,
    pub log_payloads: bool,
    pub metrics_level: &'static str,
    pub answers_probes: bool,
}

/// A variable that is missing or cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum EnvironmentError {
    #[error("the environment variable {name} is not set: {setter} sets it{hint}")]
    Missing { name: &'static str, setter: &'static str, hint: &'static str },
    #[error("the environment variable {name} is not an http or https URL: {value:?}")]
    NoUrl { name: &'static str, value: String },
}

/// The source of variables, so that tests can provide their own.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Environment {
    /// Reads the environment. An empty variable counts as not set, as in the AWS SDKs.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, EnvironmentError> {
        let lookup = &|name: &str| lookup(name).filter(|value| !value.is_empty());
        let lambda = |name| required(lookup, name, "Lambda", ", or the emulator that runs the function");
        let function_name = lambda("AWS_LAMBDA_FUNCTION_NAME")?;
        let dead_letter_queue_url =
            url("SLUICEGATE_DEAD_LETTER_QUEUE_URL", terraform(lookup, "SLUICEGATE_DEAD_LETTER_QUEUE_URL")?)?;
        Ok(Self {
            function_name,
            region: lambda("AWS_REGION")?,
            access_key_id: lambda("AWS_ACCESS_KEY_ID")?,
            secret_access_key: lambda("AWS_SECRET_ACCESS_KEY")?,
            session_token: lookup("AWS_SESSION_TOKEN"),
            connections_endpoint: connections_endpoint(lookup)?,
            sqs_endpoint: sqs_endpoint(lookup, &dead_letter_queue_url)?,
            dead_letter_queue_url,
            log_payloads: lookup("STREAM_FUNCTION_LOG_PAYLOADS").is_some_and(|value| value == "true"),
            answers_probes: lookup("STREAM_FUNCTION_PROBES").is_none_or(|value| value != "false"),
            metrics_level: metrics_level(lookup("AWS_LAMBDA_LOG_LEVEL").as_deref()),
        })
    }
}

/// The same rule on every target: the service's override, or the emulator's address with LocalStack's path, or the value
/// that Terraform has set.
fn connections_endpoint(lookup: Lookup<'_>) -> Result<String, EnvironmentError> {
    const OWN: &str = "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI";
    const EMULATOR: &str = "AWS_ENDPOINT_URL";
    const TERRAFORM: &str = "SLUICEGATE_CONNECTIONS_ENDPOINT";
    if let Some(own) = lookup(OWN) {
        return url(OWN, own);
    }
    let Some(emulator) = lookup(EMULATOR) else {
        return url(TERRAFORM, terraform(lookup, TERRAFORM)?);
    };
    let api_id = required(lookup, "SLUICEGATE_API_ID", "Terraform", BESIDE_EMULATOR)?;
    let stage = required(lookup, "SLUICEGATE_STAGE", "Terraform", BESIDE_EMULATOR)?;
    Ok(format!("{}/_aws/execute-api/{api_id}/{stage}", url(EMULATOR, emulator)?))
}

const BESIDE_EMULATOR: &str = ", and AWS_ENDPOINT_URL needs it to form the callback endpoint";

/// The service's override, or the emulator's address, or the region's endpoint from the queue's URL.
fn sqs_endpoint(lookup: Lookup<'_>, queue_url: &str) -> Result<String, EnvironmentError> {
    for name in ["AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL"] {
        if let Some(endpoint) = lookup(name) {
            return url(name, endpoint);
        }
    }
    let host = queue_url.find("://").map_or(0, |scheme| scheme + 3);
    let end = queue_url[host..].find('/').map_or(queue_url.len(), |path| host + path);
    Ok(queue_url[..end].to_owned())
}

fn terraform(lookup: Lookup<'_>, name: &'static str) -> Result<String, EnvironmentError> {
    required(lookup, name, "Terraform", "")
}

fn required(
    lookup: Lookup<'_>,
    name: &'static str,
    setter: &'static str,
    hint: &'static str,
) -> Result<String, EnvironmentError> {
    lookup(name).ok_or(EnvironmentError::Missing { name, setter, hint })
}

/// A usable URL, without slashes at its end.
fn url(name: &'static str, value: String) -> Result<String, EnvironmentError> {
    let valid = value.parse::<http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    });
    if valid {
        Ok(value.trim_end_matches('/').to_owned())
    } else {
        Err(EnvironmentError::NoUrl { name, value })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const DEPLOYED: [(&str, &str); 9] = [
        ("AWS_LAMBDA_FUNCTION_NAME", "echo"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "token"),
        ("SLUICEGATE_CONNECTIONS_ENDPOINT", "https://a1.execute-api.eu-west-1.amazonaws.com/v1"),
        ("SLUICEGATE_API_ID", "a1"),
        ("SLUICEGATE_STAGE", "v1"),
        ("SLUICEGATE_DEAD_LETTER_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/1/echo-dlq"),
    ];

    fn read(changes: &[(&str, &str)]) -> Result<Environment, EnvironmentError> {
        let variables: HashMap<&str, &str> = DEPLOYED.iter().chain(changes).copied().collect();
        Environment::read(&|name| variables.get(name).map(ToString::to_string))
    }

    #[test]
    fn on_aws_terraform_names_the_endpoints() {
        let environment = read(&[]).unwrap();
        assert_eq!(environment.connections_endpoint, "https://a1.execute-api.eu-west-1.amazonaws.com/v1");
        assert_eq!(environment.sqs_endpoint, "https://sqs.eu-west-1.amazonaws.com");
        assert!(!environment.log_payloads && environment.answers_probes);
        assert!(!read(&[("STREAM_FUNCTION_PROBES", "false")]).unwrap().answers_probes);
    }

    #[test]
    fn on_another_emulator_its_address_is_all_that_differs() {
        let environment = read(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:4566/")]).unwrap();
        assert_eq!(environment.connections_endpoint, "http://127.0.0.1:4566/_aws/execute-api/a1/v1");
        assert_eq!(environment.sqs_endpoint, "http://127.0.0.1:4566");
    }

    #[test]
    fn a_service_of_its_own_address_goes_before_the_emulator() {
        let environment = read(&[
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
            ("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", "http://localhost:3001"),
            ("AWS_ENDPOINT_URL_SQS", "http://localhost:9324"),
        ])
        .unwrap();
        assert_eq!(environment.connections_endpoint, "http://localhost:3001");
        assert_eq!(environment.sqs_endpoint, "http://localhost:9324");
    }

    #[test]
    fn every_missing_variable_is_named() {
        for (name, _) in DEPLOYED {
            let error = read(&[(name, "")]).err().map(|error| error.to_string());
            let may_be_absent =
                ["AWS_SESSION_TOKEN", "SLUICEGATE_API_ID", "SLUICEGATE_STAGE"].contains(&name);
            assert_eq!(error.is_none(), may_be_absent, "{name}");
            assert!(error.is_none_or(|error| error.contains(name)), "{name}");
        }
        let error = read(&[("AWS_ENDPOINT_URL", "http://x"), ("SLUICEGATE_STAGE", "")]).err().unwrap();
        assert_eq!(
            error.to_string(),
            "the environment variable SLUICEGATE_STAGE is not set: Terraform sets it, and AWS_ENDPOINT_URL needs it \
             to form the callback endpoint"
        );
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for value in ["localhost:4566", "ws://x", "http://", "/v1"] {
            let error = read(&[("AWS_ENDPOINT_URL", value)]).err().unwrap();
            assert_eq!(error, EnvironmentError::NoUrl { name: "AWS_ENDPOINT_URL", value: value.into() });
        }
    }
}
