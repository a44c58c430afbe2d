//! Checks the texts in an API's resources: selection expressions and mapping templates.

use super::invalid;
use crate::protocol::ApiError;
use crate::services::apigateway::websocket::selection::SelectionExpression;
use crate::services::apigateway::websocket::stage::Templates;
use mapping_template::Template;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Characters of a mapping template, at most (the API's model).
pub const TEMPLATE_CHARS_MAX: usize = 32_768;
/// What is taken where no key equals the expression's value.
const DEFAULT_KEY: &str = "$default";

/// Checks a selection expression. Fails with `BadRequestException` in the control plane's words.
pub fn check(member: &str, expression: &str) -> Result<(), ApiError> {
    parse(member, expression).map(drop)
}

/// Checks a content handling strategy: messages and answers are text here, which `CONVERT_TO_TEXT` leaves as it is.
///
/// # Errors
/// The other one by name, and what is none.
pub fn check_content_handling(strategy: Option<&str>) -> Result<(), ApiError> {
    match strategy {
        None | Some("CONVERT_TO_TEXT") => Ok(()),
        Some(other @ "CONVERT_TO_BINARY") => {
            Err(invalid(format!("contentHandlingStrategy: {other} is not supported by the emulator")))
        }
        Some(other) => Err(invalid(format!("contentHandlingStrategy: {other} is no such strategy"))),
    }
}

/// Compiles a selection expression.
///
/// # Errors
/// As [`check`].
pub fn parse(member: &str, expression: &str) -> Result<SelectionExpression, ApiError> {
    SelectionExpression::parse(expression).map_err(|error| invalid(format!("{member}: {error}")))
}

/// Checks the templates of an integration or of one of its responses, and warns of each that no message selects.
///
/// # Errors
/// As [`templates`].
pub fn check_templates(
    member: &str,
    texts: Option<&BTreeMap<String, String>>,
    selection: Option<&str>,
) -> Result<(), ApiError> {
    let templates = templates(member, texts, selection)?;
    for key in unreachable(&templates) {
        let selection = selection.unwrap_or("none");
        tracing::warn!(
            template = format!("{member}[{key}]"),
            templateSelectionExpression = selection,
            "no message selects this template: name it as the expression's value, or $default"
        );
    }
    Ok(())
}

/// Keys of templates that the expression never comes to, in order. `$default` is what no other key matches, and a sole
/// template needs no expression.
fn unreachable(templates: &Templates) -> Vec<&str> {
    let is_sole = templates.by_key.len() == 1;
    let is_reached = |key: &str| match &templates.selection {
        _ if key == DEFAULT_KEY => true,
        Some(selection) => selection.can_yield(key),
        None => is_sole,
    };
    let mut keys: Vec<_> =
        templates.by_key.keys().map(String::as_str).filter(|key| !is_reached(key)).collect();
    keys.sort_unstable();
    keys
}

/// Compiles the templates of an integration or of one of its responses.
///
/// # Errors
/// `BadRequestException` with the template's key, line and column.
pub fn templates(
    member: &str,
    texts: Option<&BTreeMap<String, String>>,
    selection: Option<&str>,
) -> Result<Templates, ApiError> {
    let selection =
        selection.map(|expression| parse("templateSelectionExpression", expression)).transpose()?;
    let by_key = texts.into_iter().flatten().map(|(key, text)| {
        if text.chars().count() > TEMPLATE_CHARS_MAX {
            return Err(invalid(format!("{member}[{key}]: longer than {TEMPLATE_CHARS_MAX} characters")));
        }
        let template = Template::parse(text).map_err(|error| invalid(format!("{member}[{key}]: {error}")))?;
        Ok((key.clone(), Arc::new(template)))
    });
    Ok(Templates { selection, by_key: by_key.collect::<Result<_, _>>()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/aws-behaviour.md#apigateway-request-template-selection and #apigateway-template-expression-omitted
    #[test]
    fn a_template_that_no_message_selects_is_known() {
        for (expression, keys, expected) in [
            (Some("\\$default"), &["\\$default"][..], &["\\$default"][..]),
            (Some("\\$default"), &["$default", "application/json"], &["application/json"]),
            (Some("default"), &["default", "$default", "other"], &["other"]),
            (Some("default"), &["Default"], &["Default"]),
            (Some("$request.body.kind"), &["A", "\\$default"], &[]),
            (Some("chat-${request.body.kind}"), &["chat-A", "game-A"], &["game-A"]),
            (Some("$integration.response.statuscode"), &["200", "default"], &["default"]),
            (None, &["application/json"], &[]),
            (None, &["application/json", "text/plain"], &["application/json", "text/plain"]),
            (None, &["$default", "application/json"], &["application/json"]),
            (Some("default"), &[], &[]),
        ] {
            let texts = keys.iter().map(|key| ((*key).to_owned(), String::new())).collect();
            let compiled = templates("requestTemplates", Some(&texts), expression).unwrap();
            assert_eq!(unreachable(&compiled), expected, "{expression:?} {keys:?}");
        }
    }
}
