//! What a call needs its caller to be allowed: actions, on tables and indexes, for items by their partition keys.

use super::{arn, key_condition};
use crate::core::account::Account;
use serde_json::Value;

/// Stands for a partition key that a request does not show: no policy allows it by name.
const UNKNOWN_KEY: &str = "\u{0}";

/// One action on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    pub action: String,
    pub resource: String,
    /// `dynamodb:LeadingKeys`: the partition keys of the items; nothing where the action has none.
    pub leading_keys: Option<Vec<String>>,
}

/// What a request needs. `partition_key` finds the attribute for a table or for an index of it.
pub(super) fn needs(
    account: &Account,
    operation: &str,
    request: &Value,
    partition_key: &dyn Fn(&str, Option<&str>) -> Option<String>,
) -> Vec<Need> {
    let need = |action: &str, table: &str, keys: Option<Vec<String>>| Need {
        action: format!("dynamodb:{action}"),
        resource: arn::table(account, table),
        leading_keys: keys,
    };
    let table = request["TableName"].as_str().unwrap_or_default();
    let key_in = |table: &str, item: &Value| {
        let attribute = partition_key(table, None);
        leading(attribute.as_deref().and_then(|attribute| item.get(attribute)))
    };
    match operation {
        "PutItem" => vec![need(operation, table, Some(vec![key_in(table, &request["Item"])]))],
        "GetItem" | "UpdateItem" | "DeleteItem" => {
            vec![need(operation, table, Some(vec![key_in(table, &request["Key"])]))]
        }
        "Query" | "Scan" => {
            let index = request["IndexName"].as_str();
            let keys = (operation == "Query").then(|| {
                let attribute = partition_key(table, index);
                leading(attribute.and_then(|attribute| key_condition::partition(request, &attribute)))
            });
            let need = need(operation, table, keys.map(|key| vec![key]));
            let of_index = index.map(|index| arn::index(account, table, index));
            vec![Need { resource: of_index.unwrap_or_else(|| need.resource.clone()), ..need }]
        }
        "BatchGetItem" => by_table(request, |table, asked| {
            let keys = asked["Keys"].as_array().into_iter().flatten();
            need(operation, table, Some(keys.map(|key| key_in(table, key)).collect()))
        }),
        "BatchWriteItem" => by_table(request, |table, writes| {
            let writes = writes.as_array().into_iter().flatten();
            let key = |write: &Value| match write.get("PutRequest") {
                Some(put) => key_in(table, &put["Item"]),
                None => key_in(table, &write["DeleteRequest"]["Key"]),
            };
            need(operation, table, Some(writes.map(key).collect()))
        }),
        "TransactGetItems" | "TransactWriteItems" => {
            let parts = request["TransactItems"].as_array().into_iter().flatten();
            let one = |(kind, part): (&String, &Value)| {
                let table = part["TableName"].as_str().unwrap_or_default();
                let (action, item) = part_of_transaction(kind, part);
                need(action, table, Some(vec![key_in(table, item)]))
            };
            parts.filter_map(Value::as_object).flatten().map(one).collect()
        }
        "ListTables" => vec![Need { resource: "*".into(), ..need(operation, "", None) }],
        "ListTagsOfResource" | "TagResource" | "UntagResource" => {
            let resource = request["ResourceArn"].as_str().unwrap_or_default();
            vec![need(operation, resource.rsplit('/').next().unwrap_or_default(), None)]
        }
        _ => vec![need(operation, table, None)],
    }
}

/// The action of a transaction's part, and what names its item.
fn part_of_transaction<'a>(kind: &str, part: &'a Value) -> (&'static str, &'a Value) {
    match kind {
        "Get" => ("GetItem", &part["Key"]),
        "Put" => ("PutItem", &part["Item"]),
        "Update" => ("UpdateItem", &part["Key"]),
        "Delete" => ("DeleteItem", &part["Key"]),
        _ => ("ConditionCheckItem", &part["Key"]),
    }
}

fn by_table(request: &Value, need: impl Fn(&str, &Value) -> Need) -> Vec<Need> {
    let tables = request["RequestItems"].as_object().into_iter().flatten();
    tables.map(|(table, asked)| need(table, asked)).collect()
}

/// A partition key's value as policies have it: text, number or base64.
fn leading(value: Option<&Value>) -> String {
    let text = value.and_then(|value| ["S", "N", "B"].iter().find_map(|kind| value[kind].as_str()));
    text.unwrap_or(UNKNOWN_KEY).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(operation: &str, request: Value) -> Vec<(String, String, Option<Vec<String>>)> {
        let partition_key = |table: &str, index: Option<&str>| match (table, index) {
            ("t" | "u", None) => Some("pk".to_owned()),
            ("t", Some("by-owner")) => Some("owner".to_owned()),
            _ => None,
        };
        let needs = needs(&Account::default(), operation, &request, &partition_key);
        let short = |need: Need| {
            let resource = need.resource.rsplit(':').next().unwrap_or_default().to_owned();
            (need.action.replace("dynamodb:", ""), resource, need.leading_keys)
        };
        needs.into_iter().map(short).collect()
    }

    fn one(action: &str, resource: &str, keys: Option<&[&str]>) -> (String, String, Option<Vec<String>>) {
        let keys = keys.map(|keys| keys.iter().map(|key| (*key).to_owned()).collect());
        (action.into(), resource.into(), keys)
    }

    #[test]
    fn an_item_is_needed_by_its_partition_key() {
        let key = json!({"pk": {"S": "a"}, "sk": {"S": "1"}});
        for operation in ["GetItem", "UpdateItem", "DeleteItem"] {
            let needs = of(operation, json!({"TableName": "t", "Key": key}));
            assert_eq!(needs, [one(operation, "table/t", Some(&["a"]))]);
        }
        let put = json!({"TableName": "t", "Item": {"pk": {"N": "7"}}});
        assert_eq!(of("PutItem", put), [one("PutItem", "table/t", Some(&["7"]))]);
        let unknown = of("GetItem", json!({"TableName": "none", "Key": key}));
        assert_eq!(unknown, [one("GetItem", "table/none", Some(&[UNKNOWN_KEY]))]);
    }

    #[test]
    fn a_query_of_an_index_needs_the_index() {
        let query = json!({
            "TableName": "t", "IndexName": "by-owner", "KeyConditionExpression": "owner = :o",
            "ExpressionAttributeValues": {":o": {"S": "ann"}},
        });
        assert_eq!(of("Query", query), [one("Query", "table/t/index/by-owner", Some(&["ann"]))]);
        let scan = json!({"TableName": "t", "IndexName": "by-owner"});
        assert_eq!(of("Scan", scan), [one("Scan", "table/t/index/by-owner", None)]);
    }

    #[test]
    fn batches_and_transactions_need_each_of_their_parts() {
        let a = json!({"pk": {"S": "a"}});
        let b = json!({"pk": {"S": "b"}});
        let get = json!({"RequestItems": {"t": {"Keys": [a, b]}, "u": {"Keys": [a]}}});
        assert_eq!(
            of("BatchGetItem", get),
            [one("BatchGetItem", "table/t", Some(&["a", "b"])), one("BatchGetItem", "table/u", Some(&["a"]))]
        );
        let write =
            json!({"RequestItems": {"t": [{"PutRequest": {"Item": a}}, {"DeleteRequest": {"Key": b}}]}});
        assert_eq!(of("BatchWriteItem", write), [one("BatchWriteItem", "table/t", Some(&["a", "b"]))]);
        let transaction = json!({"TransactItems": [
            {"Put": {"TableName": "t", "Item": a}}, {"Delete": {"TableName": "u", "Key": b}},
            {"ConditionCheck": {"TableName": "t", "Key": b}}, {"Update": {"TableName": "t", "Key": a}},
        ]});
        assert_eq!(
            of("TransactWriteItems", transaction),
            [
                one("PutItem", "table/t", Some(&["a"])),
                one("DeleteItem", "table/u", Some(&["b"])),
                one("ConditionCheckItem", "table/t", Some(&["b"])),
                one("UpdateItem", "table/t", Some(&["a"])),
            ]
        );
    }
}
