//! Tags in their two forms on the wire: a map, or a list of `Key` and `Value`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Tags of one resource. They are stored and have no effect here.
pub type Tags = BTreeMap<String, String>;

/// A tag of a service that sends lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Tag {
    pub key: String,
    /// The Query protocol leaves an empty one out.
    #[serde(default)]
    pub value: String,
}

/// A list of tags as a map; the last of equal keys wins.
pub fn from_list(list: Vec<Tag>) -> Tags {
    list.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

/// `[{"Key": …, "Value": …}]`
pub fn to_list(tags: &Tags) -> Value {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}
