//! The service as its callers see it.

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
    let sent = call(&queues, "SendMessage", json!({"QueueUrl": url, "MessageBody": "hello"})).await.unwrap();
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
    assert_eq!(counted.unwrap().body.unwrap()["Attributes"]["ApproximateNumberOfMessagesNotVisible"], "0");
}

#[tokio::test]
async fn a_long_poll_ends_with_the_message_it_waits_for() {
    let (queues, url) = queue().await;
    let wait = json!({"QueueUrl": url, "WaitTimeSeconds": 20});
    let (received, ()) = tokio::join!(call(&queues, "ReceiveMessage", wait), async {
        FailureDestinations::send(&queues, "arn:aws:sqs:us-east-1:000000000000:q", "late".into()).unwrap();
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
    let policy = |statements: Value| json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let send = async |principal: &Principal| {
        let input = json!({"QueueUrl": url, "MessageBody": "x"});
        queues.handle(principal, HOST, "SendMessage", input).await.is_ok()
    };
    let sender = Principal::Role(role.into());
    let allow_role = statement("Allow", json!({"AWS": role}));
    let deny_all = statement("Deny", json!("*"));
    let over_tls = |flag: &str| {
        let mut statement = deny_all.clone();
        statement["Condition"] = json!({"Bool": {"aws:SecureTransport": flag}});
        statement
    };
    let account = statement("Allow", json!({"AWS": "000000000000"}));
    // Who may after it was set: the account's own keys, a role without policies of its own.
    for (text, own_keys, by_role) in [
        (policy(allow_role.clone()), true, true),
        (policy(account), true, false),
        (policy(json!([allow_role, deny_all.clone()])), false, false),
        (policy(statement("Deny", json!({"AWS": role}))), true, false),
        // As Terraform sets it: every call to the emulator counts as one over TLS.
        (policy(over_tls("false")), true, false),
        (policy(over_tls("true")), false, false),
        (String::new(), true, false),
    ] {
        set(text.clone()).await.unwrap();
        assert_eq!((send(&Principal::Account).await, send(&sender).await), (own_keys, by_role), "{text}");
    }
    let mut by_time = deny_all;
    by_time["Condition"] = json!({"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}});
    for (text, named) in [(policy(by_time), "DateLessThan"), ("{".to_owned(), "Syntax errors")] {
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
    for legal in ['\t', '\n', '\r', ' ', '\u{7f}', '\u{85}', '\u{d7ff}', '\u{e000}', '\u{fffd}', '\u{1f600}']
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

/// Recorded on AWS: code, status and sentence of what a client does wrong.
#[tokio::test]
async fn mistakes_are_told_as_aws_tells_them() {
    let (queues, url) = queue().await;
    let wrong = async |operation: &str, mut input: Value| {
        input["QueueUrl"] = json!(url);
        let error = call(&queues, operation, input).await.unwrap_err();
        (error.code, error.query_code.unwrap_or(error.code), error.message)
    };
    let missing = ("MissingRequiredParameterException", "MissingParameter");
    let invalid = ("InvalidParameterValueException", "InvalidParameterValue");
    for (operation, input, (code, query_code), message) in [
        (
            "SendMessage",
            json!({"MessageBody": ""}),
            missing,
            "The request must contain the parameter MessageBody.",
        ),
        ("SendMessage", json!({}), missing, "The request must contain the parameter MessageBody."),
        (
            "ReceiveMessage",
            json!({"WaitTimeSeconds": -1}),
            invalid,
            "Value -1 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
        ),
        (
            "ReceiveMessage",
            json!({"WaitTimeSeconds": 21}),
            invalid,
            "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
        ),
        (
            "ReceiveMessage",
            json!({"MaxNumberOfMessages": 11}),
            invalid,
            "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
        ),
        (
            "DeleteMessage",
            json!({"ReceiptHandle": "garbage"}),
            ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
            "The input receipt handle \"garbage\" is not a valid receipt handle.",
        ),
    ] {
        assert_eq!(wrong(operation, input).await, (code, query_code, message.to_owned()));
    }
}

/// Recorded on AWS: a handle is opaque, changes a message's visibility until it is deleted, and then not.
#[tokio::test]
async fn a_receipt_handle_lasts_as_long_as_its_message() {
    let (queues, url) = queue().await;
    call(&queues, "SendMessage", json!({"QueueUrl": url, "MessageBody": "x"})).await.unwrap();
    let mut handles = Vec::new();
    for _ in 0..2 {
        let receive = json!({"QueueUrl": url, "VisibilityTimeout": 0});
        let received = call(&queues, "ReceiveMessage", receive).await.unwrap().body.unwrap();
        handles.push(received["Messages"][0]["ReceiptHandle"].as_str().unwrap().to_owned());
    }
    assert_ne!(handles[0], handles[1]);
    assert!(handles.iter().all(|handle| !handle.contains(['#', '-'])), "{handles:?}");
    let hide = async |handle: &str| {
        let hide = json!({"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 30});
        call(&queues, "ChangeMessageVisibility", hide).await
    };
    assert!(hide(&handles[0]).await.is_ok() && hide(&handles[1]).await.is_ok());
    let delete = json!({"QueueUrl": url, "ReceiptHandle": handles[1]});
    for _ in 0..2 {
        call(&queues, "DeleteMessage", delete.clone()).await.unwrap();
    }
    let gone = hide(&handles[1]).await.unwrap_err();
    assert_eq!(gone.query_code, Some("InvalidParameterValue"));
    assert!(
        gone.message.ends_with("Message does not exist or is not available for visibility timeout change.")
    );
}

/// Recorded on AWS: a queue that is there answers its URL, unless it has another value for an attribute that is named.
#[tokio::test]
async fn a_queue_may_be_created_again_with_fewer_attributes() {
    let (queues, _) = queue().await;
    let create = async |attributes: Value| {
        call(&queues, "CreateQueue", json!({"QueueName": "again", "Attributes": attributes})).await
    };
    let first = create(json!({"ReceiveMessageWaitTimeSeconds": "1", "DelaySeconds": "1"})).await.unwrap();
    for fewer in [json!({}), json!({"DelaySeconds": "1"}), json!({"VisibilityTimeout": "30"})] {
        assert_eq!(create(fewer).await, Ok(first.clone()));
    }
    let error = create(json!({"ReceiveMessageWaitTimeSeconds": "1", "DelaySeconds": "2"})).await.unwrap_err();
    assert_eq!((error.code, error.query_code), ("QueueNameExists", Some("QueueAlreadyExists")));
    let message =
        "A queue already exists with the same name and a different value for attribute DelaySeconds";
    assert_eq!(error.message, message);
}
