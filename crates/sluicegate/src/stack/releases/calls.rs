//! The calls of Lambda, CloudWatch and CloudWatch Logs, on AWS or any target.

use anyhow::{Context as _, anyhow, bail};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use signed_http::{Limits, SignedHttp, causes, credentials};
use std::time::Duration;

/// Bytes of one answer, at most.
const ANSWER_BYTES_MAX: usize = 16 * 1_024 * 1_024;
/// Time for one call.
const CALL_MAX: Duration = Duration::from_secs(30);
/// Alarms of one question, at most.
const ALARMS_MAX: usize = 100;
/// Pages of log events that one look reads, at most.
const PAGES_MAX: u32 = 50;
/// The alias that mappings invoke.
const ALIAS: &str = "current";
/// Lambda's report of a failed invocation, and each batch's metrics.
const PATTERNS: [&str; 2] = ["\"platform.report\" -success", "DeadLetterFailures"];

/// An alias's version, and another with its share of the batches.
#[derive(Debug, Clone, PartialEq)]
pub struct Alias {
    pub version: String,
    pub second: Option<(String, f64)>,
}

/// Looks up environment variables.
type Lookup = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

pub struct Calls {
    http: SignedHttp,
    lookup: Lookup,
    region: String,
}

struct Endpoint {
    name: &'static str,
    host: &'static str,
    variable: &'static str,
}

const LAMBDA: Endpoint = Endpoint { name: "lambda", host: "lambda", variable: "AWS_ENDPOINT_URL_LAMBDA" };
const LOGS: Endpoint = Endpoint { name: "logs", host: "logs", variable: "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS" };
const CLOUDWATCH: Endpoint =
    Endpoint { name: "monitoring", host: "monitoring", variable: "AWS_ENDPOINT_URL_CLOUDWATCH" };

impl Calls {
    /// Credentials, region and endpoints from the environment.
    pub fn from_environment() -> anyhow::Result<Self> {
        Self::new(|name| std::env::var(name).ok())
    }

    pub fn new(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> anyhow::Result<Self> {
        let lookup = move |name: &str| lookup(name).filter(|value| !value.is_empty());
        let keys = credentials::read(&lookup).map_err(|error| anyhow!(error))?;
        let limits = Limits {
            connect: Duration::from_secs(5),
            request: CALL_MAX,
            response_bytes_max: ANSWER_BYTES_MAX,
        };
        let needs_tls = lookup("AWS_ENDPOINT_URL").is_none_or(|url| url.starts_with("https:"));
        let http = SignedHttp::new(&keys, needs_tls, limits);
        let http = http.map_err(|error| anyhow!("{}", causes(error.as_ref())))?;
        Ok(Self { http, lookup: Box::new(lookup), region: keys.region })
    }

    /// None: the function has no such alias, or is not there.
    pub async fn alias(&self, function: &str) -> anyhow::Result<Option<Alias>> {
        let path = format!("/2015-03-31/functions/{function}/aliases/{ALIAS}");
        let (status, shown) = self.lambda(Method::GET, &path, &Value::Null).await?;
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let weights = shown["RoutingConfig"]["AdditionalVersionWeights"].as_object();
        let second = weights.and_then(|weights| weights.iter().next());
        Ok(Some(Alias {
            version: shown["FunctionVersion"].as_str().context("the alias has no version")?.to_owned(),
            second: second.map(|(version, share)| (version.clone(), share.as_f64().unwrap_or_default())),
        }))
    }

    /// Moves the alias.
    pub async fn set_alias(&self, function: &str, alias: &Alias) -> anyhow::Result<()> {
        let path = format!("/2015-03-31/functions/{function}/aliases/{ALIAS}");
        let weights = alias.second.as_ref().map(|(version, share)| json!({ version: share }));
        let change = json!({
            "FunctionVersion": alias.version,
            "RoutingConfig": { "AdditionalVersionWeights": weights.unwrap_or_else(|| json!({})) },
        });
        let (status, answer) = self.lambda(Method::PUT, &path, &change).await?;
        if !status.is_success() {
            bail!("alias {ALIAS} of {function} cannot be moved: {}", message(&answer));
        }
        Ok(())
    }

    /// The numbers of all published versions.
    pub async fn versions(&self, function: &str) -> anyhow::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        let mut marker = String::new();
        loop {
            let path = format!("/2015-03-31/functions/{function}/versions?MaxItems=50{marker}");
            let (status, page) = self.lambda(Method::GET, &path, &Value::Null).await?;
            if !status.is_success() {
                bail!("the versions of {function} cannot be listed: {}", message(&page));
            }
            let versions = page["Versions"].as_array().into_iter().flatten();
            numbers.extend(versions.filter_map(|version| version["Version"].as_str()?.parse::<u64>().ok()));
            match page["NextMarker"].as_str() {
                Some(next) => marker = format!("&Marker={next}"),
                None => return Ok(numbers),
            }
        }
    }

    /// The log events since `from_ms` that tell how a function does.
    pub async fn log_events(&self, group: &str, from_ms: u64) -> anyhow::Result<Vec<Value>> {
        let mut events = Vec::new();
        for pattern in PATTERNS {
            let mut ask = json!({ "logGroupName": group, "startTime": from_ms, "filterPattern": pattern });
            for _ in 0..PAGES_MAX {
                let mut page = self.target(&LOGS, "Logs_20140328.FilterLogEvents", "1.1", &ask).await?;
                events.append(page["events"].as_array_mut().unwrap_or(&mut Vec::new()));
                match page["nextToken"].as_str() {
                    Some(next) => ask["nextToken"] = next.into(),
                    None => break,
                }
            }
        }
        Ok(events)
    }

    /// Those of the alarms that are in the state ALARM.
    pub async fn in_alarm(&self, names: &[String]) -> anyhow::Result<Vec<String>> {
        let mut in_alarm = Vec::new();
        for names in names.chunks(ALARMS_MAX) {
            let ask = json!({ "AlarmNames": names, "StateValue": "ALARM", "MaxRecords": ALARMS_MAX });
            let operation = "GraniteServiceVersion20100801.DescribeAlarms";
            let answer = self.target(&CLOUDWATCH, operation, "1.0", &ask).await?;
            let alarms = answer["MetricAlarms"].as_array().into_iter().flatten();
            in_alarm.extend(alarms.filter_map(|alarm| Some(alarm["AlarmName"].as_str()?.to_owned())));
        }
        Ok(in_alarm)
    }

    pub(super) async fn lambda(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let request = Request::builder().method(method).header("content-type", "application/json");
        self.send(&LAMBDA, path, request, body).await
    }

    async fn target(
        &self,
        endpoint: &Endpoint,
        operation: &str,
        version: &str,
        body: &Value,
    ) -> anyhow::Result<Value> {
        let request = Request::post("/")
            .header("content-type", format!("application/x-amz-json-{version}"))
            .header("x-amz-target", operation);
        let (status, answer) = self.send(endpoint, "/", request, Bytes::from(body.to_string())).await?;
        if !status.is_success() {
            bail!("{operation} is refused with {status}: {}", message(&answer));
        }
        Ok(answer)
    }

    async fn send(
        &self,
        endpoint: &Endpoint,
        path: &str,
        request: http::request::Builder,
        body: Bytes,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let url = (self.lookup)(endpoint.variable).or_else(|| (self.lookup)("AWS_ENDPOINT_URL"));
        let suffix = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let url = url.unwrap_or_else(|| format!("https://{}.{}.{suffix}", endpoint.host, self.region));
        let url = url.trim_end_matches('/');
        let request = request.uri(format!("{url}{path}")).body(body);
        let request = request.with_context(|| format!("{url} is not a valid endpoint URL"))?;
        let answer = self.http.send(endpoint.name, request).await;
        let answer = answer.map_err(|error| anyhow!("no response from {url}: {}", causes(error.as_ref())))?;
        Ok((answer.status, serde_json::from_slice(&answer.body).unwrap_or_default()))
    }
}

fn message(answer: &Value) -> &str {
    answer["message"].as_str().or(answer["Message"].as_str()).unwrap_or("no reason given")
}
