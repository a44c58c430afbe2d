//! Java's regular expressions and replacements, as far as a linear-time engine supports them.
//!
//! Look-around, back-references and possessive quantifiers fail with an error.

use regex_lite::{Captures, Regex, RegexBuilder};

use crate::limits::PATTERN_BYTES_MAX;

/// Whether a method of strings takes a pattern as its first argument.
pub(crate) fn takes_pattern(method: &str) -> bool {
    matches!(method, "replaceAll" | "replaceFirst" | "matches" | "split")
}

/// Compiles a pattern for a method. For `matches`, it must match the whole text.
pub(crate) fn compile(method: &str, pattern: &str) -> Result<Regex, regex_lite::Error> {
    let build = |pattern: &str| RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build();
    let regex = build(pattern)?;
    if method == "matches" { build(&format!(r"\A(?:{pattern})\z")) } else { Ok(regex) }
}

/// The offset at which Java searches for the next match: the end of the last match, or one character further if that
/// match was empty. `None` after the end of the text.
pub(crate) fn next_search(text: &str, start: usize, end: usize) -> Option<usize> {
    if end > start {
        return Some(end);
    }
    text[end..].chars().next().map(|character| end + character.len_utf8())
}

/// The only text that a pattern matches, if it has no operators that are not escaped by a backslash.
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

/// Whether a search can read far beyond the match that it finds, as `a*b|a` does.
///
/// It cannot if the only unbounded repetition is at the end of the pattern. Patterns with groups or
/// alternatives are not analysed and count as reading ahead.
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
                // A `]` in the first place is a member; any other ends the class.
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

/// Expands a Java replacement: `$1` and `${name}` are groups, a backslash escapes the next character.
///
/// `None` if the replacement is malformed or names a group that the pattern does not have.
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
                    // Java takes another digit only if a group of that number exists.
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
