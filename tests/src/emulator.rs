//! `sluicegate serve` in its own process, for tests of signals, unread output and too few file descriptors.

use crate::control::is_settled;
use crate::eventually;
use crate::functions::binary;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emulator::package::{Packing, package};
use probe::raw::RawClient;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The role of every function.
const ROLE: &str = "arn:aws:iam::000000000000:role/function";
/// Interval between two checks whether a process has ended.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What happens to an emulator's output after the line with its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// It is read.
    Awake,
    /// It is not read, and the pipes stay open.
    Asleep,
    /// The pipes are closed.
    Gone,
}

/// A running emulator. Dropping it kills it.
pub struct Emulator {
    process: Child,
    /// The address that it listens on.
    pub address: SocketAddr,
    lines: Arc<Mutex<Vec<String>>>,
    _pipes: Vec<Box<dyn Read + Send>>,
}

impl Emulator {
    /// Starts an emulator with temporary files in `temp`.
    pub async fn start(temp: &Path, readers: Readers, args: &'static [&'static str]) -> Self {
        let temp = temp.to_owned();
        let start = move || {
            let mut command = Command::new(binary("sluicegate"));
            command.args(["serve", "--port", "0"]).args(args);
            Self::spawn(command.env("TMPDIR", temp), readers)
        };
        tokio::task::spawn_blocking(start).await.expect("it starts")
    }

    /// Runs a command that starts an emulator.
    pub fn spawn(command: &mut Command, readers: Readers) -> Self {
        // The tests' calls are for the default region.
        command.env_remove("AWS_REGION").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("the emulator starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("a pipe"));
        let stderr = BufReader::new(process.stderr.take().expect("a pipe"));
        let mut greeting = String::new();
        while !greeting.contains("http://") {
            greeting.clear();
            assert!(stdout.read_line(&mut greeting).expect("text") > 0, "it says where it listens");
        }
        let address = greeting.split("http://").nth(1).and_then(|rest| rest.split(';').next());
        let address = address.and_then(|address| address.parse().ok()).expect("an address");
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let mut pipes: Vec<Box<dyn Read + Send>> = vec![Box::new(stdout), Box::new(stderr)];
        match readers {
            Readers::Awake => {
                for pipe in pipes.drain(..) {
                    let lines = lines.clone();
                    std::thread::spawn(move || {
                        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                            lines.lock().expect("no panic").push(line);
                        }
                    });
                }
            }
            Readers::Asleep => {}
            Readers::Gone => pipes.clear(),
        }
        Self { process, address, lines, _pipes: pipes }
    }

    /// The printed lines that contain a text.
    pub fn lines(&self, text: &str) -> Vec<String> {
        let lines = self.lines.lock().expect("no panic");
        lines.iter().filter(|line| line.contains(text)).cloned().collect()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(pid(self.process.id()), signal).expect("it runs");
    }

    pub async fn ended_within(&mut self, limit: Duration) -> ExitStatus {
        let end = Instant::now() + limit;
        loop {
            if let Some(status) = self.process.try_wait().expect("it is our child") {
                return status;
            }
            assert!(Instant::now() < end, "it still runs after {limit:?}: {:#?}", self.lines(""));
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// A new connection to the emulator.
    pub async fn dial(&self) -> RawClient {
        RawClient::dial(self.address).await.expect("it listens")
    }

    /// Calls an AWS API on a new connection.
    pub async fn call(&self, service: &str, request: &str, body: &Value) -> Value {
        let mut client = self.dial().await;
        let (status, answer) = self.call_on(&mut client, service, request, body).await;
        assert!((200..300).contains(&status), "{request}: {status} {answer}");
        answer
    }

    /// Calls an AWS API by method and path, or by target; returns the status and the document.
    pub async fn call_on(
        &self,
        client: &mut RawClient,
        service: &str,
        request: &str,
        body: &Value,
    ) -> (u16, Value) {
        client.send(&self.request(service, request, &body.to_string())).await.expect("it reads");
        answer(client).await
    }

    /// A signed request's bytes: `METHOD /path`, an action's target, or a form for IAM.
    pub fn request(&self, service: &str, request: &str, body: &str) -> Vec<u8> {
        let (line, headers) = match service {
            "iam" => (request.to_owned(), "content-type: application/x-www-form-urlencoded".to_owned()),
            _ if request.contains(" /") => (request.to_owned(), "content-type: application/json".to_owned()),
            _ => {
                let content_type = if service == "sqs" { "1.0" } else { "1.1" };
                let headers =
                    format!("content-type: application/x-amz-json-{content_type}\r\nx-amz-target: {request}");
                ("POST /".to_owned(), headers)
            }
        };
        let scope = format!("Credential=developer/20260101/us-east-1/{service}/aws4_request");
        let (address, bytes) = (self.address, body.len());
        format!(
            "{line} HTTP/1.1\r\nhost: {address}\r\n{headers}\r\nx-amz-date: 20260101T000000Z\r\nauthorization: AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, \
             Signature=0\r\ncontent-length: {bytes}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    /// Creates a function from a `bootstrap`, with environment variables.
    pub async fn function(&self, name: &str, bootstrap: &[u8], timeout_s: u32, variables: Value) {
        let trust = json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}});
        let policy = json!({"Statement": {"Effect": "Allow", "Action": ["kinesis:*", "sqs:*", "logs:*"], "Resource": "*"}});
        for (action, name, document) in [
            ("CreateRole", "AssumeRolePolicyDocument", trust),
            ("PutRolePolicy", "PolicyName=p&PolicyDocument", policy),
        ] {
            let document = document.to_string().bytes().fold(String::new(), |mut encoded, byte| {
                let _ = write!(encoded, "%{byte:02X}");
                encoded
            });
            let form = format!("Version=2010-05-08&Action={action}&RoleName=function&{name}={document}");
            let mut client = self.dial().await;
            client.send(&self.request("iam", "POST /", &form)).await.expect("it reads");
            let status = client.head().await.expect("an answer").status;
            // 409: the role exists, from an earlier function.
            assert!(matches!(status, 200 | 409), "{action}: {status}");
        }
        let zip = package(bootstrap, Packing::Stored).expect("a zip");
        let function = json!({
            "FunctionName": name, "Role": ROLE, "Runtime": "provided.al2023", "Handler": "bootstrap",
            "Architectures": [if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }],
            "Timeout": timeout_s, "Environment": {"Variables": variables},
            "Code": {"ZipFile": STANDARD.encode(zip)},
        });
        self.call("lambda", "POST /2015-03-31/functions", &function).await;
        let shown = format!("GET /2015-03-31/functions/{name}/configuration");
        eventually("the function is active", || async {
            is_settled(&self.call("lambda", &shown, &json!({})).await)
        })
        .await;
    }

    /// Sends an Invoke; the caller reads the response.
    pub async fn invoke(&self, function: &str) -> RawClient {
        let mut client = self.dial().await;
        let path = format!("POST /2015-03-31/functions/{function}/invocations");
        client.send(&self.request("lambda", &path, "{}")).await.expect("it reads");
        client
    }

    /// Deploys a WebSocket API that answers every message; returns its URI.
    pub async fn websocket_api(&self) -> String {
        let api = json!({"name": "test", "protocolType": "WEBSOCKET", "routeSelectionExpression": "$request.body.action"});
        let api = self.call("apigateway", "POST /v2/apis", &api).await;
        let api = api["apiId"].as_str().expect("an id");
        let post = async |below: &str, body: Value| {
            self.call("apigateway", &format!("POST /v2/apis/{api}/{below}"), &body).await
        };
        let id = |answer: Value, name: &str| answer[name].as_str().expect("an id").to_owned();
        let mock =
            json!({"integrationType": "MOCK", "requestTemplates": {"$default": r#"{"statusCode":200}"#}});
        let mock = id(post("integrations", mock).await, "integrationId");
        let response =
            json!({"integrationResponseKey": "$default", "responseTemplates": {"$default": "here"}});
        post(&format!("integrations/{mock}/integrationresponses"), response).await;
        let route = json!({"routeKey": "$default", "target": format!("integrations/{mock}")});
        let route = id(post("routes", route).await, "routeId");
        post(&format!("routes/{route}/routeresponses"), json!({"routeResponseKey": "$default"})).await;
        post("stages", json!({"stageName": "test", "autoDeploy": true})).await;
        format!("ws://{}/_aws/execute-api/{api}/test", self.address)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The next response: its status, and its document if it is JSON.
pub async fn answer(client: &mut RawClient) -> (u16, Value) {
    let head = client.head().await.expect("it answers");
    let body = client.body(&head).await.expect("it answers whole");
    (head.status, serde_json::from_slice(&body).unwrap_or_default())
}

/// Whether a process still runs. A zombie does not run.
pub fn runs(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    test_kill_process(pid(process)).is_ok() && !stat.contains(") Z ")
}

/// The temporary folders of emulators in `temp`.
pub fn folders(temp: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(temp).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.join("lock").exists()).collect()
}

fn pid(process: u32) -> Pid {
    process.try_into().ok().and_then(Pid::from_raw).expect("a process id")
}
