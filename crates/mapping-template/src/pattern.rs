//! Java's regular expressions and replacements, as far as a linear-time engine goes.
//!
//! Look-around, back-references and possessive quantifiers are refused with an error.

use regex_lite::{Captures, Regex, RegexBuilder};

use crate::limits::PATTERN_BYTES_MAX;

/// Whether a method of strings takes a pattern as its first argument.
pub(crate) fn takes_pattern(method: &str) -> bool {
    matches!(method, "replaceAll" | "replaceFirst" | "matches" | "split")
}

/// Compiles a pattern for a method: `matches` is about the whole text.
pub(crate) fn compile(method: &str, pattern: &str) -> Result<Regex, regex_lite::Error> {
    let build = |pattern: &str| RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build();
    let regex = build(pattern)?;
    if method == "matches" { build(&format!(r"\A(?:{pattern})\z")) } else { Ok(regex) }
}

/// Expands a Java replacement: `$1` and `${name}` are groups, a backslash quotes what follows.
///
/// `None` if the replacement is malformed or names a group that the pattern has not.
pub(crate) fn expand(replacement: &str, captures: &Captures<'_>, into: &mut String) -> Option<()> {
    let mut characters = replacement.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => into.push(characters.next()?),
            '$' => match characters.next()? {
                '{' => {
                    let name: String = characters.by_ref().take_while(|c| *c != '}').collect();
                    into.push_str(captures.name(&name)?.as_str());
                }
                digit => {
                    let mut group = digit.to_digit(10)? as usize;
                    // Java takes further digits only as long as such a group exists.
                    while let Some(next) = characters.peek().and_then(|c| c.to_digit(10)) {
                        let longer = group.saturating_mul(10).saturating_add(next as usize);
                        if longer >= captures.len() {
                            break;
                        }
                        group = longer;
                        characters.next();
                    }
                    if group >= captures.len() {
                        return None;
                    }
                    into.push_str(captures.get(group).map_or("", |found| found.as_str()));
                }
            },
            _ => into.push(character),
        }
    }
    Some(())
}
