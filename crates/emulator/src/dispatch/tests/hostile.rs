//! Any input is answered with a refusal, never with a failure of the emulator.

use super::api_gateway::websocket_api;
use super::{Api, Bytes, Request, Value};
use crate::protocol::cbor;
use proptest::prelude::*;

const TARGETS: [&str; 10] = [
    "Logs_20140328.CreateLogGroup",
    "Logs_20140328.DescribeLogGroups",
    "Logs_20140328.GetLogEvents",
    "AmazonSQS.CreateQueue",
    "AmazonSQS.SendMessage",
    "AmazonSQS.GetQueueAttributes",
    "AmazonSQS.DeleteMessage",
    "GraniteServiceVersion20100801.PutMetricAlarm",
    "GraniteServiceVersion20100801.DescribeAlarms",
    "Nobody.Nothing",
];
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const SEGMENTS: [&str; 20] = [
    "authorizers",
    "policy",
    "v2",
    "apis",
    "API",
    "routes",
    "integrations",
    "stages",
    "deployments",
    "models",
    "v1",
    "routesettings",
    "account",
    "2015-03-31",
    "functions",
    "event-source-mappings",
    "configuration",
    "code",
    "%24default",
    "%ff",
];
const MEMBERS: [&str; 24] = [
    "QueueName",
    "QueueUrl",
    "MessageBody",
    "Attributes",
    "ReceiptHandle",
    "logGroupName",
    "logStreamName",
    "nextToken",
    "limit",
    "AlarmName",
    "Threshold",
    "Dimensions",
    "name",
    "protocolType",
    "routeKey",
    "target",
    "requestTemplates",
    "integrationType",
    "stageName",
    "deploymentId",
    "FunctionName",
    "Code",
    "StartingPositionTimestamp",
    "RoleName",
];

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        proptest::sample::select(&["$default", "WEBSOCKET", "MOCK", "f/1", "x#1", "integrations/1"][..])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from), document(inner),]
    })
}

fn document(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let member = proptest::sample::select(&MEMBERS[..]).prop_map(str::to_owned);
    proptest::collection::btree_map(member, values, 0..6)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn path() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(&SEGMENTS[..]), 1..7)
        .prop_map(|path| format!("/{}", path.join("/")))
}

fn status(request: impl FnOnce(&str) -> Request<Bytes>) -> u16 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let api = Api::new().await;
        let (id, ..) = websocket_api(&api).await;
        api.send(request(&id)).await.0.status.as_u16()
    })
}

proptest! {
    #[test]
    fn json_and_cbor_calls_are_answered(
        target in proptest::sample::select(&TARGETS[..]), input in document(json()), as_cbor in any::<bool>(),
    ) {
        let status = status(|_| match target.split_once('.') {
            Some((service, operation)) if as_cbor => {
                let path = format!("/service/{service}/operation/{operation}");
                Request::post(path).body(Bytes::from(cbor::encode(&input))).unwrap()
            }
            _ => Request::post("/").header("x-amz-target", target).body(Bytes::from(input.to_string())).unwrap(),
        });
        prop_assert!(status < 500, "{}", status);
    }

    #[test]
    fn rest_calls_are_answered(
        method in proptest::sample::select(&METHODS[..]), path in path(), body in document(json()),
    ) {
        let status = status(|id| {
            Request::builder().method(method).uri(path.replace("API", id)).body(Bytes::from(body.to_string())).unwrap()
        });
        prop_assert!(status < 500, "{}", status);
    }

    #[test]
    fn bytes_are_answered(body in proptest::collection::vec(any::<u8>(), 0..200), path in path()) {
        let by_form = status(|_| Request::post("/").body(Bytes::from(body.clone())).unwrap());
        let by_path = status(|_| Request::post(path).body(Bytes::from(body.clone())).unwrap());
        prop_assert!(by_form < 500 && by_path < 500);
    }

    #[test]
    fn forms_are_answered(names in proptest::collection::vec("[A-Za-z.0-9]{0,20}", 0..12), value in "\\PC{0,8}") {
        let status = status(|_| {
            let members: String = names.iter().map(|name| format!("&{name}={value}")).collect();
            Request::post("/").body(Bytes::from(format!("Action=CreateRole&Version=2010-05-08{members}"))).unwrap()
        });
        prop_assert!(status < 500, "{}", status);
    }
}
