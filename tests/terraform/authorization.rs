//! Who may connect, from one kind of authorization to the next: a token in the subprotocol, one in the query, a
//! signature, and everybody.

use crate::configuration::Tree;
use crate::serve::{Served, write_packages};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use sluicegate_tests::client::Client;
use sluicegate_tests::issuer::Issuer;
use sluicegate_tests::signed_handshake;
use sluicegate_tests::tier::packages::architecture;

/// Read after `stack.auto.tfvars`, since its name comes later.
const VALUES: &str = "z_authorization.auto.tfvars";
/// A client: what it is, its query, its headers, and the status that it gets.
type Case = (&'static str, String, Vec<(&'static str, String)>, u16);

/// The trial.
pub fn run(tree: &Tree) -> anyhow::Result<()> {
    let served = Served::start()?;
    let empty = served.state();
    let issuer = served.runtime.block_on(Issuer::start());
    let (folder, bundle) = (tempfile::tempdir()?, tempfile::tempdir()?);
    write_packages(bundle.path())?;
    let terraform = tree.deployment(folder.path(), &served.emulator.endpoint_url())?;
    let values =
        [format!("-var=bundle={}", bundle.path().display()), format!("-var=architecture={}", architecture())];
    let run = |action: &str| {
        let arguments = [action, "-auto-approve", "-input=false"].map(str::to_owned);
        terraform.run(arguments.iter().chain(&values))
    };
    for (authorization, values_file, cases) in deployments(&issuer) {
        std::fs::write(folder.path().join(VALUES), &values_file)?;
        let deploy = || -> anyhow::Result<()> {
            run("apply")?;
            terraform.plan_is_clean(&values)?;
            let outputs: Value = serde_json::from_str(&terraform.run(["output", "-json"])?)?;
            ensure!(outputs["authorization"]["value"] == authorization, "{outputs}");
            let uri = outputs["websocket_uri"]["value"].as_str().context("the stack has no URI")?;
            served.runtime.block_on(try_all(uri, cases))?;
            if authorization == "AWS_IAM" {
                let signed = signed_handshake::headers(uri, &signed_handshake::developer());
                served.runtime.block_on(try_all(uri, vec![("a signature", String::new(), signed, 101)]))?;
            }
            Ok(())
        };
        deploy().with_context(|| format!("with {values_file}"))?;
    }
    run("destroy")?;
    let left = served.state();
    ensure!(left == empty, "terraform destroy leaves something behind: {left:#}");
    Ok(())
}

async fn try_all(uri: &str, cases: Vec<Case>) -> anyhow::Result<()> {
    for (what, query, headers, expected) in cases {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (Ok((_, response)) | Err(response)) =
            Client::try_connect(&format!("{uri}{query}"), &headers).await;
        ensure!(response.status() == expected, "{what} gets {}, not {expected}", response.status());
    }
    Ok(())
}

/// What is deployed one after the other: the authorization, the values, and who tries to connect.
fn deployments(issuer: &Issuer) -> Vec<(&'static str, String, Vec<Case>)> {
    let (good, bad) = (issuer.token(&json!({})), issuer.token(&json!({"aud": "mail"})));
    let authorizer = |token_from: &str| {
        let environment = issuer.environment();
        format!(
            r#"authorizer = {{ function = "jwt-authorizer", token_from = "{token_from}", environment = {environment} }}"#
        )
    };
    let offered = |token: &str| vec![("sec-websocket-protocol", format!("sluicegate, {token}"))];
    let query = |token: &str| format!("?token={token}");
    vec![
        (
            "CUSTOM",
            format!(
                "{}\nfunctions = {{ echo = {{ lifecycle_events = [\"CONNECT\"] }} }}",
                authorizer("subprotocol")
            ),
            vec![
                ("a good token", String::new(), offered(&good), 101),
                ("a bad token", String::new(), offered(&bad), 401),
                ("a token elsewhere", query(&good), vec![], 401),
            ],
        ),
        (
            "CUSTOM",
            authorizer("query"),
            vec![
                ("a good token", query(&good), vec![], 101),
                ("a bad token", query(&bad), vec![], 401),
                ("a token elsewhere", String::new(), offered(&good), 401),
            ],
        ),
        ("AWS_IAM", "authorization = \"AWS_IAM\"".into(), vec![("no signature", String::new(), vec![], 403)]),
        ("NONE", "public = true".into(), vec![("anybody", String::new(), vec![], 101)]),
    ]
}
