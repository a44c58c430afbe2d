//! Each role's policy is minimal: every statement is needed, and no other permission is.

use aws_sdk_kinesis::primitives::Blob;
use serde_json::{Value, json};
use sluicegate_tests::client::Client;
use sluicegate_tests::test_emulator::TestEmulator;
use sluicegate_tests::{control, denials, eventually, sdk};

const HELLO: &str = r#"{"msg":"Hello World!"}"#;
/// Part of the line that Lambda writes into a JSON log when an invocation starts.
const START: &str = r#""type":"platform.start""#;
const REPORT: &str = r#""type":"platform.report""#;
/// A message that no function sends.
const MARKER: &str = r#"{"marker":true}"#;

/// An emulator whose roles have names that are unique in this process.
async fn start(name: &str, tfvars: &str) -> TestEmulator {
    denials::watch();
    TestEmulator::with(&format!("name = \"{name}\"\n{tfvars}"), Default::default()).await
}

/// DESIGN section 1, "Roles": the policies are enough for the whole flow and its faults.
#[tokio::test(flavor = "multi_thread")]
async fn with_all_statements_nothing_is_denied() {
    let tfvars = r#"
        acknowledgements = true
        functions        = { echo = { lifecycle_events = ["CONNECT", "DISCONNECT"] } }
    "#;
    let emulator = start("all-granted", tfvars).await;
    let mut client = emulator.client().await;
    works(&mut client, "nothing").await;
    client.close().await;
    put_undecodable(&emulator).await;
    eventually("the fault is in the queue", || async { faults(&emulator).await > 0 }).await;
    assert_eq!(denials::of("all-granted"), []);
}

/// DESIGN section 1, "Roles": without a statement, its hop fails and the log names the role, action and resource.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_integrations_statement_nothing_enters_the_stream() {
    let emulator = start("no-put", "").await;
    let policy = Policy::read(&emulator, "no-put-use1-integration", "put-record").await;
    for statement in policy.statements() {
        assert_eq!(statement["Sid"], "PutRecord", "no hop is known that this statement serves");
        let mut client = emulator.client().await;
        policy.put_without(statement).await;
        client.send(HELLO).await;
        assert_eq!(client.receive_json().await["message"], "Internal server error");
        policy.denied(statement).await;
        policy.put_back().await;
        client.send(HELLO).await;
        assert_eq!(client.receive().await, HELLO);
    }
}

/// As for the integration, for each statement of the function's role.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_statement_of_the_functions_role_its_hop_fails() {
    let emulator = start("one-less", "").await;
    let policy = Policy::read(&emulator, "one-less-echo-use1", "flow").await;
    let mut client = emulator.client().await;
    works(&mut client, "before").await;
    assert_eq!(denials::of("one-less"), []);
    for statement in policy.statements() {
        let sid = statement["Sid"].as_str().expect("a statement has a name");
        match sid {
            "ReadStream" | "SubscribeToShard" | "ManageConnections" => {
                let (mut client, connection_id) = identified(&emulator).await;
                policy.put_without(statement).await;
                client.send(HELLO).await;
                policy.denied(statement).await;
                // Frames of one connection keep their order, so that an answer would come before this message.
                mark(&emulator, &connection_id).await;
                assert_eq!(client.receive().await, MARKER, "{sid} is not needed");
                policy.put_back().await;
                works(&mut client, sid).await;
            }
            "SendFault" => {
                policy.put_without(statement).await;
                put_undecodable(&emulator).await;
                policy.denied(statement).await;
                assert_eq!(faults(&emulator).await, 0, "{sid} is not needed");
                policy.put_back().await;
                eventually("the fault is in the queue", || async { faults(&emulator).await > 0 }).await;
                works(&mut client, sid).await;
            }
            "WriteLogs" => {
                eventually("the log is quiet", || async {
                    logged(&emulator, START).await == logged(&emulator, REPORT).await
                })
                .await;
                let before = logged(&emulator, START).await;
                policy.put_without(statement).await;
                works(&mut client, "unlogged").await;
                policy.denied(statement).await;
                assert_eq!(logged(&emulator, START).await, before, "{sid} is not needed");
                policy.put_back().await;
                works(&mut client, sid).await;
                assert!(logged(&emulator, START).await > before, "the function's log does not go on");
            }
            other => panic!("no hop is known that the statement {other} serves"),
        }
    }
}

/// A role's inline policy.
struct Policy<'a> {
    emulator: &'a TestEmulator,
    role: &'a str,
    name: &'a str,
    document: Value,
}

impl<'a> Policy<'a> {
    async fn read(emulator: &'a TestEmulator, role: &'a str, name: &'a str) -> Self {
        let get = [("Action", "GetRolePolicy"), ("RoleName", role), ("PolicyName", name)];
        let answer = control::iam(&emulator.emulator, &get).await;
        let encoded = answer.split("<PolicyDocument>").nth(1).and_then(|rest| rest.split('<').next());
        let document = decoded(encoded.expect("a policy has a document"));
        let policy = Self { emulator, role, name, document: serde_json::from_str(&document).expect("JSON") };
        assert!(!policy.statements().is_empty(), "{role} may nothing at all");
        policy
    }

    fn statements(&self) -> &Vec<Value> {
        self.document["Statement"].as_array().expect("a list of statements")
    }

    async fn put_without(&self, statement: &Value) {
        let mut document = self.document.clone();
        let rest = self.statements().iter().filter(|other| *other != statement).cloned();
        document["Statement"] = rest.collect();
        if self.statements().len() == 1 {
            // IAM rejects a policy without statements.
            let delete = [("Action", "DeleteRolePolicy"), ("RoleName", self.role), ("PolicyName", self.name)];
            control::iam(&self.emulator.emulator, &delete).await;
        } else {
            self.put(&document).await;
        }
    }

    async fn put_back(&self) {
        self.put(&self.document).await;
    }

    async fn put(&self, document: &Value) {
        let document = document.to_string();
        let put = [
            ("Action", "PutRolePolicy"),
            ("RoleName", self.role),
            ("PolicyName", self.name),
            ("PolicyDocument", &document),
        ];
        control::iam(&self.emulator.emulator, &put).await;
    }

    /// Waits until the log names this role, an action of the statement and a resource that it covers.
    async fn denied(&self, statement: &Value) {
        let words = |member: &str| match &statement[member] {
            Value::Array(words) => words.clone(),
            word => vec![word.clone()],
        };
        let (actions, resources) = (words("Action"), words("Resource"));
        let covers = |pattern: &Value, resource: &str| {
            let pattern = pattern.as_str().unwrap_or_default();
            resource == pattern || pattern.strip_suffix('*').is_some_and(|start| resource.starts_with(start))
        };
        eventually(&format!("a denial for want of {}", statement["Sid"]), || async {
            denials::of(&format!("role/{}", self.role)).iter().any(|denied| {
                actions.contains(&denied.action.as_str().into())
                    && resources.iter().any(|pattern| covers(pattern, &denied.resource))
            })
        })
        .await;
    }
}

/// A new client and its connection's id, from an error frame.
async fn identified(emulator: &TestEmulator) -> (Client, String) {
    let mut client = emulator.client().await;
    client.send("not json").await;
    let id = client.receive_json().await["connectionId"].as_str().map(str::to_owned);
    (client, id.expect("a refusal names its connection"))
}

/// Sends a unique message until it comes back. Other messages that have waited can come first.
async fn works(client: &mut Client, word: &str) {
    let message = json!({"works after": word});
    client.send(message.to_string()).await;
    while client.receive_json().await != message {}
}

async fn mark(emulator: &TestEmulator, connection_id: &str) {
    let connections = sdk::connections(&emulator.connections_endpoint());
    let post = connections.post_to_connection().connection_id(connection_id).data(Blob::new(MARKER));
    post.send().await.expect("the account may post");
}

/// Puts a record that no function can decode, and that therefore goes to the dead-letter queue.
async fn put_undecodable(emulator: &TestEmulator) {
    let put = sdk::kinesis(&emulator.emulator.endpoint_url()).put_record();
    let put =
        put.stream_name(emulator.stack.stream_name()).partition_key("poison").data(Blob::new("no event"));
    put.send().await.expect("the stream takes any record");
}

/// The number of messages in the function's dead-letter queue.
async fn faults(emulator: &TestEmulator) -> u64 {
    let account = &emulator.emulator.account().id;
    let url = format!("{}/{account}/{}-echo-dlq", emulator.emulator.endpoint_url(), emulator.stack.name);
    let asked = json!({"QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages"]});
    let answer = control::json(&emulator.emulator, "AmazonSQS.GetQueueAttributes", &asked).await;
    let count =
        answer["Attributes"]["ApproximateNumberOfMessages"].as_str().and_then(|count| count.parse().ok());
    count.expect("a queue counts its messages")
}

/// The number of lines in the function's log that contain a word.
async fn logged(emulator: &TestEmulator, word: &str) -> usize {
    let group = json!({"logGroupName": format!("/aws/lambda/{}-echo", emulator.stack.name)});
    let answer = control::json(&emulator.emulator, "Logs_20140328.FilterLogEvents", &group).await;
    let events = answer["events"].as_array().expect("a list of events").iter();
    events.filter(|event| event["message"].as_str().is_some_and(|text| text.contains(word))).count()
}

/// Decodes a document, which IAM returns percent-encoded.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex =
            |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).expect("two hex digits");
        bytes.push(if byte == b'%' { (hex(rest.next()) * 16 + hex(rest.next())) as u8 } else { byte });
    }
    String::from_utf8(bytes).expect("UTF-8")
}
