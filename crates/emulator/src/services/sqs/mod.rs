//! SQS: working standard queues, for the failures of functions and event source mappings.

mod attributes;
mod content;
pub mod messages;
mod queue;
mod transfer;

pub use queue::Queue;

use crate::core::account::Account;
use crate::core::failure_destination::FailureDestinations;
use crate::core::identity::{Permissions as _, Principal};
use crate::protocol::{Answer, ApiError, Service, input};
use crate::services::iam::Iam;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

pub struct Queues {
    account: Account,
    iam: Arc<Iam>,
    queues: Mutex<BTreeMap<String, Queue>>,
}

impl Queues {
    pub fn new(account: Account, iam: Arc<Iam>) -> Self {
        Self { account, iam, queues: Mutex::default() }
    }

    /// Handles one operation; `host` is the request's, for the queues' URLs. Errors: SQS's own, a denial, or that the
    /// operation is not supported.
    pub async fn handle(&self, caller: &Principal, host: &str, operation: &str, input: Value) -> Answer {
        let named = input["QueueUrl"].as_str().map(queue_name).or(input["QueueName"].as_str());
        let resource = named.map_or_else(|| "*".into(), |name| self.arn(name));
        self.iam
            .check(caller, &format!("sqs:{operation}"), &resource)
            .map_err(|denied| ApiError::access_denied(&denied))?;
        match operation {
            "CreateQueue" => self.create_queue(host, input),
            "DeleteQueue" => self.delete_queue(input),
            "GetQueueUrl" => self.get_queue_url(host, input),
            "ListQueues" => self.list_queues(host, input),
            "GetQueueAttributes" => self.get_queue_attributes(input),
            "SetQueueAttributes" => self.set_queue_attributes(input),
            "PurgeQueue" => self.purge_queue(input),
            "ListQueueTags" => self.list_queue_tags(input),
            "TagQueue" => self.tag_queue(input),
            "UntagQueue" => self.untag_queue(input),
            "SendMessage" => self.send_message(caller, input),
            "ReceiveMessage" => self.receive_message(input).await,
            "DeleteMessage" => self.delete_message(input),
            "ChangeMessageVisibility" => self.change_message_visibility(input),
            other => Err(ApiError::unsupported_operation("sqs", other)),
        }
    }

    pub fn inspect<T>(&self, look: impl FnOnce(&BTreeMap<String, Queue>) -> T) -> T {
        look(&self.queues.lock())
    }

    fn arn(&self, name: &str) -> String {
        self.account.arn("sqs", name)
    }

    fn url(&self, host: &str, name: &str) -> String {
        format!("http://{host}/{}/{name}", self.account.id)
    }
}

impl FailureDestinations for Queues {
    /// The event source mapping has already checked its function's role.
    fn send(&self, arn: &str, body: String) -> Result<(), String> {
        let name = arn.rsplit(':').next().filter(|name| self.arn(name) == arn).ok_or_else(no_queue);
        let sent = name.and_then(|name| self.put(name, &Principal::Account, body, None));
        sent.map(drop).map_err(|error| format!("{arn}: {}", error.message))
    }
}

/// The name at the end of a queue's URL, or a bare name.
fn queue_name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

fn no_queue() -> ApiError {
    ApiError::bad_request("QueueDoesNotExist", "The specified queue does not exist.")
        .with_query_code("AWS.SimpleQueueService.NonExistentQueue")
}

fn parse<T: DeserializeOwned>(operation: &str, document: Value) -> Result<T, ApiError> {
    input::parse(Service::Sqs, operation, document)
}

fn invalid(message: impl Into<String>) -> ApiError {
    Service::Sqs.invalid(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const HOST: &str = "127.0.0.1:4566";

    async fn call(queues: &Queues, operation: &str, input: Value) -> Answer {
        queues.handle(&Principal::Account, HOST, operation, input).await
    }

    async fn queue() -> (Queues, String) {
        let account = Account::default();
        let queues = Queues::new(account.clone(), Arc::new(Iam::new(account)));
        let created = call(&queues, "CreateQueue", json!({"QueueName": "q"})).await.unwrap().body.unwrap();
        (queues, created["QueueUrl"].as_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn a_message_is_sent_received_and_deleted() {
        let (queues, url) = queue().await;
        assert_eq!(url, "http://127.0.0.1:4566/000000000000/q");
        let sent =
            call(&queues, "SendMessage", json!({"QueueUrl": url, "MessageBody": "hello"})).await.unwrap();
        assert_eq!(sent.body.unwrap()["MD5OfMessageBody"], "5d41402abc4b2a76b9719d911017c592");
        let input = json!({"QueueUrl": url, "MessageSystemAttributeNames": ["ApproximateReceiveCount"]});
        let received = call(&queues, "ReceiveMessage", input.clone()).await.unwrap().body.unwrap();
        let message = &received["Messages"][0];
        assert_eq!(
            (&message["Body"], &message["Attributes"]["ApproximateReceiveCount"]),
            (&json!("hello"), &json!("1"))
        );
        let none = call(&queues, "ReceiveMessage", input).await.unwrap().body.unwrap();
        assert_eq!(none, json!({}));
        let delete = json!({"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]});
        call(&queues, "DeleteMessage", delete).await.unwrap();
        let counted =
            call(&queues, "GetQueueAttributes", json!({"QueueUrl": url, "AttributeNames": ["All"]})).await;
        assert_eq!(
            counted.unwrap().body.unwrap()["Attributes"]["ApproximateNumberOfMessagesNotVisible"],
            "0"
        );
    }

    #[tokio::test]
    async fn a_long_poll_ends_with_the_message_it_waits_for() {
        let (queues, url) = queue().await;
        let wait = json!({"QueueUrl": url, "WaitTimeSeconds": 20});
        let (received, ()) = tokio::join!(call(&queues, "ReceiveMessage", wait), async {
            FailureDestinations::send(&queues, "arn:aws:sqs:us-east-1:000000000000:q", "late".into())
                .unwrap();
        });
        assert_eq!(received.unwrap().body.unwrap()["Messages"][0]["Body"], "late");
    }

    #[tokio::test]
    async fn a_role_needs_a_policy_to_send() {
        let (queues, url) = queue().await;
        let role = Principal::Role("arn:aws:iam::000000000000:role/r".into());
        let input = json!({"QueueUrl": url, "MessageBody": "x"});
        let denied = queues.handle(&role, HOST, "SendMessage", input).await.unwrap_err();
        assert_eq!(denied.code, "AccessDeniedException");
        assert!(denied.message.contains("sqs:SendMessage"), "{denied}");
    }

    #[tokio::test]
    async fn a_queues_own_policy_is_honoured_or_refused() {
        let (queues, url) = queue().await;
        let trust = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"}}"#;
        queues.iam.handle("CreateRole", json!({"RoleName": "r", "AssumeRolePolicyDocument": trust})).unwrap();
        let arn = "arn:aws:sqs:us-east-1:000000000000:q";
        let role = "arn:aws:iam::000000000000:role/r";
        let set = async |policy: String| {
            let input = json!({"QueueUrl": url, "Attributes": {"Policy": policy}});
            call(&queues, "SetQueueAttributes", input).await.map(drop)
        };
        let statement = |effect: &str, principal: Value| json!({"Effect": effect, "Principal": principal, "Action": "SQS:SendMessage", "Resource": arn});
        let policy =
            |statements: Value| json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let send = async |principal: &Principal| {
            let input = json!({"QueueUrl": url, "MessageBody": "x"});
            queues.handle(principal, HOST, "SendMessage", input).await.is_ok()
        };
        let sender = Principal::Role(role.into());
        let allow_role = statement("Allow", json!({"AWS": role}));
        let deny_all = statement("Deny", json!("*"));
        let account = statement("Allow", json!({"AWS": "000000000000"}));
        // Who may use it afterwards: the account's own keys, and a role without policies of its own.
        for (text, own_keys, by_role) in [
            (policy(allow_role.clone()), true, true),
            (policy(account), true, false),
            (policy(json!([allow_role, deny_all])), false, false),
            (policy(statement("Deny", json!({"AWS": role}))), true, false),
            (String::new(), true, false),
        ] {
            set(text.clone()).await.unwrap();
            assert_eq!((send(&Principal::Account).await, send(&sender).await), (own_keys, by_role), "{text}");
        }
        let mut insecure = deny_all;
        insecure["Condition"] = json!({"Bool": {"aws:SecureTransport": "false"}});
        for (text, named) in [(policy(insecure), "Bool"), ("{".to_owned(), "Syntax errors")] {
            let error = set(text).await.unwrap_err();
            assert_eq!(error.code, "InvalidAttributeValue");
            assert!(error.message.contains(named), "{error}");
        }
    }

    #[tokio::test]
    async fn a_message_has_characters_of_xml_alone() {
        let (queues, url) = queue().await;
        let send = async |body: String| {
            call(&queues, "SendMessage", json!({"QueueUrl": url, "MessageBody": body})).await
        };
        for legal in
            ['\t', '\n', '\r', ' ', '\u{7f}', '\u{85}', '\u{d7ff}', '\u{e000}', '\u{fffd}', '\u{1f600}']
        {
            assert!(send(format!("a{legal}b")).await.is_ok(), "{legal:?}");
        }
        for illegal in ['\0', '\u{1}', '\u{b}', '\u{c}', '\u{1b}', '\u{1f}', '\u{fffe}', '\u{ffff}'] {
            let error = send(format!("a{illegal}b")).await.unwrap_err();
            assert_eq!(error.code, "InvalidMessageContents", "{illegal:?}");
            assert!(error.message.contains(&format!("#x{:X}", u32::from(illegal))), "{error}");
        }
    }

    #[tokio::test]
    async fn queues_are_listed_page_by_page_where_a_page_is_asked_for() {
        let (queues, _) = queue().await;
        for name in ["a-dlq", "b-dlq", "c-dlq"] {
            call(&queues, "CreateQueue", json!({"QueueName": name})).await.unwrap();
        }
        let list = async |ask: Value| call(&queues, "ListQueues", ask).await.unwrap().body.unwrap();
        let url = |name: &str| format!("http://{HOST}/000000000000/{name}");
        let first = list(json!({"MaxResults": 2})).await;
        assert_eq!(first["QueueUrls"], json!([url("a-dlq"), url("b-dlq")]));
        let rest = list(json!({"MaxResults": 2, "NextToken": first["NextToken"]})).await;
        assert_eq!(rest, json!({"QueueUrls": [url("c-dlq"), url("q")]}));
        let all = list(json!({"QueueNamePrefix": "q"})).await;
        assert_eq!(all, json!({"QueueUrls": [url("q")]}));
        for wrong in [0, 1_001] {
            let error = call(&queues, "ListQueues", json!({"MaxResults": wrong})).await.unwrap_err();
            assert!(error.message.contains("between 1 and 1000"), "{error}");
        }
    }

    #[tokio::test]
    async fn what_does_not_exist_or_is_not_supported_is_named() {
        let (queues, url) = queue().await;
        let missing =
            call(&queues, "GetQueueAttributes", json!({"QueueUrl": "http://x/0/none"})).await.unwrap_err();
        assert_eq!(missing.query_code, Some("AWS.SimpleQueueService.NonExistentQueue"));
        let fifo = call(&queues, "CreateQueue", json!({"QueueName": "x.fifo"})).await.unwrap_err();
        assert!(fifo.message.contains("FIFO"));
        let redrive = json!({"QueueUrl": url, "Attributes": {"RedrivePolicy": "{}"}});
        let redrive = call(&queues, "SetQueueAttributes", redrive).await.unwrap_err();
        assert!(redrive.message.contains("RedrivePolicy"));
    }
}
