//! The allowed elements of a statement: actions of a service, resources that are ARNs, principals that can call.

use super::malformed::Malformed;
use super::pattern::Pattern;
use super::statement::{Kind, Principals};
use std::collections::BTreeMap;

const ACCOUNT_DIGITS: usize = 12;

/// `service:Action`, either with wildcards, or `*`.
pub fn action(text: &str, kind: Kind) -> Result<Pattern, Malformed> {
    let refuse = |why: &str| Err(Malformed::new(format!("Action {text}: {why}")));
    let pattern = Pattern::Plain(text.to_owned());
    if text == "*" {
        return Ok(pattern);
    }
    let Some((service, name)) = text.split_once(':') else {
        return refuse("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
    };
    let is_service = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if service != "*" && (service.is_empty() || !service.chars().all(is_service)) {
        return refuse("the service is made of letters, digits and hyphens");
    }
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '*' || c == '?') {
        return refuse("the name is made of letters and digits, * and ?");
    }
    if kind == Kind::Trust && !service.eq_ignore_ascii_case("sts") {
        return Err(Malformed::new("AssumeRole policy may only specify STS AssumeRole actions."));
    }
    Ok(pattern)
}

/// An ARN, with wildcards and variables, or `*`. One that ends with `*` may have fewer parts, since the star covers the
/// rest.
pub fn resource(text: &str, newer: bool) -> Result<Pattern, Malformed> {
    let pattern = Pattern::parse(text, newer)?;
    let mut parts = text.split(':');
    let is_arn = parts.next() == Some("arn")
        && (text.ends_with('*') || pattern.may_be_arn())
        && [parts.next(), parts.next()].iter().all(|part| part.is_none_or(|part| !part.is_empty()));
    if text == "*" || is_arn {
        return Ok(pattern);
    }
    Err(Malformed::new(format!("Resource {text} must be in ARN format or \"*\".")))
}

/// The principals of a trust policy or a resource policy, by kind.
pub fn principals(kinds: BTreeMap<String, Vec<String>>) -> Result<Principals, Malformed> {
    let mut principals = Principals::default();
    for (kind, names) in kinds {
        if names.is_empty() {
            return Err(Malformed::new(format!("Principal {kind} has no members")));
        }
        for name in names {
            match kind.as_str() {
                "Service" if is_service_principal(&name) => principals.services.push(name),
                "AWS" if name == "*" => principals.everyone = true,
                "AWS" => aws(&mut principals, name)?,
                "Service" => return Err(Malformed::principal(&kind, &name)),
                other => {
                    return Err(Malformed::new(format!(
                        "principal {other} is not supported by the emulator"
                    )));
                }
            }
        }
    }
    if principals == Principals::default() {
        return Err(Malformed::new("Principal is empty"));
    }
    Ok(principals)
}

/// `lambda.amazonaws.com`, in any partition.
fn is_service_principal(name: &str) -> bool {
    let legal = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c));
    legal && [".amazonaws.com", ".amazonaws.com.cn"].iter().any(|domain| name.ends_with(domain))
}

/// An account by its id or its root's ARN, or a role or user by its ARN, without wildcards.
fn aws(principals: &mut Principals, name: String) -> Result<(), Malformed> {
    let is_account = |text: &str| text.len() == ACCOUNT_DIGITS && text.bytes().all(|b| b.is_ascii_digit());
    if is_account(&name) {
        principals.accounts.push(name);
        return Ok(());
    }
    let parts: Vec<&str> = name.split(':').collect();
    match parts[..] {
        ["arn", _, "iam", "", account, "root"] if is_account(account) => {
            principals.accounts.push(account.to_owned());
        }
        ["arn", _, "iam" | "sts", "", account, entity]
            if is_account(account) && entity.contains('/') && !name.contains(['*', '?', '$']) =>
        {
            principals.arns.push(name);
        }
        _ => return Err(Malformed::principal("AWS", &name)),
    }
    Ok(())
}
