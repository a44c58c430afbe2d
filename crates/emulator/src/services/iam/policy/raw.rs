//! Policy documents as JSON, before they are interpreted.

use super::malformed::Malformed;
use super::statement::Effect;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RawPolicy {
    pub version: Option<String>,
    #[serde(rename = "Id")]
    _id: Option<String>,
    pub statement: OneOrMany<RawStatement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RawStatement {
    pub sid: Option<String>,
    pub effect: Effect,
    pub action: Option<OneOrMany<String>>,
    pub not_action: Option<OneOrMany<String>>,
    pub resource: Option<OneOrMany<String>>,
    pub not_resource: Option<OneOrMany<String>>,
    pub principal: Option<RawPrincipal>,
    #[serde(default)]
    pub condition: BTreeMap<String, BTreeMap<String, OneOrMany<String>>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub enum RawPrincipal {
    Everyone(String),
    Named(BTreeMap<String, OneOrMany<String>>),
}

/// Most elements may be a list or a single member.
pub struct OneOrMany<T>(Vec<T>);

impl<T> OneOrMany<T> {
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

/// By hand: an untagged enum does not say which member is wrong.
impl<'de, T: DeserializeOwned> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = match Value::deserialize(deserializer)? {
            Value::Array(values) => values,
            one => vec![one],
        };
        let read = values.into_iter().map(serde_json::from_value);
        read.collect::<Result<_, _>>().map(Self).map_err(D::Error::custom)
    }
}

impl RawPolicy {
    /// Parses the JSON, whose keys must be unique.
    pub fn read(text: &str) -> Result<Self, Malformed> {
        let syntax = |error| Malformed::new(format!("Syntax errors in policy: {error}"));
        super::strict::refuse_duplicates(text.as_bytes()).map_err(syntax)?;
        serde_json::from_str(text).map_err(syntax)
    }

    /// Whether the document has variables; in older documents, and in those without a version, they would be plain
    /// text.
    pub fn is_newer(&self) -> Result<bool, Malformed> {
        match self.version.as_deref() {
            Some("2012-10-17") => Ok(true),
            None | Some("2008-10-17") => Ok(false),
            Some(_) => Err(Malformed::new("The policy must contain a valid version string")),
        }
    }
}
