//! Everything that `terraform/` sets and reads is in version 6 of the AWS provider too, and not deprecated there.
//!
//! The provider that the other trials run is 5.100. `provider/provider-6.json` has what 6 knows of the same resources;
//! `provider/extract.py` writes it.

use crate::failed;
use anyhow::{Context as _, bail, ensure};
use hcl::expr::{ForExpr, Operation, TemplateExpr, Traversal, TraversalOperator};
use hcl::template::{Directive, Element};
use hcl::{Body, Expression, Template};
use libtest_mimic::Trial;
use serde_json::Value;
use sluicegate_tests::functions::project;
use std::path::{Path, PathBuf};

const FACTS: &str = "tests/terraform/provider/provider-6.json";
/// What Terraform itself reads of a block.
const META: [&str; 6] = ["count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];
/// What version 6 warns of, which its schema in the package does not say. The first two are deprecated since 6.0.0 and a
/// later 6.x (github.com/buildkite/terraform-buildkite-elastic-ci-stack-for-aws/pull/121), the others since 5.
const DEPRECATED: [(&str, &str); 4] = [
    ("aws_region", "name"),
    ("aws_region", "id"),
    ("aws_iam_role", "inline_policy"),
    ("aws_iam_role", "managed_policy_arns"),
];
/// What the check must notice, and in which words.
const FAULTS: [(&str, &str); 8] = [
    (r#"resource "aws_sqs_queue" "q" { nam = "x" }"#, "aws_sqs_queue has no nam"),
    (r#"resource "aws_kinesis_stream" "s" {}"#, "aws_kinesis_stream.s sets no name, which is required"),
    (r#"resource "aws_sqs_queue" "q" { url = "x" }"#, "aws_sqs_queue.url cannot be set"),
    (
        r#"resource "aws_kinesis_stream" "s" {
             name = "x"
             stream_mode_details {
               stream_mode = "x"
               mode        = "x"
             }
           }"#,
        "aws_kinesis_stream.stream_mode_details has no mode",
    ),
    (r#"locals { a = "b${aws_sqs_queue.q[0].uri}" }"#, "aws_sqs_queue has no uri"),
    (r#"locals { a = [for q in aws_sqs_queue.q : q.uri] }"#, "aws_sqs_queue has no uri"),
    (r#"locals { a = data.aws_partition.current.name }"#, "aws_partition has no name"),
    (
        r#"resource "aws_iam_role" "r" {
          assume_role_policy  = "x"
          managed_policy_arns = []
        }"#,
        "aws_iam_role.managed_policy_arns is deprecated",
    ),
];

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        Trial::test("provider_6::has_all_that_is_used", || compare().map_err(failed)),
        Trial::test("provider_6::what_it_lacks_is_noticed", || notices().map_err(failed)),
    ]
}

fn facts() -> anyhow::Result<Value> {
    let text = std::fs::read(project().join(FACTS)).with_context(|| format!("cannot read {FACTS}"))?;
    serde_json::from_slice(&text).with_context(|| format!("{FACTS} is no JSON"))
}

fn compare() -> anyhow::Result<()> {
    let (facts, mut checked) = (facts()?, 0);
    for path in configurations(&project().join("terraform"))? {
        let text = std::fs::read_to_string(&path)?;
        let body = hcl::parse(&text).with_context(|| format!("{} is no HCL", path.display()))?;
        let check = Check::of(&facts, &body);
        ensure!(check.problems.is_empty(), "{}: {}", path.display(), check.problems.join("; "));
        checked += check.checked;
    }
    ensure!(checked > 200, "{checked} uses of attributes were found: the check overlooks some");
    Ok(())
}

fn notices() -> anyhow::Result<()> {
    let facts = facts()?;
    for (text, problem) in FAULTS {
        let check = Check::of(&facts, &hcl::parse(text)?);
        ensure!(check.problems == [problem], "{text}: {:?}", check.problems);
    }
    Ok(())
}

/// All files of a configuration and of what is below it.
fn configurations(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with(".terraform") {
            files.extend(configurations(&path)?);
        } else if path.extension().is_some_and(|kind| kind == "tf") {
            files.push(path);
        }
    }
    Ok(files)
}

/// A name in an expression that stands for a resource.
type Bound = (String, String);

struct Check<'a> {
    facts: &'a Value,
    bound: Vec<Bound>,
    problems: Vec<String>,
    checked: usize,
}

impl<'a> Check<'a> {
    fn of(facts: &'a Value, body: &Body) -> Self {
        let mut check = Self { facts, bound: Vec::new(), problems: Vec::new(), checked: 0 };
        for block in body.blocks() {
            let labels: Vec<_> = block.labels().iter().map(hcl::BlockLabel::as_str).collect();
            match (block.identifier(), labels.as_slice()) {
                ("resource" | "data", [kind, name]) if kind.starts_with("aws_") => {
                    check.bound.push(("self".into(), (*kind).into()));
                    match check.schema(kind) {
                        Ok(schema) => check.block(schema, kind, &format!("{kind}.{name}"), block.body()),
                        Err(error) => check.problems.push(error.to_string()),
                    }
                    check.body(block.body());
                    check.bound.pop();
                }
                _ => check.body(block.body()),
            }
        }
        check.body_of_attributes(body);
        check
    }

    fn schema(&self, kind: &str) -> anyhow::Result<&'a Value> {
        match (&self.facts["resource"][kind], &self.facts["data"][kind]) {
            (Value::Null, Value::Null) => bail!("{FACTS} has no {kind}: run extract.py beside it"),
            (Value::Null, data) => Ok(data),
            (resource, _) => Ok(resource),
        }
    }

    /// What a block sets.
    fn block(&mut self, schema: &Value, path: &str, address: &str, body: &Body) {
        let mut set = Vec::new();
        for attribute in body.attributes().filter(|attribute| !META.contains(&attribute.key())) {
            set.push(attribute.key().to_owned());
            self.member(schema, path, attribute.key(), true);
        }
        for block in body.blocks().filter(|block| !META.contains(&block.identifier())) {
            let label = block.labels().first().map(|label| label.as_str().to_owned());
            let content = block.body().blocks().find(|inner| inner.identifier() == "content");
            let (name, inner) = match (block.identifier(), label, content) {
                ("dynamic", Some(label), Some(content)) => (label, content.body()),
                (name, ..) => (name.to_owned(), block.body()),
            };
            if self.member(schema, path, &name, true) {
                let path = format!("{path}.{name}");
                self.block(&schema[&name], &path, &path, inner);
            }
            set.push(name);
        }
        for (name, _) in schema.as_object().into_iter().flatten().filter(|(_, how)| **how == "required") {
            if !set.contains(name) {
                self.problems.push(format!("{address} sets no {name}, which is required"));
            }
        }
    }

    /// One attribute or block, set or read.
    fn member(&mut self, schema: &Value, path: &str, name: &str, is_set: bool) -> bool {
        self.checked += 1;
        let problem = if schema[name].is_null() {
            format!("{path} has no {name}")
        } else if is_set && schema[name] == "computed" {
            format!("{path}.{name} cannot be set")
        } else if DEPRECATED.contains(&(path, name)) {
            format!("{path}.{name} is deprecated")
        } else {
            return true;
        };
        self.problems.push(problem);
        false
    }

    fn body(&mut self, body: &Body) {
        self.body_of_attributes(body);
        for block in body.blocks() {
            let before = self.bound.len();
            // `dynamic "x" { for_each = aws_y.z }`: x.value is one of them.
            let source = block.body().attributes().find(|attribute| attribute.key() == "for_each");
            if let (Some(source), Some(name)) = (source, block.labels().first()) {
                let kind = kind_of(source.expr());
                self.bound.extend(kind.map(|kind| (format!("{}.value", name.as_str()), kind)));
            }
            self.body(block.body());
            self.bound.truncate(before);
        }
    }

    fn body_of_attributes(&mut self, body: &Body) {
        body.attributes().for_each(|attribute| self.expression(attribute.expr()));
    }

    fn expression(&mut self, expression: &Expression) {
        match expression {
            Expression::Array(items) => items.iter().for_each(|item| self.expression(item)),
            Expression::Object(members) => {
                for (key, value) in members {
                    if let hcl::expr::ObjectKey::Expression(key) = key {
                        self.expression(key);
                    }
                    self.expression(value);
                }
            }
            Expression::Parenthesis(inner) => self.expression(inner),
            Expression::FuncCall(call) => call.args.iter().for_each(|argument| self.expression(argument)),
            Expression::Conditional(choice) => {
                for part in [&choice.cond_expr, &choice.true_expr, &choice.false_expr] {
                    self.expression(part);
                }
            }
            Expression::Operation(operation) => match &**operation {
                Operation::Unary(unary) => self.expression(&unary.expr),
                Operation::Binary(binary) => {
                    self.expression(&binary.lhs_expr);
                    self.expression(&binary.rhs_expr);
                }
            },
            Expression::ForExpr(each) => self.each(each),
            Expression::Traversal(traversal) => self.reference(traversal),
            Expression::TemplateExpr(template) => self.template(template),
            _ => {}
        }
    }

    fn each(&mut self, each: &ForExpr) {
        self.expression(&each.collection_expr);
        let kind = kind_of(&each.collection_expr);
        let before = self.bound.len();
        self.bound.extend(kind.map(|kind| (each.value_var.as_str().to_owned(), kind)));
        each.key_expr.iter().chain(&each.cond_expr).for_each(|part| self.expression(part));
        self.expression(&each.value_expr);
        self.bound.truncate(before);
    }

    fn template(&mut self, template: &TemplateExpr) {
        let Ok(template) = Template::from_expr(template) else {
            self.problems.push(format!("{template:?} is no template"));
            return;
        };
        for element in template.elements() {
            match element {
                Element::Literal(_) => {}
                Element::Interpolation(interpolation) => self.expression(&interpolation.expr),
                Element::Directive(directive) => match &**directive {
                    Directive::If(choice) => self.expression(&choice.cond_expr),
                    Directive::For(each) => self.expression(&each.collection_expr),
                },
            }
        }
    }

    /// `aws_x.y[0].z`, `data.aws_x.y.z`, or a name that stands for one.
    fn reference(&mut self, traversal: &Traversal) {
        self.expression(&traversal.expr);
        for operator in &traversal.operators {
            if let TraversalOperator::Index(index) = operator {
                self.expression(index);
            }
        }
        let Some((kind, attributes)) = self.resource(traversal) else { return };
        let mut schema = match self.schema(&kind) {
            Ok(schema) => schema,
            Err(error) => return self.problems.push(error.to_string()),
        };
        let mut path = kind;
        for name in attributes {
            // An attribute may be an object in turn, of which the bindings say nothing.
            if schema.is_string() || !self.member(schema, &path, &name, false) {
                return;
            }
            schema = &schema[&name];
            path = format!("{path}.{name}");
        }
    }

    /// The resource's type, and the attributes that are read of it.
    fn resource(&self, traversal: &Traversal) -> Option<(String, Vec<String>)> {
        let names = names(traversal)?;
        let bound = self.bound.iter().rev().find_map(|(name, kind)| {
            let depth = name.split('.').count();
            (names.len() >= depth && names[..depth].join(".") == *name)
                .then(|| (kind.clone(), names[depth..].to_vec()))
        });
        bound.or_else(|| match names.as_slice() {
            [data, kind, _, rest @ ..] if data == "data" => Some((kind.clone(), rest.to_vec())),
            [kind, _, rest @ ..] if kind.starts_with("aws_") => Some((kind.clone(), rest.to_vec())),
            _ => None,
        })
    }
}

/// The names of a traversal, without its indices.
fn names(traversal: &Traversal) -> Option<Vec<String>> {
    let Expression::Variable(first) = &traversal.expr else { return None };
    let attributes = traversal.operators.iter().filter_map(|operator| match operator {
        TraversalOperator::GetAttr(name) => Some(name.as_str().to_owned()),
        _ => None,
    });
    Some(std::iter::once(first.as_str().to_owned()).chain(attributes).collect())
}

/// The type of the resources that an expression is a collection of.
fn kind_of(expression: &Expression) -> Option<String> {
    let Expression::Traversal(traversal) = expression else { return None };
    match names(traversal)?.as_slice() {
        [kind, _] if kind.starts_with("aws_") => Some(kind.clone()),
        _ => None,
    }
}
