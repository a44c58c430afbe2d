//! A queue's attributes: ranges and defaults of those with an effect, and storage for the others.

use crate::protocol::ApiError;
use crate::services::iam::policy::{Kind, Policy};
use std::collections::BTreeMap;
use std::time::Duration;

/// Numeric attributes: name, minimum, maximum, default.
const NUMBERS: [(&str, u64, u64, u64); 5] = [
    ("DelaySeconds", 0, 900, 0),
    ("MaximumMessageSize", 1_024, 1_048_576, 1_048_576),
    ("MessageRetentionPeriod", 60, 1_209_600, 345_600),
    ("ReceiveMessageWaitTimeSeconds", 0, 20, 0),
    ("VisibilityTimeout", 0, 43_200, 30),
];
/// Attributes that are stored and have no effect here.
const INERT: [&str; 3] = [WITH_KEY, KEY_REUSE, WITHOUT_KEY];

/// The queue's resource policy.
const POLICY: &str = "Policy";
/// One kind of encryption at a time: with a key, or SQS's own.
const WITH_KEY: &str = "KmsMasterKeyId";
const KEY_REUSE: &str = "KmsDataKeyReusePeriodSeconds";
const WITHOUT_KEY: &str = "SqsManagedSseEnabled";

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
        switch_encryption(&mut set, &changes)?;
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
        all.insert(WITHOUT_KEY.into(), "true".into());
        all.insert(KEY_REUSE.into(), "300".into());
        all.extend(self.set.clone());
        if !self.set.contains_key(WITH_KEY) {
            all.remove(KEY_REUSE);
        }
        all
    }

    /// The first of these attributes that has another value here, set or by default.
    pub fn differs_from(&self, asked: &Self) -> Option<String> {
        let all = self.all();
        let different = asked.set.iter().find(|(name, value)| all.get(*name) != Some(value));
        different.map(|(name, _)| name.clone())
    }

    /// The queue's own policy, if it has one.
    ///
    /// # Errors
    /// None if the attributes were checked when they were set.
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

/// docs/aws-behaviour.md#sqs-encryption: a key ends SQS's own encryption, which does not come back with the
/// key's end.
fn switch_encryption(
    set: &mut BTreeMap<String, String>,
    changes: &BTreeMap<String, String>,
) -> Result<(), ApiError> {
    let has_key = changes.get(WITH_KEY).is_some_and(|key| !key.is_empty());
    let has_own = changes.get(WITHOUT_KEY).is_some_and(|flag| flag == "true");
    match (has_key, has_own) {
        (true, true) => {
            let message = "You can use one type of server-side encryption (SSE) at one time. You can either enable \
                           KMS SSE or SQS SSE.";
            return Err(ApiError::bad_request("InvalidAttributeName", message));
        }
        (true, false) => drop(set.insert(WITHOUT_KEY.into(), "false".into())),
        (false, true) => drop(set.remove(WITH_KEY)),
        (false, false) => {}
    }
    Ok(())
}

fn read_policy(text: &str) -> Result<Policy, ApiError> {
    Policy::parse(text, Kind::Resource).map_err(|error| {
        let message = format!("Invalid value for the parameter {POLICY}. Reason: {error}");
        ApiError::bad_request("InvalidAttributeValue", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(attributes: &Attributes, changes: &[(&str, &str)]) -> Attributes {
        let changes = changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        attributes.with(changes.collect()).unwrap()
    }

    /// Recorded on AWS.
    #[test]
    fn defaults_are_those_of_aws_and_one_kind_of_encryption_ends_the_other() {
        let of = |attributes: &Attributes, name: &str| attributes.all().remove(name);
        let new = Attributes::default();
        assert_eq!(of(&new, "MaximumMessageSize").as_deref(), Some("1048576"));
        assert_eq!((of(&new, WITHOUT_KEY).as_deref(), of(&new, KEY_REUSE)), (Some("true"), None));
        let keyed = with(&new, &[(WITH_KEY, "testKeyId"), (KEY_REUSE, "6000")]);
        assert_eq!(of(&keyed, WITHOUT_KEY).as_deref(), Some("false"));
        assert_eq!(of(&keyed, KEY_REUSE).as_deref(), Some("6000"));
        let unkeyed = with(&keyed, &[(WITH_KEY, ""), (KEY_REUSE, "300")]);
        assert_eq!((of(&unkeyed, WITHOUT_KEY).as_deref(), of(&unkeyed, KEY_REUSE)), (Some("false"), None));
        let own = with(&keyed, &[(WITHOUT_KEY, "true")]);
        assert_eq!((of(&own, WITH_KEY), of(&own, WITHOUT_KEY).as_deref()), (None, Some("true")));
        let both = [(WITH_KEY, "k"), (WITHOUT_KEY, "true")];
        let both = both.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(new.with(both).unwrap_err().code, "InvalidAttributeName");
    }
}
