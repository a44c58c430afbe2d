//! The applied configuration, as the questions use it: its APIs, its stream and its functions' logs.

use crate::aws::Aws;
use crate::client::{Address, Client};
use crate::questions::Question;
use crate::redact::Redactor;
use crate::seen::Seen;
use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// Time limits.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// For an expected frame, record or log line: the gateway itself gives up after 29 s.
    pub answer: Duration,
    /// For anything unexpected.
    pub silence: Duration,
    /// For new roles, permissions and mappings: AWS takes up to minutes.
    pub ready: Duration,
    /// Between two reads of the stream, of which AWS allows five a second, or of a log.
    pub look_every: Duration,
}

impl Times {
    pub const AWS: Self = Self {
        answer: Duration::from_secs(40),
        silence: Duration::from_secs(5),
        ready: Duration::from_secs(300),
        look_every: Duration::from_millis(500),
    };
    /// An emulator on this machine. It answers at once, but the machine may be busy.
    pub const LOCAL: Self = Self {
        answer: Duration::from_secs(40),
        silence: Duration::from_millis(500),
        ready: Duration::from_secs(120),
        look_every: Duration::from_millis(50),
    };
}

/// Records by partition key, in the order of the stream.
type Records = Vec<(String, Vec<u8>)>;

pub struct Stack {
    pub aws: Arc<Aws>,
    pub times: Times,
    pub is_aws: bool,
    /// Whether there is time for questions of hours.
    pub long: bool,
    /// A custom domain to use, and the ARN of its certificate.
    pub domain: Option<(String, String)>,
    /// The control plane's errors, by question, for those whose own part it refused.
    pub refused: BTreeMap<String, String>,
    /// Removes what must not be written.
    pub redactor: Redactor,
    pub account_id: String,
    pub region: String,
    apis: BTreeMap<String, (String, String)>,
    stream_name: String,
    log_groups: BTreeMap<String, String>,
    records: watch::Receiver<Records>,
}

impl Stack {
    /// Reads the outputs, and begins to read the stream.
    pub fn new(
        aws: Aws,
        outputs: &Value,
        is_aws: bool,
        long: bool,
        refused: BTreeMap<String, String>,
    ) -> anyhow::Result<Self> {
        let times = if is_aws { Times::AWS } else { Times::LOCAL };
        let output = |name: &str| outputs[name]["value"].clone();
        let text = |value: &Value| value.as_str().map(str::to_owned).context("an output is missing");
        let account_id = text(&output("account_id"))?;
        let mut apis = BTreeMap::new();
        let mut literals = Vec::new();
        for (name, api) in output("apis").as_object().context("the output apis is missing")? {
            let (id, endpoint) = (text(&api["id"])?, text(&api["endpoint"])?);
            literals.push((Address::parse(&endpoint)?.host, "{host}"));
            literals.push((id.clone(), "{api}"));
            apis.insert(name.clone(), (id, endpoint));
        }
        let region = text(&output("region"))?;
        literals.push((region.clone(), "{region}"));
        // The emulator's own is all zeros, as are shards.
        if is_aws {
            literals.push((account_id.clone(), "{account}"));
        }
        let groups = output("log_groups");
        let groups = groups.as_object().context("the output log_groups is missing")?;
        let log_groups = groups.iter().map(|(name, group)| Ok((name.clone(), text(group)?)));
        let stream_name = text(&output("stream_name"))?;
        let aws = Arc::new(aws);
        let (found, records) = watch::channel(Records::new());
        tokio::spawn(read_stream(aws.clone(), stream_name.clone(), times.look_every, found));
        Ok(Self {
            times,
            is_aws,
            long,
            domain: None,
            refused,
            redactor: Redactor::new(literals),
            account_id,
            region,
            apis,
            log_groups: log_groups.collect::<anyhow::Result<_>>()?,
            stream_name,
            records,
            aws,
        })
    }

    pub fn api_id(&self, api: &str) -> anyhow::Result<&str> {
        self.apis.get(api).map(|(id, _)| id.as_str()).with_context(|| format!("there is no API {api}"))
    }

    /// The address of an API's stages.
    pub fn address(&self, api: &str) -> anyhow::Result<Address> {
        let (_, endpoint) = self.apis.get(api).with_context(|| format!("there is no API {api}"))?;
        Address::parse(endpoint)
    }

    /// A client of the stage `v1` of the main API.
    pub async fn connect(&self) -> anyhow::Result<Client> {
        self.address("main")?.connect("/v1").await
    }

    /// The address of a connection of the main API's stage `v1`, for `@connections`.
    pub fn connection_url(&self, connection_id: &str) -> anyhow::Result<String> {
        let (_, endpoint) = self.apis.get("main").context("there is no main API")?;
        let id = connection_id.replace('=', "%3D");
        Ok(format!("{}/v1/@connections/{id}", endpoint.replacen("ws", "http", 1)))
    }

    /// The first record of a partition key, if it comes in time.
    pub async fn record(&self, partition_key: &str, wait: Duration) -> Option<Vec<u8>> {
        let mut records = self.records.clone();
        let found = |records: &Records| {
            records.iter().find(|(key, _)| key == partition_key).map(|(_, data)| data.clone())
        };
        let arrived = timeout(wait, records.wait_for(|records| found(records).is_some())).await;
        arrived.ok()?.ok().and_then(|records| found(&records))
    }

    /// Puts a record without the gateway.
    pub async fn put(&self, partition_key: &str) -> anyhow::Result<()> {
        let data = STANDARD.encode(partition_key);
        let body = json!({"StreamName": self.stream_name, "PartitionKey": partition_key, "Data": data});
        self.aws.call("kinesis", "Kinesis_20131202.PutRecord", &body).await.map(drop)
    }

    /// Waits until `look` finds something in a function's log, and returns its result.
    pub async fn logged<T>(
        &self,
        function: &str,
        wait: Duration,
        look: impl Fn(&[Value]) -> Option<T>,
    ) -> anyhow::Result<Option<T>> {
        let end = Instant::now() + wait;
        loop {
            if let Some(found) = look(&self.events(function).await?) {
                return Ok(Some(found));
            }
            if Instant::now() > end {
                return Ok(None);
            }
            sleep(self.times.look_every).await;
        }
    }

    /// The events that a function has logged so far.
    async fn events(&self, function: &str) -> anyhow::Result<Vec<Value>> {
        let group = self.log_groups.get(function).with_context(|| format!("{function} has no log group"))?;
        let mut events = Vec::new();
        let mut body = json!({"logGroupName": group});
        loop {
            let page = self.aws.call("logs", "Logs_20140328.FilterLogEvents", &body).await?;
            let lines = page["events"].as_array().into_iter().flatten();
            let lines = lines.filter_map(|event| event["message"].as_str()?.trim().strip_prefix("EVENT "));
            events.extend(lines.filter_map(|line| serde_json::from_str::<Value>(line).ok()));
            match page["nextToken"].as_str() {
                Some(token) => body["nextToken"] = token.into(),
                None => return Ok(events),
            }
        }
    }

    /// Waits until roles, permissions and mappings have taken effect: the first answers of new ones are refusals that
    /// have nothing to do with the question.
    pub async fn ready(&self) -> anyhow::Result<()> {
        let end = Instant::now() + self.times.ready;
        let mut client = self.connect().await?;
        loop {
            client.say(r#"{"ask":"ready"}"#).await?;
            if self.record("ready", Duration::from_secs(2)).await.is_some() {
                break;
            }
            if Instant::now() > end {
                let last = client.hear(Duration::ZERO).await?;
                bail!("no record comes through the gateway: the last answer was {last:?}");
            }
        }
        while let Err(error) = self.address("guarded")?.connect("/v1?token=allow").await {
            if Instant::now() > end {
                return Err(error.context("the authorizer lets nobody in"));
            }
            sleep(Duration::from_secs(1)).await;
        }
        let read =
            self.logged("reader", self.times.ready, |events| (!events.is_empty()).then_some(())).await?;
        read.context("the function reads nothing of the stream")
    }

    /// The refusal of a question's own part, as what was seen.
    pub fn refusal(&self, question: &Question) -> Option<Vec<Seen>> {
        self.refused.get(question.id).map(|words| vec![Seen::Refused(words.clone())])
    }
}

/// Reads the only shard from its beginning, as long as somebody needs it.
async fn read_stream(aws: Arc<Aws>, stream_name: String, every: Duration, found: watch::Sender<Records>) {
    let call = |operation: &'static str, body: Value| {
        let aws = aws.clone();
        async move { aws.call("kinesis", &format!("Kinesis_20131202.{operation}"), &body).await }
    };
    let mut iterator = Value::Null;
    while !found.is_closed() {
        if iterator.is_null() {
            let body = json!({
                "StreamName": stream_name, "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON",
            });
            if let Ok(answer) = call("GetShardIterator", body).await {
                // Reading from the beginning again would repeat records.
                found.send_modify(Records::clear);
                iterator = answer["ShardIterator"].clone();
            }
        } else if let Ok(answer) = call("GetRecords", json!({"ShardIterator": iterator})).await {
            iterator = answer["NextShardIterator"].clone();
            let records = answer["Records"].as_array().into_iter().flatten().filter_map(|record| {
                let data = STANDARD.decode(record["Data"].as_str()?).ok()?;
                Some((record["PartitionKey"].as_str()?.to_owned(), data))
            });
            let records: Records = records.collect();
            if !records.is_empty() {
                found.send_modify(|all| all.extend(records));
            }
        }
        sleep(every).await;
    }
}
