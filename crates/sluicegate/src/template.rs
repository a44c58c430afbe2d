//! `sluicegate template`: prints exactly what a mapping template renders.

use anyhow::Context as _;
use mapping_template::{ContextTree, Node, Params, Scope, StageVariables, Template};
use std::io::Read as _;
use std::path::PathBuf;

/// Arguments of `template`.
#[derive(clap::Args)]
pub struct Args {
    /// The template; `-` reads it from standard input
    file: PathBuf,
    /// The message that it maps
    #[arg(long, default_value = "", value_name = "TEXT")]
    body: String,
    /// A variable below $context, such as connectionId=abc= or authorizer.principalId=me; whole numbers are numbers
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    context: Vec<(String, String)>,
    /// A stage variable
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    stage_variable: Vec<(String, String)>,
    /// A query parameter of $connect
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    query: Vec<(String, String)>,
    /// A header of $connect
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    header: Vec<(String, String)>,
}

/// Renders; an error in the template names its line and column.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let name = args.file.display();
    let source = if args.file.as_os_str() == "-" {
        let mut source = String::new();
        std::io::stdin().read_to_string(&mut source).context("cannot read standard input")?;
        source
    } else {
        std::fs::read_to_string(&args.file).with_context(|| format!("cannot read {name}"))?
    };
    let template = Template::parse(&source).map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
    let mut context = ContextTree::new();
    for (path, value) in &args.context {
        let node = value.parse().map_or_else(|_| Node::Text(value.clone().into()), Node::Number);
        context = context.with(path, node);
    }
    let stage_variables: StageVariables = args.stage_variable.iter().cloned().collect();
    let params = Params {
        querystring: args.query.iter().cloned().collect(),
        header: args.header.iter().cloned().collect(),
        ..Params::default()
    };
    let scope = Scope::new(&args.body, &context).with_params(&params).with_stage_variables(&stage_variables);
    let rendered = template.render(&scope).map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
    print!("{}", rendered.text);
    Ok(())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    if name.is_empty() {
        return Err("expected a name before the =".into());
    }
    Ok((name.to_owned(), value.to_owned()))
}
