//! Lists page by page: tokens lead on, show nothing, and are refused where they are none of ours.

use super::{Api, Bytes, Request, StatusCode, Value, json};
use http::Method;

impl Api {
    /// A call of a JSON service, or of Lambda by its path.
    async fn listed(&self, call: &str, arguments: &Value) -> (StatusCode, Value) {
        if let Some(path) = call.strip_prefix("GET ") {
            let query = arguments.as_object().into_iter().flatten().map(|(name, value)| match value {
                Value::String(text) => format!("{name}={text}"),
                other => format!("{name}={other}"),
            });
            let query = query.collect::<Vec<_>>().join("&");
            return self.rest(Method::GET.as_str(), &format!("{path}?{query}"), Value::Null).await;
        }
        let call = Request::post("/").header("host", self.host).header("x-amz-target", call);
        let (parts, body) = self.send(call.body(Bytes::from(arguments.to_string())).unwrap()).await;
        (parts.status, serde_json::from_slice(&body).unwrap_or_default())
    }
}

/// docs/aws-behaviour.md#other-page-tokens
#[tokio::test]
async fn tokens_are_opaque_and_lead_through_every_item() {
    let api = Api::new().await;
    for name in ["first", "second"] {
        let alarm = json!({
            "AlarmName": name, "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 1,
            "MetricName": "m", "Namespace": "n", "Period": 60, "Statistic": "Sum",
        });
        for (target, input) in [
            ("AmazonSQS.CreateQueue", json!({"QueueName": name})),
            ("Logs_20140328.CreateLogGroup", json!({"logGroupName": name})),
            ("GraniteServiceVersion20100801.PutMetricAlarm", alarm),
        ] {
            let (status, answer) = api.listed(target, &input).await;
            assert!(status.is_success(), "{target}: {answer}");
        }
    }
    for (target, input, limit, token, items) in [
        ("AmazonSQS.ListQueues", json!({}), "MaxResults", "NextToken", "QueueUrls"),
        ("Logs_20140328.DescribeLogGroups", json!({}), "limit", "nextToken", "logGroups"),
        (
            "GraniteServiceVersion20100801.DescribeAlarms",
            json!({}),
            "MaxRecords",
            "NextToken",
            "MetricAlarms",
        ),
    ] {
        let mut input = input;
        input[limit] = json!(1);
        let (_, first) = api.listed(target, &input).await;
        let next = first[token].as_str().unwrap_or_else(|| panic!("{target} has no token: {first}"));
        assert!(!next.contains("first"), "{target}: {next} shows what it says");
        input[token] = json!(next);
        let (_, second) = api.listed(target, &input).await;
        assert!(first[items][0].to_string().contains("first"), "{target}: {first}");
        assert!(second[items][0].to_string().contains("second"), "{target}: {second}");
        assert_eq!(second[token], Value::Null, "{target}");
    }
}

/// docs/aws-behaviour.md#other-page-tokens
#[tokio::test]
async fn what_is_no_token_is_refused() {
    let api = Api::new().await;
    let group = json!({"logGroupName": "g"});
    assert!(api.listed("Logs_20140328.CreateLogGroup", &group).await.0.is_success());
    for (call, token, code) in [
        ("AmazonSQS.ListQueues", "NextToken", "InvalidParameterValueException"),
        ("Logs_20140328.DescribeLogGroups", "nextToken", "InvalidParameterException"),
        ("Logs_20140328.DescribeLogStreams", "nextToken", "InvalidParameterException"),
        ("GraniteServiceVersion20100801.DescribeAlarms", "NextToken", "InvalidNextToken"),
        ("GraniteServiceVersion20100801.ListDashboards", "NextToken", "InvalidParameterValueException"),
        ("GET /2015-03-31/functions", "Marker", "InvalidParameterValueException"),
        ("GET /2015-03-31/event-source-mappings", "Marker", "InvalidParameterValueException"),
    ] {
        // A name, as tokens were once, and the token of another kind of list.
        for wrong in ["first", "eyJTdHJlYW1OYW1lIjoicyJ9"] {
            let mut input = json!({ token: wrong });
            if call.ends_with("LogStreams") {
                input["logGroupName"] = json!("g");
            }
            let (status, answer) = api.listed(call, &input).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{call}: {answer}");
            // Lambda has its code in a header.
            let is_named = answer["__type"].as_str().is_none_or(|named| named.ends_with(code));
            assert!(is_named, "{call} answers {answer}, not {code}");
        }
    }
    let (status, refused) = api.query("2010-05-08", "ListPolicies", &[("Marker", "first")]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    assert!(refused.contains("<Code>ValidationError</Code><Message>Invalid Marker.</Message>"), "{refused}");
}
