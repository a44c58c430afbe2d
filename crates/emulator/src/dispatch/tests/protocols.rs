//! The same operations in every protocol that clients use for them.

use super::{Api, Bytes, Request, StatusCode, Value, json};
use crate::protocol::cbor;

const CLOUDWATCH: &str = "2010-08-01";
const IAM: &str = "2010-05-08";

#[tokio::test]
async fn an_alarm_put_by_form_reads_back_in_xml_json_and_cbor() {
    let api = Api::new().await;
    let alarm = [
        ("AlarmName", "a"),
        ("ComparisonOperator", "GreaterThanThreshold"),
        ("EvaluationPeriods", "3"),
        ("Threshold", "60"),
        ("Period", "60"),
        ("ActionsEnabled", "false"),
        ("Dimensions.member.1.Name", "ApiId"),
        ("Dimensions.member.1.Value", "x"),
    ];
    let (status, xml) = api.query(CLOUDWATCH, "PutMetricAlarm", &alarm).await;
    assert_eq!(status, StatusCode::OK, "{xml}");
    let (_, xml) = api.query(CLOUDWATCH, "DescribeAlarms", &[("AlarmNames.member.1", "a")]).await;
    assert!(
        xml.contains("<Dimensions><member><Name>ApiId</Name><Value>x</Value></member></Dimensions>"),
        "{xml}"
    );
    assert!(
        xml.contains("<ActionsEnabled>false</ActionsEnabled>") && xml.contains("<EvaluationPeriods>3<"),
        "{xml}"
    );

    let json = Request::post("/")
        .header("x-amz-target", "GraniteServiceVersion20100801.DescribeAlarms")
        .header("content-type", "application/x-amz-json-1.0");
    let (_, by_json) = api.send(json.body(Bytes::from("{}")).unwrap()).await;
    let by_json: Value = serde_json::from_slice(&by_json).unwrap();
    let path = "/service/GraniteServiceVersion20100801/operation/DescribeAlarms";
    let input = cbor::encode(&json!({"AlarmNamePrefix": "a", "MaxRecords": 10}));
    let (parts, by_cbor) = api.send(Request::post(path).body(Bytes::from(input)).unwrap()).await;
    assert_eq!(parts.headers["smithy-protocol"], "rpc-v2-cbor");
    assert_eq!(cbor::decode(&by_cbor).unwrap(), by_json);
    assert_eq!(by_json["MetricAlarms"][0]["Threshold"], 60.0);
}

#[tokio::test]
async fn an_error_has_the_shape_of_its_protocol() {
    let api = Api::new().await;
    let (status, xml) = api.query(IAM, "GetRole", &[("RoleName", "none")]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(xml.contains("<Code>NoSuchEntity</Code>"), "{xml}");

    let queue = Request::post("/").header("x-amz-target", "AmazonSQS.GetQueueAttributes");
    let body = Bytes::from(json!({"QueueUrl": "http://localhost/0/none"}).to_string());
    let (parts, body) = api.send(queue.body(body).unwrap()).await;
    assert_eq!(parts.headers["x-amzn-query-error"], "AWS.SimpleQueueService.NonExistentQueue;Sender");
    assert_eq!(
        serde_json::from_slice::<Value>(&body).unwrap()["__type"],
        "com.amazonaws.sqs#QueueDoesNotExist"
    );

    let path = "/service/GraniteServiceVersion20100801/operation/GetDashboard";
    let input = Bytes::from(cbor::encode(&json!({"DashboardName": "none"})));
    let (parts, body) = api.send(Request::post(path).body(input).unwrap()).await;
    assert_eq!(parts.headers["x-amzn-query-error"], "ResourceNotFound;Sender");
    assert_eq!(cbor::decode(&body).unwrap()["__type"], "DashboardNotFoundError");

    let (parts, _) = api.send(Request::get("/v2/apis/none").body(Bytes::new()).unwrap()).await;
    assert_eq!(
        (parts.status, &parts.headers["x-amzn-errortype"]),
        (StatusCode::NOT_FOUND, &"NotFoundException".parse().unwrap())
    );
}

#[tokio::test]
async fn an_operation_that_is_not_supported_is_named() {
    let api = Api::new().await;
    let (status, xml) = api.query(IAM, "CreateUser", &[("UserName", "u")]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(xml.contains("iam CreateUser is not supported"), "{xml}");
    let (_, xml) = api
        .query(
            IAM,
            "CreateRole",
            &[("RoleName", "r"), ("AssumeRolePolicyDocument", "{}"), ("RoleLastUsed", "b")],
        )
        .await;
    assert!(xml.contains("RoleLastUsed is not supported"), "{xml}");
    let (_, message) = api.refused("POST", "/2021-10-31/functions/f/url", json!({})).await;
    assert!(message.contains("POST /2021-10-31/functions/f/url"), "{message}");
}

#[tokio::test]
async fn credentials_that_were_never_issued_are_refused() {
    let api = Api::new().await;
    let authorization = |key: &str| {
        format!(
            "AWS4-HMAC-SHA256 Credential={key}/20261123/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0"
        )
    };
    let call = |key: &str| {
        let body = Bytes::from(format!("Action=ListRoles&Version={IAM}"));
        Request::post("/").header("authorization", authorization(key)).body(body).unwrap()
    };
    for key in ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"] {
        assert_eq!(api.send(call(key)).await.0.status, StatusCode::OK, "{key}");
    }
    let (parts, body) = api.send(call("ASIA0SLUICE0UNKNOWN2")).await;
    assert_eq!(parts.status, StatusCode::FORBIDDEN);
    assert!(String::from_utf8_lossy(&body).contains("UnrecognizedClientException"));
}
