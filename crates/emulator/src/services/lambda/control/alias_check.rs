//! What an alias's name, version and weights may be. Pure.

use super::invalid;
use super::reference::{mismatch, too_long, validation};
use crate::protocol::ApiError;
use crate::services::lambda::invocation::config::LATEST;
use serde::Deserialize;
use std::collections::BTreeMap;

const NAME_CHARS_MAX: usize = 128;
/// Versions besides an alias's main one, at most.
const WEIGHTED_MAX: usize = 1;
const LATEST_PUBLISHED: &str = "$LATEST.PUBLISHED";

/// `RoutingConfig`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct AliasRouting {
    /// Shares of the invocations, by version.
    #[serde(default)]
    pub additional_version_weights: BTreeMap<String, f64>,
}

impl AliasRouting {
    /// The second version and its share. Errors: Lambda's own, for more than one version or an invalid share.
    pub fn second(self) -> Result<Option<(String, f64)>, ApiError> {
        const MEMBER: &str = "routingConfig.additionalVersionWeights";
        let weights = &self.additional_version_weights;
        let shown = || {
            let shown: Vec<_> =
                weights.iter().map(|(version, share)| format!("{version}={share:?}")).collect();
            format!("Value '{{{}}}' at '{MEMBER}' failed to satisfy constraint", shown.join(", "))
        };
        let mut wrong = Vec::new();
        if weights.keys().any(|version| !is_number(version)) {
            wrong.push(format!(
                "{}: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]",
                shown()
            ));
        }
        if weights.values().any(|share| !(0.0..=1.0).contains(share)) {
            wrong.push(format!(
                "{}: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]",
                shown()
            ));
        }
        if !wrong.is_empty() {
            return Err(validation(&wrong));
        }
        if weights.len() > WEIGHTED_MAX {
            return Err(invalid(format!(
                "Number of items in AdditionalVersionWeights cannot be greater than {WEIGHTED_MAX}"
            )));
        }
        Ok(self.additional_version_weights.into_iter().next())
    }
}

/// Fails with `ValidationException`.
pub(super) fn check_name(name: &str) -> Result<(), ApiError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut wrong = Vec::new();
    if name.chars().count() > NAME_CHARS_MAX {
        wrong.push(too_long("name", name, NAME_CHARS_MAX));
    }
    if name.is_empty() || is_number(name) || !name.chars().all(legal) {
        wrong.push(mismatch("name", name, "(?!^[0-9]+$)([a-zA-Z0-9-_]+)"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(validation(&wrong)) }
}

/// Fails with `ValidationException`, or that the emulator does not have what is named.
pub(super) fn check_version(version: &str) -> Result<(), ApiError> {
    match version {
        LATEST => Ok(()),
        LATEST_PUBLISHED => {
            Err(invalid(format!("FunctionVersion: {LATEST_PUBLISHED} is not supported by the emulator")))
        }
        number if is_number(number) => Ok(()),
        other => Err(validation(&[mismatch("functionVersion", other, r"(\$LATEST(\.PUBLISHED)?|[0-9]+)")])),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(weights: &[(&str, f64)]) -> Result<Option<(String, f64)>, String> {
        let additional_version_weights =
            weights.iter().map(|(name, share)| ((*name).into(), *share)).collect();
        AliasRouting { additional_version_weights }
            .second()
            .map_err(|error| format!("{}: {}", error.code, error.message))
    }

    /// docs/aws-behaviour.md#lambda-aliases, word for word.
    #[test]
    fn weights_are_refused_as_recorded() {
        let shares = "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]";
        let at = |weights: &str| {
            format!(
                "ValidationException: 1 validation error detected: Value '{weights}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint"
            )
        };
        assert_eq!(second(&[("2", 2.0)]), Err(format!("{}: {shares}", at("{2=2.0}"))));
        assert_eq!(second(&[("2", -1.0)]), Err(format!("{}: {shares}", at("{2=-1.0}"))));
        let keys = second(&[(LATEST, 0.5)]).unwrap_err();
        assert!(keys.starts_with(&format!("{}: Map keys must", at("{$LATEST=0.5}"))), "{keys}");
        let many = "InvalidParameterValueException: Number of items in AdditionalVersionWeights cannot be greater than 1";
        assert_eq!(second(&[("1", 0.8), ("2", 0.2)]), Err(many.into()));
        assert_eq!((second(&[]), second(&[("2", 0.2)])), (Ok(None), Ok(Some(("2".into(), 0.2)))));
    }

    #[test]
    fn a_name_is_no_number() {
        for (name, is_legal) in [
            ("live", true),
            ("2024-01-02", true),
            ("2024", false),
            ("", false),
            ("a.b", false),
            ("a:b", false),
        ] {
            assert_eq!(check_name(name).is_ok(), is_legal, "{name}");
        }
        assert!(check_name(&"a".repeat(128)).is_ok() && check_name(&"a".repeat(129)).is_err());
    }

    #[test]
    fn a_version_is_the_latest_or_a_number() {
        assert!(check_version(LATEST).is_ok() && check_version("10").is_ok());
        assert!(check_version("live").is_err() && check_version("").is_err());
        assert!(check_version(LATEST_PUBLISHED).unwrap_err().message.contains("not supported"));
    }
}
