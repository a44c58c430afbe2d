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

/// Checks a selection expression. Fails with `BadRequestException` in the control plane's words.
pub fn check(member: &str, expression: &str) -> Result<(), ApiError> {
    parse(member, expression).map(drop)
}

/// Compiles a selection expression. Errors: as [`check`].
pub fn parse(member: &str, expression: &str) -> Result<SelectionExpression, ApiError> {
    SelectionExpression::parse(expression).map_err(|error| invalid(format!("{member}: {error}")))
}

/// Compiles the templates of an integration or of one of its responses. Fails with `BadRequestException` with the
/// template's key, line and column.
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
