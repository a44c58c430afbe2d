//! What Terraform's `validation` blocks refuse of a stack, refused for `dev` too, in the same words.
//!
//! Limits that the emulator's own control plane holds, such as those of memory and batches, are left to it.

use super::function_rules::{Rule, fits, function_rules, is_policy_arn};
use super::{Authorizer, Stack};

/// The first rule that a stack breaks, in the words of `terraform/`.
pub fn broken(stack: &Stack) -> Option<&'static str> {
    let of_functions = stack.functions.values().flat_map(function_rules);
    let of_authorizer = stack.authorizer.iter().flat_map(authorizer_rules);
    let mut rules =
        stack_rules(stack).into_iter().chain(access_rules(stack)).chain(of_functions).chain(of_authorizer);
    rules.find_map(|(holds, sentence)| (!holds).then_some(sentence))
}

// long: a table, one rule after the other
fn stack_rules(stack: &Stack) -> [Rule; 14] {
    let routes: Vec<_> = stack.functions.values().flat_map(|function| &function.routes).collect();
    let is_route = |key: &String| key == "$default" || routes.contains(&key);
    let keys = [&stack.kms_key_arns.queues, &stack.kms_key_arns.logs];
    let name_fits = |text: &str| is_lowercase_name(text, 24, "-");
    [
        (
            name_fits(&stack.name),
            "name must be 1 to 24 lowercase letters, digits or hyphens and begin with a letter: IAM role names built from it end at 64 characters.",
        ),
        (
            is_stage(&stack.stage),
            "stage must be 1 to 128 letters, digits, underscores or hyphens ($default is for HTTP APIs only).",
        ),
        (
            ["off", "existing_role"].contains(&stack.logging.as_str()),
            "logging must be off or existing_role: the account's role, which manage_account_role used to set, has a root of its own, terraform/account.",
        ),
        (
            ["PROVISIONED", "ON_DEMAND"].contains(&stack.stream.mode.as_str()),
            "stream.mode must be PROVISIONED or ON_DEMAND.",
        ),
        (
            stack.stream.kms_key_arn == "alias/aws/kinesis" || is_key_arn(&stack.stream.kms_key_arn),
            "stream.kms_key_arn must be a key's ARN (arn:aws:kms:...:key/...) or alias/aws/kinesis: IAM policies cannot name a key by its alias.",
        ),
        (
            keys.into_iter().flatten().all(|arn| is_key_arn(arn)),
            "each of kms_key_arns must be a key's ARN (arn:aws:kms:...:key/...): IAM policies cannot name a key by its alias.",
        ),
        (
            stack.functions.keys().all(|key| is_lowercase_name(key, 28, "-_")),
            "each key of functions must be 1 to 28 lowercase letters, digits, hyphens or underscores and begin with a letter: it names a crate, a zip and a role.",
        ),
        (
            stack
                .pinned_versions
                .iter()
                .all(|(key, version)| stack.functions.contains_key(key) && fits("^[1-9][0-9]*$", version)),
            "each of pinned_versions must be the number of a published version, under the key of a function.",
        ),
        (
            stack.alarm_thresholds.values().flatten().all(|threshold| *threshold >= 0.0),
            "each of alarm_thresholds must be 0 or more.",
        ),
        (
            fits(r"^/([A-Za-z0-9+=,.@_-]{1,64}/)*$", &stack.iam_path) && stack.iam_path.len() <= 512,
            "iam_path must begin and end with / and have letters, digits and +=,.@_- between, at most 64 in a part and 512 in all.",
        ),
        (
            stack.permissions_boundary.iter().all(|arn| is_policy_arn(arn)),
            "permissions_boundary must be the ARN of a managed policy (arn:aws:iam::...:policy/...).",
        ),
        (
            stack.route_schemas.keys().all(is_route),
            "each key of route_schemas must be $default or a route that a function asks for.",
        ),
        (
            stack.route_throttling.keys().all(|key| key == "$connect" || is_route(key)),
            "each key of route_throttling must be $connect, $default or a route that a function asks for.",
        ),
        (
            stack.acknowledgements || stack.admitted_per_second() <= stack.taken_per_second(),
            "throttling and route_throttling admit rate_limit + burst_limit messages in one second, which is more than the stream takes (1,000 records for each shard, 4,000 for a new on-demand stream). What it refuses is lost, and no client is told: lower them, raise stream.shard_count, or set acknowledgements = true, so that clients get a nack and can send again.",
        ),
    ]
}

fn access_rules(stack: &Stack) -> [Rule; 4] {
    let authorization = stack.authorization.as_deref();
    let is_function = |key: &str| stack.functions.contains_key(key);
    [
        (
            authorization.is_none_or(|kind| ["NONE", "AWS_IAM", "CUSTOM"].contains(&kind)),
            "authorization must be NONE, AWS_IAM or CUSTOM.",
        ),
        (
            authorization.is_none_or(|kind| (kind == "CUSTOM") == stack.authorizer.is_some()),
            "authorization must be CUSTOM with an authorizer, and NONE or AWS_IAM without one: a handshake has one kind of authorization.",
        ),
        (
            stack.authorizer.is_none() || !is_function("authorizer"),
            "functions cannot have the key authorizer beside an authorizer, whose function has that name: choose another key.",
        ),
        (
            !stack.answers_subprotocol() || !is_function(super::CONNECT_FUNCTION),
            "functions cannot have the key connect beside a token in the subprotocol, whose function has that name: choose another key.",
        ),
    ]
}

fn authorizer_rules(authorizer: &Authorizer) -> [Rule; 3] {
    [
        (
            is_lowercase_name(&authorizer.function, 28, "-_"),
            "authorizer.function must be 1 to 28 lowercase letters, digits, hyphens or underscores and begin with a letter: it names a crate and a zip.",
        ),
        (
            ["query", "header", "subprotocol"].contains(&authorizer.token_from.as_str()),
            "authorizer.token_from must be query, header or subprotocol.",
        ),
        (
            authorizer.identity_sources.is_none() || authorizer.token_from == "query",
            "authorizer.identity_sources is for an authorizer that reads no token: leave token_from out, which names the one place of a token.",
        ),
    ]
}

fn is_lowercase_name(text: &str, chars_max: usize, also: &str) -> bool {
    text.len() <= chars_max
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || also.contains(char))
}

fn is_key_arn(text: &str) -> bool {
    let is = |text: &str, also: &str| {
        !text.is_empty() && text.chars().all(|char| char.is_ascii_alphanumeric() || also.contains(char))
    };
    let parts: Vec<_> = text.split(':').collect();
    let ["arn", partition, "kms", region, account, key] = parts[..] else { return false };
    is(partition, "-")
        && is(region, "-")
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && key.strip_prefix("key/").is_some_and(|id| is(id, "-"))
}

fn is_stage(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

impl Stack {
    /// Messages that a full bucket and the rate let through in one second.
    fn admitted_per_second(&self) -> f64 {
        let buckets = std::iter::once(&self.throttling).chain(self.route_throttling.values());
        buckets.map(|bucket| bucket.rate_limit + f64::from(bucket.burst_limit)).sum()
    }

    /// Records that the stream takes in one second.
    fn taken_per_second(&self) -> f64 {
        if self.stream.mode == "ON_DEMAND" { 4_000.0 } else { 1_000.0 * f64::from(self.stream.shard_count) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::stack::StackError;
    use std::path::{Path, PathBuf};

    fn project() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    fn read(values: &str) -> Result<Stack, StackError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("case.tfvars");
        std::fs::write(&file, values).unwrap();
        Stack::read(&project(), &[file])
    }

    /// The same table for both: `tests/terraform` lets Terraform plan each of these.
    #[test]
    fn what_terraform_refuses_is_refused_in_its_words() {
        let table = std::fs::read_to_string(project().join("tests/terraform/refused.txt")).unwrap();
        let cases: Vec<_> = table.lines().filter_map(|line| line.split_once(" => ")).collect();
        assert!(cases.len() >= 12, "the table has {} cases", cases.len());
        for (values, sentence) in cases {
            let error = read(values).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(sentence), "{values}: {error:?}");
        }
    }

    /// Each sentence stands in terraform/ word for word.
    #[test]
    fn the_words_are_terraforms() {
        let mut stack = read("authorizer = { function = \"a\" }").unwrap();
        assert_eq!(broken(&stack), None);
        let mut sources = String::new();
        for file in [
            "variables.tf",
            "modules/authorizer/variables.tf",
            "modules/gateway/variables.tf",
            "modules/function/settings.tf",
            "modules/observability/variables.tf",
            "modules/stream/variables.tf",
        ] {
            sources.push_str(&std::fs::read_to_string(project().join("terraform").join(file)).unwrap());
        }
        let function = stack.functions.remove("echo").unwrap();
        let authorizer = stack.authorizer.take().unwrap();
        let rules = stack_rules(&stack).into_iter().chain(access_rules(&stack));
        for (_, sentence) in rules.chain(function_rules(&function)).chain(authorizer_rules(&authorizer)) {
            assert!(sources.contains(sentence), "{sentence}");
        }
    }
}
