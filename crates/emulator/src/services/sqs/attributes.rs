//! A queue's attributes: ranges and defaults of those with an effect, and storage for the others.

use crate::protocol::ApiError;
use crate::services::iam::policy::{Kind, Policy};
use std::collections::BTreeMap;
use std::time::Duration;

/// Numeric attributes: name, minimum, maximum, default.
const NUMBERS: [(&str, u64, u64, u64); 5] = [
    ("DelaySeconds", 0, 900, 0),
    ("MaximumMessageSize", 1_024, 1_048_576, 262_144),
    ("MessageRetentionPeriod", 60, 1_209_600, 345_600),
    ("ReceiveMessageWaitTimeSeconds", 0, 20, 0),
    ("VisibilityTimeout", 0, 43_200, 30),
];
/// Attributes that are stored without effect here.
const INERT: [&str; 3] = ["KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"];

/// The queue's resource policy.
const POLICY: &str = "Policy";

/// The attributes that were set; the others have their defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    set: BTreeMap<String, String>,
}

impl Attributes {
    /// These attributes with `changes` applied; an empty value removes one. Errors: an unsupported attribute, by name,
    /// or a value out of range.
    pub fn with(&self, changes: BTreeMap<String, String>) -> Result<Self, ApiError> {
        let mut set = self.set.clone();
        for (name, value) in changes {
            if value.is_empty() {
                set.remove(&name);
                continue;
            }
            match NUMBERS.iter().find(|(known, ..)| *known == name) {
                Some((_, min, max, _)) => {
                    value.parse().ok().filter(|number: &u64| (min..=max).contains(&number)).ok_or_else(|| {
                        let message = format!("Invalid value for the parameter {name}. Reason: must be between {min} and {max}: {value}");
                        ApiError::bad_request("InvalidAttributeValue", message)
                    })?;
                }
                None if name == POLICY => drop(read_policy(&value)?),
                None if INERT.contains(&name.as_str()) => {}
                None => {
                    let message = format!("Unknown Attribute {name}: it is not supported by the emulator");
                    return Err(ApiError::bad_request("InvalidAttributeName", message));
                }
            }
            set.insert(name, value);
        }
        Ok(Self { set })
    }

    /// All attributes, with defaults.
    pub fn all(&self) -> BTreeMap<String, String> {
        let defaults = NUMBERS.iter().map(|(name, _, _, default)| ((*name).to_owned(), default.to_string()));
        let mut all: BTreeMap<String, String> = defaults.collect();
        let with_key = self.set.contains_key("KmsMasterKeyId");
        all.insert("SqsManagedSseEnabled".into(), (!with_key).to_string());
        if with_key {
            all.insert("KmsDataKeyReusePeriodSeconds".into(), "300".into());
        }
        all.extend(self.set.clone());
        all
    }

    /// The queue's resource policy, if it has one. Errors: none if the attributes were checked when they were set.
    pub fn policy(&self) -> Result<Option<Policy>, ApiError> {
        self.set.get(POLICY).map(|text| read_policy(text)).transpose()
    }

    pub fn set(&self) -> &BTreeMap<String, String> {
        &self.set
    }

    fn number(&self, name: &str) -> u64 {
        let set = self.set.get(name).and_then(|value| value.parse().ok());
        let default =
            NUMBERS.iter().find(|(known, ..)| *known == name).map_or(0, |(_, _, _, default)| *default);
        set.unwrap_or(default)
    }

    /// How long a new message stays invisible.
    pub fn delay(&self) -> Duration {
        Duration::from_secs(self.number("DelaySeconds"))
    }

    /// Bytes of a message, at most.
    pub fn message_bytes_max(&self) -> u64 {
        self.number("MaximumMessageSize")
    }

    pub fn retention(&self) -> Duration {
        Duration::from_secs(self.number("MessageRetentionPeriod"))
    }

    /// How long a receiver waits by default.
    pub fn wait(&self) -> Duration {
        Duration::from_secs(self.number("ReceiveMessageWaitTimeSeconds"))
    }

    /// How long a received message stays invisible.
    pub fn visibility(&self) -> Duration {
        Duration::from_secs(self.number("VisibilityTimeout"))
    }
}

fn read_policy(text: &str) -> Result<Policy, ApiError> {
    Policy::parse(text, Kind::Resource).map_err(|error| {
        let message = format!("Invalid value for the parameter {POLICY}. Reason: {error}");
        ApiError::bad_request("InvalidAttributeValue", message)
    })
}
