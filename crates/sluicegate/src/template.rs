//! `sluicegate template`: prints the output of a mapping template, byte for byte.

use anyhow::Context as _;
use mapping_template::{ContextTree, Node, Params, Scope, StageVariables, Template};
use std::io::Read as _;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// Template file; `-` reads it from standard input
    file: PathBuf,
    /// Message to map
    #[arg(long, default_value = "", value_name = "TEXT")]
    body: String,
    /// Set a $context variable, such as connectionId=abc= or authorizer.principalId=me; integers become numbers (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    context: Vec<(String, String)>,
    /// Set a stage variable (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    stage_variable: Vec<(String, String)>,
    /// Set a query parameter of $connect (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    query: Vec<(String, String)>,
    /// Set a header of $connect (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    header: Vec<(String, String)>,
}

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
