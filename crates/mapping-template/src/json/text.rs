//! JSON strings: reading their escapes, and writing them.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text that stands between the quotes of a valid JSON string, escapes read.
///
/// Half of a surrogate pair becomes U+FFFD, since a Rust string cannot hold it.
pub(crate) fn unescape(raw: &str) -> Cow<'_, str> {
    let Some(first) = raw.find('\\') else { return Cow::Borrowed(raw) };
    let mut text = String::with_capacity(raw.len());
    text.push_str(&raw[..first]);
    let mut rest = &raw[first..];
    while let Some(backslash) = rest.find('\\') {
        text.push_str(&rest[..backslash]);
        let escape = &rest[backslash + 1..];
        let (character, length) = match escape.as_bytes().first() {
            Some(b'n') => ('\n', 1),
            Some(b't') => ('\t', 1),
            Some(b'r') => ('\r', 1),
            Some(b'b') => ('\u{8}', 1),
            Some(b'f') => ('\u{c}', 1),
            Some(b'u') => unicode(escape),
            Some(other) => (char::from(*other), 1),
            None => break,
        };
        text.push(character);
        rest = escape.get(length..).unwrap_or_default();
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The character of `uXXXX`, or of two of them that are a surrogate pair, and their length.
fn unicode(escape: &str) -> (char, usize) {
    let unit = |from: usize| u32::from_str_radix(escape.get(from..from + 4)?, 16).ok();
    let first = unit(1).unwrap_or(0xFFFD);
    if (0xD800..0xDC00).contains(&first)
        && escape.get(5..7) == Some("\\u")
        && let Some(second @ 0xDC00..0xE000) = unit(7)
    {
        let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 11);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 5)
}

/// Appends a text as a JSON string: quotes, backslashes and control characters are escaped.
pub(crate) fn quote_into(text: &str, into: &mut String) {
    into.push('"');
    let mut rest = text;
    while let Some(found) = rest.find(|c: char| matches!(c, '"' | '\\') || c < ' ') {
        into.push_str(&rest[..found]);
        match rest.as_bytes()[found] {
            b'"' => into.push_str("\\\""),
            b'\\' => into.push_str("\\\\"),
            b'\n' => into.push_str("\\n"),
            b'\r' => into.push_str("\\r"),
            b'\t' => into.push_str("\\t"),
            0x8 => into.push_str("\\b"),
            0xc => into.push_str("\\f"),
            control => {
                // Writing to a string cannot fail.
                let _ = write!(into, "\\u{control:04x}");
            }
        }
        rest = &rest[found + 1..];
    }
    into.push_str(rest);
    into.push('"');
}
