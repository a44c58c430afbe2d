//! A second evaluator, slow and simple: it reads the document's JSON each time, and shares no code with the first.
//!
//! It returns `None` for everything that it does not understand.

use regex_lite::{Regex, escape};
use serde_json::Value;
use std::collections::BTreeMap;

/// A request as the reference sees it.
#[derive(Debug, Clone)]
pub struct Query {
    pub action: String,
    pub resource: String,
    /// Kind and name of the caller: `("Service", …)`, or `("AWS", …)` with the ARN of a role.
    pub caller: (&'static str, String),
    /// Context keys in lower case.
    pub keys: BTreeMap<&'static str, String>,
}

/// Whether the document allows it.
pub fn allows(document: &Value, query: &Query) -> Option<bool> {
    let newer = document.get("Version").and_then(Value::as_str) == Some("2012-10-17");
    let mut effects = Vec::new();
    for statement in list(document.get("Statement")?) {
        if applies(statement, query, newer)? {
            effects.push(statement["Effect"].as_str()?);
        }
    }
    Some(effects.contains(&"Allow") && !effects.contains(&"Deny"))
}

fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |items| items.iter().collect())
}

fn applies(statement: &Value, query: &Query, newer: bool) -> Option<bool> {
    let mut all = true;
    for (member, value) in statement.as_object()? {
        all &= match member.as_str() {
            "Effect" | "Sid" => true,
            "Action" => any(value, &query.action.to_lowercase(), |text| {
                expression(&text.to_lowercase(), query, false)
            })?,
            "NotAction" => !any(value, &query.action.to_lowercase(), |text| {
                expression(&text.to_lowercase(), query, false)
            })?,
            "Resource" => any(value, &query.resource, |text| expression(text, query, newer))?,
            "NotResource" => !any(value, &query.resource, |text| expression(text, query, newer))?,
            "Principal" => principal(value, statement["Effect"].as_str()?, query)?,
            "Condition" => conditions(value, query, newer)?,
            _ => return None,
        };
    }
    Some(all)
}

/// Empty lists are not understood.
fn any(value: &Value, text: &str, read: impl Fn(&str) -> Option<Option<String>>) -> Option<bool> {
    let patterns = list(value);
    let mut found = patterns.is_empty().then_some(()).map_or(Some(false), |()| None)?;
    for pattern in patterns {
        if let Some(expression) = read(pattern.as_str()?)? {
            found |= Regex::new(&format!("(?s)^(?:{expression})$")).ok()?.is_match(text);
        }
    }
    Some(found)
}

/// A pattern as a regular expression; `Some(None)`: one that matches nothing, because a variable has no value.
fn expression(pattern: &str, query: &Query, newer: bool) -> Option<Option<String>> {
    let (mut expression, mut rest) = (String::new(), pattern);
    let mut has_value = true;
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("${") {
            if !newer {
                return None;
            }
            let end = rest.find('}')?;
            match &rest[2..end] {
                escaped @ ("*" | "?" | "$") => expression += &escape(escaped),
                name if KEYS.contains(&name.to_lowercase().as_str()) => {
                    match query.keys.get(name.to_lowercase().as_str()) {
                        Some(value) => expression += &escape(value),
                        None => has_value = false,
                    }
                }
                _ => return None,
            }
            rest = &rest[end + 1..];
            continue;
        }
        match first {
            '*' => expression += ".*",
            '?' => expression += ".",
            other => expression += &escape(&other.to_string()),
        }
        rest = &rest[first.len_utf8()..];
    }
    Some(has_value.then_some(expression))
}

const KEYS: [&str; 5] =
    ["aws:principalaccount", "aws:principalarn", "aws:securetransport", "aws:sourceaccount", "aws:sourcearn"];

fn principal(value: &Value, effect: &str, query: &Query) -> Option<bool> {
    if value.as_str() == Some("*") {
        return Some(true);
    }
    let mut found = false;
    for (kind, names) in value.as_object()? {
        for name in list(names) {
            let name = name.as_str()?;
            let account = query.keys.get("aws:principalaccount");
            found |= match kind.as_str() {
                "Service" => query.caller == ("Service", name.to_owned()),
                "AWS" if name == "*" => true,
                "AWS" if name.starts_with("arn:") && !name.ends_with(":root") => {
                    query.caller == ("AWS", name.to_owned())
                }
                "AWS" => effect == "Deny" && account.is_some_and(|account| name.contains(account.as_str())),
                _ => return None,
            };
        }
    }
    Some(found)
}

fn conditions(value: &Value, query: &Query, newer: bool) -> Option<bool> {
    let mut all = true;
    for (operator, keys) in value.as_object()? {
        for (key, values) in keys.as_object()? {
            let key = key.to_lowercase();
            if !KEYS.contains(&key.as_str()) {
                return None;
            }
            let read = |text: &str| match operator.as_str() {
                "Bool" if key == "aws:securetransport" => flag(text),
                "StringEquals" => expression(&literal(text), query, newer),
                "StringLike" => expression(text, query, newer),
                // In the first five parts, wildcards do not match colons.
                "ArnLike" | "ArnEquals" => Some(expression(text, query, newer)?.map(|text| {
                    let parts: Vec<&str> = text.splitn(6, ':').collect();
                    let narrow = |(place, part): (usize, &&str)| match place {
                        5 => (*part).to_owned(),
                        _ => part.replace("\\.", "\u{1}").replace('.', "[^:]").replace('\u{1}', "\\."),
                    };
                    parts.iter().enumerate().map(narrow).collect::<Vec<_>>().join(":")
                })),
                _ => None::<Option<String>>,
            };
            let actual = query.keys.get(key.as_str()).map_or("\u{0}", String::as_str);
            all &= any(values, actual, read)?;
        }
    }
    Some(all)
}

/// `Bool` takes either of two words, in any case.
fn flag(text: &str) -> Option<Option<String>> {
    let text = text.to_lowercase();
    ["true", "false"].contains(&text.as_str()).then_some(Some(text))
}

/// A text with literal stars, in the escapes of the newer version.
fn literal(text: &str) -> String {
    let (mut written, mut rest) = (String::new(), text);
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("${") && rest.contains('}') {
            let end = rest.find('}').unwrap_or_default();
            written += &rest[..=end];
            rest = &rest[end + 1..];
            continue;
        }
        match first {
            '*' | '?' => written += &format!("${{{first}}}"),
            other => written.push(other),
        }
        rest = &rest[first.len_utf8()..];
    }
    written
}
