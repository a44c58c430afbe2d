//! The Query protocol's answers: a document as XML, with lists as `member` elements.

use super::{ApiError, time};
use serde_json::Value;
use std::time::{Duration, UNIX_EPOCH};

/// `<{Operation}Response><{Operation}Result>…</…><ResponseMetadata>…</…></…>`
pub fn response(namespace: &str, operation: &str, request_id: &str, body: Option<&Value>) -> String {
    let mut xml = format!("<{operation}Response xmlns=\"{namespace}\"><{operation}Result>");
    if let Some(body) = body {
        write(&mut xml, body, false);
    }
    xml.push_str(&format!(
        "</{operation}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\
         </{operation}Response>"
    ));
    xml
}

/// `<ErrorResponse><Error>…</Error></ErrorResponse>`
pub fn error(namespace: &str, request_id: &str, error: &ApiError) -> String {
    let fault = error.fault();
    let mut xml = format!("<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{fault}</Type><Code>");
    escape(&mut xml, error.code_in_query());
    xml.push_str("</Code><Message>");
    escape(&mut xml, &error.message);
    xml.push_str(&format!("</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"));
    xml
}

fn write(xml: &mut String, value: &Value, timestamp: bool) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => xml.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => match number.as_f64().filter(|_| timestamp) {
            Some(seconds) => {
                xml.push_str(&time::iso8601(UNIX_EPOCH + Duration::from_secs_f64(seconds.max(0.0))));
            }
            None => xml.push_str(&number.to_string()),
        },
        Value::String(text) => escape(xml, text),
        Value::Array(items) => items.iter().for_each(|item| element(xml, "member", item)),
        Value::Object(members) => members.iter().for_each(|(name, member)| element(xml, name, member)),
    }
}

fn element(xml: &mut String, name: &str, value: &Value) {
    xml.push_str(&format!("<{name}>"));
    write(xml, value, is_timestamp(name));
    xml.push_str(&format!("</{name}>"));
}

/// Whether a member of a Query service's document is a timestamp. Documents here hold them as epoch seconds; each
/// protocol writes its own form.
pub fn is_timestamp(member: &str) -> bool {
    member.ends_with("Timestamp")
        || matches!(member, "CreateDate" | "Expiration" | "UpdateDate" | "LastModified")
}

fn escape(xml: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '&' => xml.push_str("&amp;"),
            '"' => xml.push_str("&quot;"),
            '\r' => xml.push_str("&#xD;"),
            other => xml.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_becomes_elements_and_lists_become_members() {
        let result = |body: &Value| {
            let xml = response("urn:n", "GetRole", "id", Some(body));
            let result = xml
                .strip_prefix("<GetRoleResponse xmlns=\"urn:n\"><GetRoleResult>")
                .and_then(|rest| {
                    rest.strip_suffix(
                        "</GetRoleResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetRoleResponse>",
                    )
                });
            result.expect("an answer of the operation").to_owned()
        };
        // One member per document: whether a map keeps its order depends on a feature of serde_json.
        assert_eq!(result(&json!({"Role": {"RoleName": "a<b"}})), "<Role><RoleName>a&lt;b</RoleName></Role>");
        assert_eq!(
            result(&json!({"CreateDate": 951_782_400.0})),
            "<CreateDate>2000-02-29T00:00:00Z</CreateDate>"
        );
        assert_eq!(
            result(&json!({"Names": ["x", "y"]})),
            "<Names><member>x</member><member>y</member></Names>"
        );
    }

    #[test]
    fn an_error_carries_the_query_code() {
        let refused = ApiError::not_found("NoSuchEntityException", "no role").with_query_code("NoSuchEntity");
        assert!(
            error("urn:n", "id", &refused).contains("<Code>NoSuchEntity</Code><Message>no role</Message>")
        );
    }
}
