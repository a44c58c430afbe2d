//! References to functions: a name, a partial ARN or an ARN, each with or without a qualifier. Pure.

use super::invalid;
use crate::core::account::Account;
use crate::protocol::ApiError;
use crate::services::lambda::invocation::config::LATEST;
use http::StatusCode;
use regex_lite::Regex;
use std::sync::LazyLock;

/// Characters of a qualifier, at most.
const QUALIFIER_CHARS_MAX: usize = 128;
/// The qualifier of durable functions.
const LATEST_PUBLISHED: &str = "$LATEST.PUBLISHED";
const QUALIFIER: &str = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";

/// The form of a function's name that an operation accepts. The patterns are Lambda's own and appear in its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameForm {
    /// Operations that read or invoke.
    Read,
    /// DeleteFunction.
    Delete,
    /// Operations that create or change.
    Write,
}

const LOOSE: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";
const STRICT: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?";
/// The patterns' groups.
const REGION: usize = 3;
const ACCOUNT: usize = 9;
const NAME: usize = 11;
const QUALIFIED: usize = 13;

static LOOSE_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| whole(LOOSE));
static STRICT_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| whole(STRICT));
static WHOLE_QUALIFIER: LazyLock<Option<Regex>> = LazyLock::new(|| whole(QUALIFIER));

fn whole(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("^(?:{pattern})$")).ok()
}

impl NameForm {
    fn chars_max(self) -> usize {
        match self {
            Self::Read => 170,
            Self::Delete | Self::Write => 140,
        }
    }

    fn pattern(self) -> (&'static str, Option<&'static Regex>) {
        match self {
            Self::Read | Self::Delete => (LOOSE, LOOSE_NAME.as_ref()),
            Self::Write => (STRICT, STRICT_NAME.as_ref()),
        }
    }
}

/// A function, or a version or an alias of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    /// The function's name.
    pub name: String,
    /// A version's number, an alias's name or [`LATEST`].
    pub qualifier: Option<String>,
}

impl Reference {
    /// Reads the name in a request, and the qualifier beside it if there is one. Fails if they are malformed,
    /// contradict each other, or name another region or account.
    pub fn read(
        account: &Account,
        form: NameForm,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<Self, ApiError> {
        let mut wrong: Vec<_> = qualifier.into_iter().flat_map(check_qualifier).collect();
        if name.chars().count() > form.chars_max() {
            wrong.push(too_long("functionName", name, form.chars_max()));
        }
        let (pattern, regex) = form.pattern();
        let found = regex.and_then(|regex| regex.captures(name));
        let Some(found) = found.filter(|_| wrong.is_empty()) else {
            if regex.is_some_and(|regex| !regex.is_match(name)) {
                wrong.push(mismatch("functionName", name, pattern));
            }
            return Err(validation(&wrong));
        };
        let group = |index: usize| found.get(index).map(|found| found.as_str());
        let place = |index: usize| group(index).map(|text| text.trim_end_matches(':'));
        match (place(REGION), place(ACCOUNT)) {
            (Some(region), _) if region != account.region() => return Err(unreachable(region, account)),
            (_, Some(id)) if id != account.id => return Err(foreign(id, account)),
            _ => {}
        }
        let name = group(NAME).unwrap_or_default().to_owned();
        let qualifier = match (group(QUALIFIED), qualifier) {
            (Some(derived), Some(given)) if derived != given => {
                return Err(invalid(
                    "The derived qualifier from the function name does not match the specified qualifier.",
                ));
            }
            (derived, given) => derived.or(given).map(str::to_owned),
        };
        if qualifier.as_deref() == Some(LATEST_PUBLISHED) {
            return Err(invalid(format!("Qualifier: {LATEST_PUBLISHED} is not supported by the emulator")));
        }
        Ok(Self { name, qualifier })
    }

    /// Its name, with the qualifier behind a colon: as the function host knows it, and as the end of its ARN.
    pub fn target(&self) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", self.name),
            None => self.name.clone(),
        }
    }

    /// The same without the qualifier `$LATEST`, which is the default.
    pub fn without_latest(self) -> Self {
        Self { qualifier: self.qualifier.filter(|qualifier| qualifier != LATEST), name: self.name }
    }

    /// The refusal of a function, version or alias that does not exist.
    pub fn not_found(&self, account: &Account) -> ApiError {
        let message = format!("Function not found: {}", account.function_arn(&self.target()));
        ApiError::not_found("ResourceNotFoundException", message)
    }
}

/// A qualifier's violation of its constraints, if there is one.
fn check_qualifier(qualifier: &str) -> Option<String> {
    if qualifier.chars().count() > QUALIFIER_CHARS_MAX {
        return Some(too_long("qualifier", qualifier, QUALIFIER_CHARS_MAX));
    }
    let is_legal = WHOLE_QUALIFIER.as_ref().is_some_and(|regex| regex.is_match(qualifier));
    (!is_legal).then(|| mismatch("qualifier", qualifier, QUALIFIER))
}

/// A violation of a member's pattern.
pub(super) fn mismatch(member: &str, value: &str, pattern: &str) -> String {
    format!(
        "Value '{value}' at '{member}' failed to satisfy constraint: Member must satisfy regular expression pattern: {pattern}"
    )
}

/// A violation of a member's length.
pub(super) fn too_long(member: &str, value: &str, chars_max: usize) -> String {
    format!(
        "Value '{value}' at '{member}' failed to satisfy constraint: Member must have length less than or equal to {chars_max}"
    )
}

/// The refusal that lists a request's violations, in AWS's words.
pub(super) fn validation(wrong: &[String]) -> ApiError {
    ApiError::bad_request("ValidationException", detected(wrong))
}

/// The message of [`validation`].
pub(super) fn detected(wrong: &[String]) -> String {
    let errors = if wrong.len() == 1 { "error" } else { "errors" };
    format!("{} validation {errors} detected: {}", wrong.len(), wrong.join("; "))
}

/// The refusal of a function in another region.
pub(super) fn unreachable(region: &str, account: &Account) -> ApiError {
    let message =
        format!("Functions from '{region}' are not reachable in this region ('{}')", account.region());
    ApiError::not_found("ResourceNotFoundException", message)
}

/// The refusal of a function in another account. AWS's own has no message.
pub(super) fn foreign(id: &str, account: &Account) -> ApiError {
    let message = format!("account {id} is not the emulator's, which is {}", account.id);
    ApiError::new(StatusCode::FORBIDDEN, "AccessDeniedException", message)
}

#[cfg(test)]
#[path = "reference_tests.rs"]
mod tests;
