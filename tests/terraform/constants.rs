//! The gateway module's resources have no constants of their own, so that the hash of `local.served` covers all of them.

use anyhow::{Context as _, ensure};
use hcl::{Body, Expression};
use libtest_mimic::Trial;
use sluicegate_tests::functions::project;

use crate::failed;

/// The resources that a deployment takes a snapshot of.
const SNAPSHOT: [&str; 6] = [
    "aws_apigatewayv2_authorizer",
    "aws_apigatewayv2_integration",
    "aws_apigatewayv2_integration_response",
    "aws_apigatewayv2_model",
    "aws_apigatewayv2_route",
    "aws_apigatewayv2_route_response",
];

/// The trial.
pub fn trial() -> Trial {
    Trial::test("no_constants_outside_the_deployments_hash", || check().map_err(failed))
}

fn check() -> anyhow::Result<()> {
    let mut seen = 0;
    let folder = project().join("terraform/modules/gateway");
    for file in std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = file?.path();
        if path.extension().is_none_or(|kind| kind != "tf") {
            continue;
        }
        let body: Body = hcl::parse(&std::fs::read_to_string(&path)?)?;
        for block in body.blocks().filter(|block| block.identifier() == "resource") {
            let kind = block.labels().first().map(|label| label.as_str().to_owned()).unwrap_or_default();
            if !SNAPSHOT.contains(&kind.as_str()) {
                continue;
            }
            seen += 1;
            for attribute in block.body().attributes().filter(|attribute| attribute.key() != "count") {
                ensure!(
                    !is_constant(attribute.expr()),
                    "{kind}.{} is a constant: move it to `served` in locals.tf, or an upgrade that changes it is never deployed",
                    attribute.key()
                );
            }
        }
    }
    ensure!(seen == SNAPSHOT.len(), "{seen} of {} kinds of resources found", SNAPSHOT.len());
    Ok(())
}

/// Whether an expression is, or may become, a value that stands there in full.
fn is_constant(expression: &Expression) -> bool {
    match expression {
        Expression::Bool(_) | Expression::Number(_) | Expression::String(_) => true,
        Expression::Array(items) => items.iter().any(is_constant),
        Expression::Object(members) => members.iter().any(|(key, value)| {
            // `default = …` is a key that stands there in full, `(local.label) = …` is not.
            matches!(key, hcl::expr::ObjectKey::Identifier(_)) || is_constant(value)
        }),
        Expression::Parenthesis(inner) => is_constant(inner),
        Expression::Conditional(choice) => is_constant(&choice.true_expr) || is_constant(&choice.false_expr),
        _ => false,
    }
}
