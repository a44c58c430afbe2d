//! The Query protocol's requests: a form whose dotted names stand for a document.
//!
//! `Dimensions.member.1.Name=ApiId` is `{"Dimensions": [{"Name": "ApiId"}]}`. Every leaf is text.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Names in a form, at most; no operation here needs nearly as many.
pub const FORM_FIELDS_MAX: usize = 2_000;
/// Parts of a dotted name, at most.
const NAME_PARTS_MAX: usize = 16;

/// The decoded pairs of a form or a query, in order.
pub fn pairs(form: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(form.as_bytes()).into_owned().collect()
}

#[derive(Default)]
struct Node {
    text: Option<String>,
    children: BTreeMap<String, Node>,
}

/// The document of a form, without `Action` and `Version`.
pub fn document(pairs: &[(String, String)]) -> Value {
    let mut root = Node::default();
    for (name, value) in pairs {
        if name == "Action" || name == "Version" {
            continue;
        }
        let mut node = &mut root;
        for part in name.splitn(NAME_PARTS_MAX, '.') {
            node = node.children.entry(part.to_owned()).or_default();
        }
        node.text = Some(value.clone());
    }
    root.into_value()
}

impl Node {
    fn into_value(mut self) -> Value {
        if self.children.is_empty() {
            return Value::String(self.text.unwrap_or_default());
        }
        if self.children.len() == 1
            && let Some(list) = self.children.remove("member")
        {
            return list.into_list();
        }
        let members = self.children.into_iter().map(|(name, node)| (name, node.into_value()));
        Value::Object(members.collect::<Map<_, _>>())
    }

    /// Children by position, counted from 1. An empty list is sent as an empty text.
    fn into_list(self) -> Value {
        let mut items: Vec<(u64, Node)> = self
            .children
            .into_iter()
            .map(|(index, node)| (index.parse().unwrap_or(u64::MAX), node))
            .collect();
        items.sort_by_key(|(index, _)| *index);
        Value::Array(items.into_iter().map(|(_, node)| node.into_value()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn dotted_names_spell_a_document() {
        let form = "Action=PutMetricAlarm&Version=2010-08-01&AlarmName=a+b%2Fc&Dimensions.member.2.Name=B\
                    &Dimensions.member.1.Name=A&Dimensions.member.10.Name=J&Tags.member.1.Key=k";
        assert_eq!(
            document(&pairs(form)),
            json!({
                "AlarmName": "a b/c",
                "Dimensions": [{"Name": "A"}, {"Name": "B"}, {"Name": "J"}],
                "Tags": [{"Key": "k"}],
            })
        );
    }

    #[test]
    fn a_form_without_arguments_is_an_empty_document() {
        assert_eq!(document(&pairs("Action=GetCallerIdentity&Version=2011-06-15")), json!(""));
    }

    #[test]
    fn odd_forms_are_read_leniently() {
        for (form, expected) in [
            ("", &[][..]),
            ("&&a=1&&", &[("a", "1")]),
            ("a", &[("a", "")]),
            ("=", &[("", "")]),
            ("=b", &[("", "b")]),
            ("a=b=c", &[("a", "b=c")]),
            ("a=1&b=2&a=3", &[("a", "1"), ("b", "2"), ("a", "3")]),
            ("a+b=c+d%2B%20", &[("a b", "c d+ ")]),
            ("%61%26=%3D%26", &[("a&", "=&")]),
            ("a=100%&b=%zz&c=%4", &[("a", "100%"), ("b", "%zz"), ("c", "%4")]),
            ("a=%ff%C3%A9é", &[("a", "\u{fffd}éé")]),
            ("a;b=1", &[("a;b", "1")]),
        ] {
            let read = pairs(form);
            let read: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(read, expected, "{form:?}");
        }
    }
}
