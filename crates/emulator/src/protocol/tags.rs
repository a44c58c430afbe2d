//! Tags in their two spellings on the wire: a map, or a list of `Key` and `Value`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Tags of one resource. Stored and read back; they have no effect here.
pub type Tags = BTreeMap<String, String>;

/// A tag of the services that send lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Tag {
    /// The tag's name.
    pub key: String,
    /// Its value; the Query protocol leaves an empty one out.
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
