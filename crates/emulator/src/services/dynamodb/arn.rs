//! Names and ARNs: callers may name a table by either, and the store knows no account.

use super::failure::Failure;
use crate::core::account::Account;
use serde_json::{Map, Value};

/// How the ARNs of dynoxide begin.
const STORE: &str = "arn:aws:dynamodb:dynoxide:000000000000:";

/// `arn:aws:dynamodb:{region}:{account}:table/{name}`
pub(super) fn table(account: &Account, name: &str) -> String {
    account.arn("dynamodb", &format!("table/{name}"))
}

pub(super) fn index(account: &Account, table: &str, index: &str) -> String {
    account.arn("dynamodb", &format!("table/{table}/index/{index}"))
}

/// The table's name in a name or in an ARN of this account.
fn name_of(account: &Account, name_or_arn: &str) -> Result<String, Failure> {
    if !name_or_arn.starts_with("arn:") {
        return Ok(name_or_arn.to_owned());
    }
    let name = name_or_arn.strip_prefix(&table(account, ""));
    name.map(str::to_owned).ok_or_else(|| Failure::no_table(name_or_arn))
}

/// Replaces the ARNs in a request: of tables by their names, of resources by the store's own.
pub(super) fn to_store(account: &Account, request: &mut Value) -> Result<(), Failure> {
    match request {
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                match (name.as_str(), &mut *value) {
                    ("TableName", Value::String(text)) => *text = name_of(account, text)?,
                    ("ResourceArn", Value::String(text)) => {
                        *text = format!("{STORE}table/{}", name_of(account, text)?);
                    }
                    ("RequestItems", Value::Object(tables)) => {
                        let named: Result<Map<_, _>, _> = std::mem::take(tables)
                            .into_iter()
                            .map(|(name, items)| Ok((name_of(account, &name)?, items)))
                            .collect();
                        *tables = named?;
                    }
                    // Items and the values of expressions are the caller's own.
                    ("Item" | "Key" | "ExpressionAttributeValues", _) => {}
                    _ => to_store(account, value)?,
                }
            }
        }
        Value::Array(values) => values.iter_mut().try_for_each(|value| to_store(account, value))?,
        _ => {}
    }
    Ok(())
}

/// Replaces the store's ARNs in a table's description by the account's.
pub(super) fn to_account(account: &Account, mut description: Value) -> Value {
    fn walk(own: &str, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(rest) = text.strip_prefix(STORE) {
                    *text = format!("{own}{rest}");
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| walk(own, value)),
            Value::Object(members) => members.values_mut().for_each(|value| walk(own, value)),
            _ => {}
        }
    }
    walk(&account.arn("dynamodb", ""), &mut description);
    description
}

/// The same in an error's text.
pub(super) fn in_text(account: &Account, text: &str) -> String {
    text.replace(STORE, &account.arn("dynamodb", ""))
}
