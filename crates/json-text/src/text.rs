//! JSON strings: reading their escapes, comparing and writing them.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A string of JSON: what stands between its quotes, escapes unread.
///
/// JSON can hold half of a surrogate pair, which UTF-8 and so a Rust string cannot: such a string equals no `str`,
/// and has its own [bytes](RawText::wtf8).
#[derive(Debug, Clone, Copy)]
pub struct RawText<'a>(&'a str);

/// A stretch of a string.
enum Piece<'a> {
    Plain(&'a str),
    Escaped(char),
    /// Half of a surrogate pair.
    Half(u16),
}

impl<'a> RawText<'a> {
    /// Of a string with its quotes.
    pub(crate) fn of_quoted(quoted: &'a str) -> Self {
        Self(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default())
    }

    /// As it is written, escapes and all.
    #[must_use]
    pub fn as_raw(self) -> &'a str {
        self.0
    }

    /// Whether it is this text.
    #[must_use]
    pub fn is(self, text: &str) -> bool {
        if self.0 == text {
            return !self.0.contains('\\');
        }
        self.0.contains('\\') && self.exact().is_some_and(|exact| exact == text)
    }

    /// The text, escapes read; `None` where it holds half of a surrogate pair.
    #[must_use]
    pub fn exact(self) -> Option<Cow<'a, str>> {
        self.read(|_, _| false)
    }

    /// The text, escapes read. Half of a surrogate pair becomes U+FFFD: two different strings can become one.
    #[must_use]
    pub fn lossy(self) -> Cow<'a, str> {
        let replaced = self.read(|text, _| {
            text.push(char::REPLACEMENT_CHARACTER);
            true
        });
        replaced.unwrap_or_default()
    }

    /// The text as WTF-8: as UTF-8, with halves of surrogate pairs in the same pattern of three bytes. Strings are
    /// equal, begin and end alike, if these bytes do.
    #[must_use]
    pub fn wtf8(self) -> Cow<'a, [u8]> {
        if !self.0.contains('\\') {
            return Cow::Borrowed(self.0.as_bytes());
        }
        let mut bytes = Vec::with_capacity(self.0.len());
        self.pieces(|piece| match piece {
            Piece::Plain(text) => bytes.extend_from_slice(text.as_bytes()),
            Piece::Escaped(character) => {
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Piece::Half(unit) => {
                let low = |bits: u16| 0x80 | (bits & 0x3F) as u8;
                bytes.extend([0xE0 | (unit >> 12) as u8, low(unit >> 6), low(unit)]);
            }
        });
        Cow::Owned(bytes)
    }

    /// The text, with `half` called for each half of a surrogate pair; `None` where it answers `false`.
    fn read(self, mut half: impl FnMut(&mut String, u16) -> bool) -> Option<Cow<'a, str>> {
        if !self.0.contains('\\') {
            return Some(Cow::Borrowed(self.0));
        }
        let mut text = String::with_capacity(self.0.len());
        let mut is_whole = true;
        self.pieces(|piece| match piece {
            Piece::Plain(plain) => text.push_str(plain),
            Piece::Escaped(character) => text.push(character),
            Piece::Half(unit) => is_whole &= half(&mut text, unit),
        });
        is_whole.then_some(Cow::Owned(text))
    }

    fn pieces(self, mut take: impl FnMut(Piece<'a>)) {
        let mut rest = self.0;
        while let Some(backslash) = rest.find('\\') {
            take(Piece::Plain(&rest[..backslash]));
            let escape = &rest[backslash + 1..];
            let (piece, length) = match escape.as_bytes().first() {
                Some(b'n') => (Piece::Escaped('\n'), 1),
                Some(b't') => (Piece::Escaped('\t'), 1),
                Some(b'r') => (Piece::Escaped('\r'), 1),
                Some(b'b') => (Piece::Escaped('\u{8}'), 1),
                Some(b'f') => (Piece::Escaped('\u{c}'), 1),
                Some(b'u') => unicode(escape),
                Some(other) => (Piece::Escaped(char::from(*other)), 1),
                None => return,
            };
            take(piece);
            rest = escape.get(length..).unwrap_or_default();
        }
        take(Piece::Plain(rest));
    }
}

/// The character of `uXXXX`, or of two of them that are a surrogate pair, and their length.
fn unicode(escape: &str) -> (Piece<'_>, usize) {
    let unit = |from: usize| u16::from_str_radix(escape.get(from..from + 4)?, 16).ok();
    let first = unit(1).unwrap_or(0xFFFD);
    if let Some(character) = char::from_u32(first.into()) {
        return (Piece::Escaped(character), 5);
    }
    if escape.get(5..7) == Some("\\u")
        && let Some(second) = unit(7)
        && let Some(Ok(character)) = char::decode_utf16([first, second]).next()
    {
        return (Piece::Escaped(character), 11);
    }
    (Piece::Half(first), 5)
}

/// Appends a text as a JSON string: quotes, backslashes and control characters are escaped.
pub fn quote_into(text: &str, into: &mut String) {
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
