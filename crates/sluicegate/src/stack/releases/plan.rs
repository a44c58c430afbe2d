//! What a plan would do to the versions that mappings invoke. Pure.

use serde_json::Value;
use std::fmt;

/// A plan that moves a function to a version which is published already: a rollback would be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    /// The function's key.
    pub function: String,
    pub from: String,
    pub to: String,
}

impl fmt::Display for Forward {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, from, to } = self;
        write!(
            formatter,
            "{function} is on version {from}, and its code and settings are those of version {to}: it was rolled back, or its last \
             deployment did not end. Pass --roll-forward to go to version {to}, deploy other code or settings, or set \
             pinned_versions = {{ {function} = \"{from}\" }}"
        )
    }
}

/// The functions that a plan moves to a published version, without being told to by `pinned_versions`.
pub fn forwards(plan: &Value) -> Vec<Forward> {
    let pinned = &plan["variables"]["pinned_versions"]["value"];
    let changes = plan["resource_changes"].as_array().into_iter().flatten();
    let aliases = changes.filter(|change| change["type"] == "aws_lambda_alias");
    let forward = |change: &Value| {
        let function = change["module_address"].as_str()?.split('"').nth(1)?.to_owned();
        let version = |side: &str| Some(change["change"][side]["function_version"].as_str()?.to_owned());
        let (from, to) = (version("before")?, version("after")?);
        (from != to && pinned[&function].is_null()).then_some(Forward { function, from, to })
    };
    aliases.filter_map(forward).collect()
}

/// The keys of functions with provisioned concurrency.
pub fn provisioned(plan: &Value) -> Vec<String> {
    let changes = plan["resource_changes"].as_array().into_iter().flatten();
    let provisioned = changes.filter(|change| change["type"] == "aws_lambda_provisioned_concurrency_config");
    provisioned
        .filter_map(|change| Some(change["module_address"].as_str()?.split('"').nth(1)?.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plan(before: &Value, after: &Value, pinned: &Value) -> Value {
        json!({
            "variables": { "pinned_versions": { "value": pinned } },
            "resource_changes": [
                { "type": "aws_lambda_function", "module_address": "module.function[\"echo\"]", "change": {} },
                {
                    "type": "aws_lambda_alias", "module_address": "module.function[\"echo\"]",
                    "change": { "before": before, "after": after },
                },
            ],
        })
    }

    fn version(number: &str) -> Value {
        json!({ "function_version": number })
    }

    #[test]
    fn only_a_move_to_a_published_version_is_a_roll_forward() {
        let none = json!({});
        let forward = Forward { function: "echo".into(), from: "2".into(), to: "3".into() };
        assert_eq!(forwards(&plan(&version("2"), &version("3"), &none)), [forward]);
        for (before, after, pinned) in [
            // The version is not published yet, and so not known.
            (version("2"), json!({}), none.clone()),
            (Value::Null, version("1"), none.clone()),
            (version("2"), version("2"), none.clone()),
            (version("3"), Value::Null, none),
            // It is meant.
            (version("3"), version("2"), json!({ "echo": "2" })),
        ] {
            assert_eq!(forwards(&plan(&before, &after, &pinned)), [], "{before} {after} {pinned}");
        }
        assert_eq!(forwards(&Value::Null), []);
    }
}
