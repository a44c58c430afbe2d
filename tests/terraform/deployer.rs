//! `terraform/deployer-policy.json`: a role with these rights and no others deploys, changes and destroys a stack, and
//! uses each of them.

use crate::configuration::Tree;
use crate::serve::{Served, write_packages};
use anyhow::{Context as _, ensure};
use emulator::services::iam::policy::{Kind, Policy};
use serde_json::{Value, json};
use sluicegate_tests::functions::{packages, project};
use sluicegate_tests::tier::packages::architecture;
use sluicegate_tests::{control, denials};
use std::collections::BTreeSet;

const ROLE: &str = "arn:aws:iam::000000000000:role/deployer";
/// Characters of a managed policy, at most (IAM's quota), white space not counted.
const MANAGED_POLICY_CHARS_MAX: usize = 6_144;
/// Read after `stack.auto.tfvars`, since its name comes later.
const VALUES: &str = "z_deployer.auto.tfvars";
/// What is deployed one after the other: as little as can be, most of what there is, with other code, and less again.
const DEPLOYMENTS: [&str; 3] = [
    "",
    r#"
    acknowledgements = true
    stream           = { shard_count = 2, retention_hours = 48 }
    route_throttling = { shout = { rate_limit = 5, burst_limit = 5 } }
    route_schemas    = { "$default" = "{}" }
    tags             = { team = "flow" }
    authorizer       = { function = "jwt-authorizer", token_from = "subprotocol", environment = { ISSUER = "https://id.example.com", AUDIENCE = "chat" } }
    functions        = {
      echo  = { memory_mb = 256, routes = ["shout"], lifecycle_events = ["CONNECT", "DISCONNECT"], batch_size = 5, reserved_concurrency = 5, log_retention_days = 7 }
      relay = { log_level = "WARN" }
    }
    "#,
    "authorization = \"AWS_IAM\"",
];

/// The trial.
pub fn run(tree: &Tree) -> anyhow::Result<()> {
    denials::watch();
    let text = std::fs::read_to_string(project().join("terraform/deployer-policy.json"))?;
    let chars = text.chars().filter(|char| !char.is_whitespace()).count();
    ensure!(
        chars <= MANAGED_POLICY_CHARS_MAX,
        "the policy has {chars} characters, and IAM takes {MANAGED_POLICY_CHARS_MAX}"
    );
    let served = Served::start()?;
    let credentials = served.runtime.block_on(async {
        let trust = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "000000000000"},
        }});
        let role = ("RoleName", "deployer");
        let create = [("Action", "CreateRole"), role, ("AssumeRolePolicyDocument", &trust.to_string())];
        control::iam(&served.emulator, &create).await;
        let put = [("Action", "PutRolePolicy"), role, ("PolicyName", "deploy"), ("PolicyDocument", &text)];
        control::iam(&served.emulator, &put).await;
        control::assume_role(&served.emulator, ROLE).await
    });
    let empty = served.state();
    let (folder, bundle) = (tempfile::tempdir()?, tempfile::tempdir()?);
    write_packages(bundle.path())?;
    let terraform = tree.deployment(folder.path(), &served.emulator.endpoint_url())?;
    let terraform = terraform.with_environment(credentials);
    let values =
        [format!("-var=bundle={}", bundle.path().display()), format!("-var=architecture={}", architecture())];
    let run = |action: &str| {
        let arguments = [action, "-auto-approve", "-input=false"].map(str::to_owned);
        terraform.run(arguments.iter().chain(&values))
    };
    for deployment in DEPLOYMENTS {
        std::fs::write(folder.path().join(VALUES), deployment)?;
        run("apply").with_context(|| format!("denied: {:?}", denials::of("role/deployer")))?;
        std::fs::write(bundle.path().join("echo.zip"), &packages()["relay"])?;
    }
    run("destroy").with_context(|| format!("denied: {:?}", denials::of("role/deployer")))?;
    ensure!(served.state() == empty, "terraform destroy leaves something behind: {:#}", served.state());
    let document: Value = serde_json::from_str(&text)?;
    compare(&document, &denials::allowed(ROLE))
}

/// Each action and each resource of each statement must have been used.
fn compare(document: &Value, used: &BTreeSet<(String, String)>) -> anyhow::Result<()> {
    let mut unused = Vec::new();
    for statement in document["Statement"].as_array().into_iter().flatten() {
        let (actions, resources) = (texts(&statement["Action"]), texts(&statement["Resource"]));
        for (action, resource) in actions
            .iter()
            .map(|action| (vec![*action], resources.clone()))
            .chain(resources.iter().map(|resource| (actions.clone(), vec![*resource])))
        {
            if !is_used(statement, &action, &resource, used)? {
                unused.push(format!(
                    "{}: {} on {}",
                    statement["Sid"],
                    action.join(", "),
                    resource.join(", ")
                ));
            }
        }
    }
    ensure!(
        unused.is_empty(),
        "the policy allows what no deployment used:\n{}\nused:\n{used:#?}",
        unused.join("\n")
    );
    Ok(())
}

/// Whether something that was used is covered by one of a statement's actions on one of its resources.
fn is_used(
    statement: &Value,
    actions: &[&str],
    resources: &[&str],
    used: &BTreeSet<(String, String)>,
) -> anyhow::Result<bool> {
    use emulator::services::iam::policy::evaluate::{Request, allows};
    // Its conditions held where it was used, and are left out.
    let document = json!({"Version": "2012-10-17", "Statement": {
        "Effect": statement["Effect"], "Action": actions, "Resource": resources,
    }});
    let policy =
        Policy::parse(&document.to_string(), Kind::Identity).map_err(|error| anyhow::anyhow!("{error}"))?;
    let covers = |(action, resource): &(String, String)| {
        allows(std::iter::once(&policy), &Request { action, resource, ..Request::default() })
    };
    Ok(used.iter().any(covers))
}

/// A text, or a list of them.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(members) => members.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}
