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

/// Where Java looks for the match after one: at its end, or behind the next character if it was of nothing. Nowhere behind
/// the end of the text.
pub(crate) fn next_search(text: &str, start: usize, end: usize) -> Option<usize> {
    if end > start {
        return Some(end);
    }
    text[end..].chars().next().map(|character| end + character.len_utf8())
}

/// The text that a pattern stands for, if it is one text: no operator, or each behind a backslash.
pub(crate) fn literal(pattern: &str) -> Option<String> {
    let mut text = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.push(characters.next().filter(char::is_ascii_punctuation)?),
            '.' | '^' | '$' | '|' | '?' | '*' | '+' | '(' | ')' | '[' | ']' | '{' | '}' => return None,
            _ => text.push(character),
        }
    }
    Some(text)
}

/// Whether a search may read far beyond the match that it finds, as `a*b|a` does.
///
/// It may not where the only unbounded repetition ends the pattern; groups and alternatives are
/// not looked into.
pub(crate) fn reads_ahead(pattern: &str) -> bool {
    let mut repeated = false;
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if repeated && character != '?' {
            return true;
        }
        match character {
            '\\' => {
                characters.next();
            }
            '[' => {
                // A `]` that comes first is a member; then up to the closing one.
                let mut members = 0;
                while let Some(member) = characters.next() {
                    match member {
                        '\\' => {
                            characters.next();
                        }
                        '[' => return true,
                        ']' if members > 0 => break,
                        '^' if members == 0 => continue,
                        _ => {}
                    }
                    members += 1;
                }
            }
            '*' | '+' => repeated = true,
            '(' | '|' | '{' => return true,
            _ => {}
        }
    }
    false
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
