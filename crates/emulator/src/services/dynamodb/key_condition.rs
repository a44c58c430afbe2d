//! The partition key's value in a query's key condition.

use serde_json::Value;

/// The value that a `Query` compares the partition key with; nothing where the condition has no such comparison, which
/// DynamoDB refuses.
pub(super) fn partition<'a>(request: &'a Value, partition_key: &str) -> Option<&'a Value> {
    if let Some(expression) = request["KeyConditionExpression"].as_str() {
        let tokens = tokens(expression);
        let is_key =
            |name: &str| request["ExpressionAttributeNames"][name].as_str().unwrap_or(name) == partition_key;
        let compared = tokens.windows(3).find_map(|tokens| match *tokens {
            [name, "=", value] if is_key(name) => Some(value),
            [value, "=", name] if is_key(name) => Some(value),
            _ => None,
        });
        return request["ExpressionAttributeValues"].get(compared?);
    }
    let condition = &request["KeyConditions"][partition_key];
    condition["AttributeValueList"].get(0).filter(|_| condition["ComparisonOperator"] == "EQ")
}

/// Names, values and operators, one after another; brackets and commas count for nothing here.
fn tokens(expression: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let is_operator = |c: char| matches!(c, '<' | '=' | '>');
        let is_gap = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',');
        let end = if is_gap(first) {
            first.len_utf8()
        } else {
            let ends = |c: char| is_gap(c) || is_operator(c) != is_operator(first);
            rest.find(ends).unwrap_or(rest.len())
        };
        let (token, after) = rest.split_at(end);
        if !is_gap(first) {
            tokens.push(token);
        }
        rest = after;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_partition_keys_value_is_found_however_it_is_written() {
        let values = json!({":a": {"S": "one"}, ":b": {"N": "2"}});
        for (expression, found) in [
            ("pk = :a", true),
            ("pk=:a AND sk > :b", true),
            ("(sk<=:b) and (#p = :a)", true),
            (":a = pk AND sk = :b", true),
            ("begins_with(sk, :b) AND #p=:a", true),
            ("sk = :a", false),
            ("pk >= :a", false),
            ("pk <> :a", false),
            ("pk = :unknown", false),
            ("", false),
        ] {
            let request = json!({
                "KeyConditionExpression": expression,
                "ExpressionAttributeNames": {"#p": "pk"},
                "ExpressionAttributeValues": values,
            });
            let expected = found.then(|| json!({"S": "one"}));
            assert_eq!(partition(&request, "pk"), expected.as_ref(), "{expression}");
        }
        let legacy = |operator: &str| json!({"KeyConditions": {"pk": {"ComparisonOperator": operator, "AttributeValueList": [{"S": "one"}]}}});
        assert_eq!(partition(&legacy("EQ"), "pk"), Some(&json!({"S": "one"})));
        assert_eq!(partition(&legacy("BEGINS_WITH"), "pk"), None);
        assert_eq!(partition(&json!({}), "pk"), None);
    }
}
