//! What Terraform refuses of a function's settings, in its words.

use super::Function;
use super::function::PolicyStatement;
use regex_lite::Regex;

/// A condition, and what is said where it does not hold.
pub(super) type Rule = (bool, &'static str);

/// Layers of a function, at most.
const LAYERS_MAX: usize = 5;
/// Managed policies of a role, at most (IAM's default quota).
const MANAGED_POLICIES_MAX: usize = 10;

// long: a table, one rule after the other
pub(super) fn function_rules(function: &Function) -> [Rule; 13] {
    let all = |texts: &[String], known: &[&str]| texts.iter().all(|text| known.contains(&text.as_str()));
    let each = |texts: &[String], pattern: &str| texts.iter().all(|text| fits(pattern, text));
    [
        (
            all(&function.lifecycle_events, &["CONNECT", "DISCONNECT"]),
            "lifecycle_events takes CONNECT and DISCONNECT only.",
        ),
        (
            all(&function.connection_actions, &["POST", "GET", "DELETE"]),
            "connection_actions takes POST, GET and DELETE only.",
        ),
        (
            function.secret_arns.keys().all(|key| !function.environment.contains_key(key)),
            "environment and secret_arns have a key in common: a variable holds a value or a secret's ARN.",
        ),
        (
            function.secret_arns.values().all(|arn| fits(SECRET_ARN, arn)),
            "each of secret_arns must be the ARN of a secret of Secrets Manager or a parameter of Systems Manager, never the value itself.",
        ),
        (
            function.policy_statements.iter().all(is_statement),
            "each of policy_statements needs the effect Allow or Deny, at least one action (service:Action) and at least one resource (an ARN, or *).",
        ),
        (
            function.managed_policy_arns.len() <= MANAGED_POLICIES_MAX
                && function.managed_policy_arns.iter().all(|arn| is_policy_arn(arn)),
            "managed_policy_arns takes at most 10 ARNs of managed policies (arn:aws:iam::...:policy/...).",
        ),
        (
            function.vpc.iter().all(|vpc| {
                !vpc.subnet_ids.is_empty()
                    && !vpc.security_group_ids.is_empty()
                    && each(&vpc.subnet_ids, "^subnet-")
                    && each(&vpc.security_group_ids, "^sg-")
            }),
            "vpc needs at least one of subnet_ids (subnet-...) and at least one of security_group_ids (sg-...).",
        ),
        (
            function.layers.len() <= LAYERS_MAX && each(&function.layers, LAYER_ARN),
            "layers takes at most 5 ARNs of layers' versions (arn:aws:lambda:...:layer:NAME:VERSION).",
        ),
        (
            (512..=10_240).contains(&function.ephemeral_storage_mb),
            "ephemeral_storage_mb must be a whole number from 512 to 10,240.",
        ),
        (
            function.reserved_concurrency < 0
                || i64::from(function.provisioned_concurrency) <= function.reserved_concurrency,
            "provisioned_concurrency must be a whole number, 0 for none, and at most reserved_concurrency where that is set.",
        ),
        (
            ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"].contains(&function.log_level.as_str()),
            "log_level must be TRACE, DEBUG, INFO, WARN, ERROR or FATAL.",
        ),
        (
            ["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"].contains(&function.starting_position.as_str()),
            "starting_position must be TRIM_HORIZON, LATEST or AT_TIMESTAMP.",
        ),
        (
            each(&function.routes, "^[A-Za-z0-9_./:-]{1,128}$"),
            "each route key must be 1 to 128 letters, digits or any of _ . / : - and cannot begin with $: $default is always there, and connections and disconnections are asked for with lifecycle_events.",
        ),
    ]
}

const SECRET_ARN: &str = "^arn:[a-z-]+:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:|ssm:[a-z0-9-]+:[0-9]{12}:parameter/)[A-Za-z0-9/_+=.@-]+$";
const LAYER_ARN: &str = "^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:layer:[A-Za-z0-9_-]+:[0-9]+$";

fn is_statement(statement: &PolicyStatement) -> bool {
    let each =
        |texts: &[String], pattern: &str| !texts.is_empty() && texts.iter().all(|text| fits(pattern, text));
    ["Allow", "Deny"].contains(&statement.effect.as_str())
        && each(&statement.actions, r"^([a-z0-9-]+:[A-Za-z0-9*?]+|\*)$")
        && each(&statement.resources, r"^(arn:.+|\*)$")
}

pub(super) fn is_policy_arn(arn: &str) -> bool {
    fits("^arn:[a-z-]+:iam::(aws|[0-9]{12}):policy/.+$", arn)
}

pub(super) fn fits(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}
