//! Tables and items by the wire API, and who may use them.

use super::Tables;
use crate::core::account::Account;
use crate::core::identity::Permissions as _;
use crate::fault_injection::Faults;
use crate::services::iam::Iam;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

const TABLE_ARN: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/state";

struct Account0 {
    iam: Arc<Iam>,
    tables: Tables,
}

impl Account0 {
    fn start(folder: Option<PathBuf>) -> Self {
        let account = Account::default();
        let iam = Arc::new(Iam::new(account.clone()));
        let tables = Tables::new(account, iam.clone(), Faults::new(Default::default()), folder);
        Self { iam, tables }
    }

    async fn with_table() -> Self {
        let account = Self::start(None);
        account.ok("CreateTable", table()).await;
        account
    }

    async fn call_as(&self, key: &str, operation: &str, request: Value) -> (u16, Value) {
        let scope = format!("AWS4-HMAC-SHA256 Credential={key}/20261130/us-east-1/dynamodb/aws4_request");
        let call = http::Request::post("/")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("authorization", scope);
        let (parts, ()) = call.body(()).unwrap().into_parts();
        let answer = self.tables.handle(parts, Bytes::from(request.to_string())).await;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn call(&self, operation: &str, request: Value) -> (u16, Value) {
        self.call_as("developer", operation, request).await
    }

    async fn ok(&self, operation: &str, request: Value) -> Value {
        let (status, answer) = self.call(operation, request).await;
        assert_eq!(status, 200, "{operation}: {answer}");
        answer
    }

    async fn refused(&self, operation: &str, request: Value) -> String {
        let (status, answer) = self.call(operation, request).await;
        assert_eq!(status, 400, "{operation}: {answer}");
        let message = answer["message"].as_str().or(answer["Message"].as_str()).unwrap_or_default();
        format!("{}: {message}", answer["__type"].as_str().unwrap().rsplit('#').next().unwrap())
    }

    /// Keys of a role with one statement.
    fn role(&self, statement: Value) -> String {
        let trust = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}}"#;
        let role = json!({"RoleName": "f", "AssumeRolePolicyDocument": trust});
        self.iam.handle("CreateRole", role).unwrap();
        let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
        let policy = json!({"RoleName": "f", "PolicyName": "p", "PolicyDocument": document});
        self.iam.handle("PutRolePolicy", policy).unwrap();
        self.iam.issue("arn:aws:iam::000000000000:role/f", "f").access_key_id
    }
}

fn table() -> Value {
    json!({
        "TableName": "state", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
        ],
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    })
}

fn item(pk: &str) -> Value {
    json!({"TableName": "state", "Item": {"pk": {"S": pk}, "sk": {"S": "@"}}})
}

fn key(pk: &str) -> Value {
    json!({"TableName": "state", "Key": {"pk": {"S": pk}, "sk": {"S": "@"}}})
}

#[tokio::test]
async fn a_table_has_the_accounts_arn_and_is_named_by_it() {
    let account = Account0::with_table().await;
    let described = account.ok("DescribeTable", json!({"TableName": TABLE_ARN})).await;
    assert_eq!(described["Table"]["TableArn"], TABLE_ARN);
    account.ok("TagResource", json!({"ResourceArn": TABLE_ARN, "Tags": [{"Key": "a", "Value": "b"}]})).await;
    let tags = account.ok("ListTagsOfResource", json!({"ResourceArn": TABLE_ARN})).await;
    assert_eq!(tags["Tags"], json!([{"Key": "a", "Value": "b"}]));
    let mut by_arn = item("a");
    by_arn["TableName"] = json!(TABLE_ARN);
    account.ok("PutItem", by_arn).await;
    let batch = json!({"RequestItems": {(TABLE_ARN): {"Keys": [key("a")["Key"]]}}});
    let found = account.ok("BatchGetItem", batch).await;
    assert_eq!(found["Responses"]["state"][0]["pk"]["S"], "a");
    let elsewhere = json!({"TableName": TABLE_ARN.replace("us-east-1", "eu-west-1")});
    assert!(account.refused("DescribeTable", elsewhere).await.starts_with("ResourceNotFoundException"));
    assert_eq!(account.tables.state()["state"]["TableArn"], TABLE_ARN);
}

#[tokio::test]
async fn an_attribute_may_be_named_as_an_argument_is() {
    let account = Account0::with_table().await;
    let mut put = item("a");
    put["Item"]["TableName"] = json!({"M": {"ResourceArn": {"S": "arn:aws:s3:::mine"}}});
    account.ok("PutItem", put.clone()).await;
    assert_eq!(account.ok("GetItem", key("a")).await["Item"], put["Item"]);
}

#[tokio::test]
async fn a_failed_condition_says_what_it_found() {
    let account = Account0::with_table().await;
    account.ok("PutItem", item("a")).await;
    let mut put = item("a");
    put["ConditionExpression"] = json!("attribute_not_exists(pk)");
    put["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
    let (status, refused) = account.call("PutItem", put).await;
    assert_eq!((status, &refused["Item"]["pk"]["S"]), (400, &json!("a")), "{refused}");
    let condition = json!({"ConditionCheck": {
        "TableName": "state", "Key": key("b")["Key"], "ConditionExpression": "attribute_exists(pk)",
    }});
    let (_, refused) = account.call("TransactWriteItems", json!({"TransactItems": [condition]})).await;
    assert_eq!(refused["CancellationReasons"][0]["Code"], "ConditionalCheckFailed", "{refused}");
}

#[tokio::test]
async fn what_is_not_there_is_refused_by_name() {
    let account = Account0::with_table().await;
    assert_eq!(
        account.refused("ExecuteStatement", json!({"Statement": "SELECT * FROM state"})).await,
        "UnsupportedOperation: dynamodb ExecuteStatement is not supported by the emulator"
    );
    let mut with_stream = table();
    with_stream["StreamSpecification"] = json!({"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"});
    assert!(account.refused("CreateTable", with_stream).await.contains("with a stream of changes"));
    let mut with_policy = table();
    with_policy["ResourcePolicy"] = json!("{}");
    assert!(account.refused("CreateTable", with_policy).await.contains("CreateTable with ResourcePolicy"));
    assert!(account.refused("GetItem", json!([])).await.starts_with("SerializationException"));
    let missing = account.refused("GetItem", json!({"TableName": "none", "Key": {"pk": {"S": "a"}}})).await;
    assert!(missing.starts_with("ResourceNotFoundException"), "{missing}");
    assert!(
        account
            .refused("UpdateContinuousBackups", json!({"TableName": "none"}))
            .await
            .starts_with("TableNotFound")
    );
}

#[tokio::test]
async fn a_role_may_what_its_policies_say_on_tables_and_indexes() {
    let account = Account0::with_table().await;
    let keys = account.role(json!({
        "Effect": "Allow", "Action": ["dynamodb:PutItem", "dynamodb:ConditionCheckItem"], "Resource": TABLE_ARN,
    }));
    assert_eq!(account.call_as(&keys, "PutItem", item("a")).await.0, 200);
    let (status, denied) = account.call_as(&keys, "GetItem", key("a")).await;
    let says = "is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:000000000000:table/state";
    assert_eq!(status, 400);
    assert!(denied["Message"].as_str().unwrap().contains(says), "{denied}");
    // A transaction is allowed if each of its parts is.
    let put = json!({"Put": item("b")});
    let delete = json!({"Delete": key("a")});
    let transaction = |parts: &[&Value]| json!({"TransactItems": parts});
    assert_eq!(account.call_as(&keys, "TransactWriteItems", transaction(&[&put])).await.0, 200);
    let (status, denied) = account.call_as(&keys, "TransactWriteItems", transaction(&[&put, &delete])).await;
    assert!(status == 400 && denied["Message"].as_str().unwrap().contains("dynamodb:DeleteItem"), "{denied}");
    assert_eq!(account.call_as(&keys, "ListTables", json!({})).await.0, 400);
    let (_, unknown) = account.call_as("ASIA0SLUICE0AAAAAAAA", "ListTables", json!({})).await;
    assert!(unknown["__type"].as_str().unwrap().ends_with("UnrecognizedClientException"), "{unknown}");
}

#[tokio::test]
async fn a_role_may_be_limited_to_the_items_of_some_partition_keys() {
    let account = Account0::with_table().await;
    let keys = account.role(json!({
        "Effect": "Allow", "Action": ["dynamodb:*"], "Resource": TABLE_ARN,
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["u#ann*"]}},
    }));
    let query = |pk: &str| {
        json!({
            "TableName": "state", "KeyConditionExpression": "#p = :p",
            "ExpressionAttributeNames": {"#p": "pk"}, "ExpressionAttributeValues": {":p": {"S": pk}},
        })
    };
    let batch = |pks: [&str; 2]| {
        let puts = pks.map(|pk| json!({"PutRequest": {"Item": item(pk)["Item"]}}));
        json!({"RequestItems": {"state": puts}})
    };
    for (operation, own, others) in [
        ("PutItem", item("u#ann"), item("u#bob")),
        ("GetItem", key("u#ann#1"), key("u#bob")),
        ("DeleteItem", key("u#ann"), key("u#bob")),
        ("Query", query("u#ann"), query("u#bob")),
        ("BatchWriteItem", batch(["u#ann", "u#anna"]), batch(["u#ann", "u#bob"])),
    ] {
        let (status, answer) = account.call_as(&keys, operation, own).await;
        assert_eq!(status, 200, "{operation}: {answer}");
        let (status, answer) = account.call_as(&keys, operation, others).await;
        assert!(
            status == 400 && answer["__type"].as_str().unwrap().ends_with("AccessDeniedException"),
            "{answer}"
        );
    }
    // A query whose partition key cannot be read is no way around.
    let mut hidden = query("u#ann");
    hidden["KeyConditionExpression"] = json!("NOT #p <> :p");
    assert_eq!(account.call_as(&keys, "Query", hidden).await.0, 400);
}

#[tokio::test]
async fn point_in_time_recovery_is_kept_and_read_back() {
    let account = Account0::with_table().await;
    let status = async |account: &Account0| {
        let described = account.ok("DescribeContinuousBackups", json!({"TableName": "state"})).await;
        described["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"].clone()
    };
    assert_eq!(status(&account).await, "DISABLED");
    let enable = json!({
        "TableName": "state", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true},
    });
    account.ok("UpdateContinuousBackups", enable).await;
    assert_eq!(status(&account).await, "ENABLED");
    account.ok("DeleteTable", json!({"TableName": "state"})).await;
    account.ok("CreateTable", table()).await;
    assert_eq!(status(&account).await, "DISABLED");
}

#[tokio::test]
async fn tables_in_a_folder_outlive_the_emulator() {
    let folder = tempfile::tempdir().unwrap();
    let first = Account0::start(Some(folder.path().to_owned()));
    assert!(first.tables.state().as_object().unwrap().is_empty());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is opened before it is used");
    first.ok("CreateTable", table()).await;
    first.ok("PutItem", item("a")).await;
    drop(first);
    let second = Account0::start(Some(folder.path().to_owned()));
    assert_eq!(second.ok("GetItem", key("a")).await["Item"]["pk"]["S"], "a");
}

#[tokio::test]
async fn faults_strike_the_tables_that_they_name() {
    let account = Account0::with_table().await;
    let (status, _) =
        account.tables.faults.page(&http::Method::PUT, b"dynamodb-throttled=1 times,for=state\n");
    assert_eq!(status, 200);
    let refused = account.refused("PutItem", item("a")).await;
    assert!(refused.starts_with("ProvisionedThroughputExceededException"), "{refused}");
    account.ok("PutItem", item("a")).await;
    account.tables.faults.page(&http::Method::PUT, b"dynamodb-500=1 times,for=other\n");
    account.ok("PutItem", item("a")).await;
    account.tables.faults.page(&http::Method::PUT, b"dynamodb-500=1 times\n");
    assert_eq!(account.call("PutItem", item("a")).await.0, 500);
}
