//! Checks a JSON text and takes the blanks out of it, in one pass and without a tree.

use std::borrow::Cow;

use crate::NotJson;

/// Removes the whitespace between the tokens of a JSON text; everything else stays as it is,
/// byte for byte: digits, escapes, the order of keys and keys that occur twice.
///
/// Returns `None` if the text is not JSON as RFC 8259 defines it. A text without such whitespace is not
/// copied. There is no recursion, so only the length of the text limits nesting.
#[must_use]
pub fn minify(text: &str) -> Option<Cow<'_, str>> {
    let mut scanner = Scanner::new(text, true);
    scanner.document()?;
    Some(scanner.finish())
}

/// Checks a text and copies nothing.
pub(crate) fn check(text: &str) -> Result<(), NotJson> {
    let mut scanner = Scanner::new(text, false);
    scanner.document().ok_or(NotJson { at: scanner.at })
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Whether blanks are left out of a copy.
    minifies: bool,
    /// What was kept before `run`; stays empty as long as there is nothing to leave out.
    copied: String,
    /// Where the text begins that is kept and not copied yet.
    run: usize,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, minifies: bool) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, minifies, copied: String::new(), run: 0 }
    }

    /// The whole text: one value and blanks around it.
    fn document(&mut self) -> Option<()> {
        // The brackets that are open, innermost last.
        let mut open: Vec<u8> = Vec::new();
        self.blanks();
        loop {
            self.value(&mut open)?;
            while let Some(close) = open.last() {
                self.blanks();
                if !self.ends(*close)? {
                    break;
                }
                open.pop();
            }
            if open.is_empty() {
                self.blanks();
                return (self.at == self.text.len()).then_some(());
            }
        }
    }

    /// A value, or as many brackets as open one; an empty array or object is a value.
    fn value(&mut self, open: &mut Vec<u8>) -> Option<()> {
        loop {
            let first = self.peek()?;
            if !matches!(first, b'{' | b'[') {
                return self.scalar(first);
            }
            self.at += 1;
            self.blanks();
            let close = first + 2; // `}` and `]` follow two after `{` and `[` in ASCII.
            if self.peek()? == close {
                self.at += 1;
                return Some(());
            }
            open.push(close);
            if first == b'{' {
                self.key()?;
            }
        }
    }

    /// After a value: whether its array or object ends here; if not, the next value begins after the comma.
    fn ends(&mut self, close: u8) -> Option<bool> {
        let found = self.peek()?;
        if found == close {
            self.at += 1;
            return Some(true);
        }
        if found != b',' {
            return None;
        }
        self.at += 1;
        self.blanks();
        if close == b'}' {
            self.key()?;
        }
        Some(false)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Leaves out the blanks that are next.
    fn blanks(&mut self) {
        let start = self.at;
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
        if self.minifies && self.at > start {
            self.copied.push_str(&self.text[self.run..start]);
            self.run = self.at;
        }
    }

    fn finish(mut self) -> Cow<'a, str> {
        if self.copied.is_empty() {
            // Blanks at the very start, or none at all.
            return Cow::Borrowed(&self.text[self.run..]);
        }
        if self.run == self.text.len() && self.text.starts_with(self.copied.as_str()) {
            // Blanks at the very end only.
            return Cow::Borrowed(&self.text[..self.copied.len()]);
        }
        self.copied.push_str(&self.text[self.run..]);
        Cow::Owned(self.copied)
    }

    /// A key, its colon, and the blanks around that.
    fn key(&mut self) -> Option<()> {
        if self.peek()? != b'"' {
            return None;
        }
        self.string()?;
        self.blanks();
        if self.peek()? != b':' {
            return None;
        }
        self.at += 1;
        self.blanks();
        Some(())
    }

    fn scalar(&mut self, first: u8) -> Option<()> {
        match first {
            b'"' => self.string(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'-' | b'0'..=b'9' => self.number(),
            _ => None,
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.bytes[self.at..].starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            self.at += plain_length(&self.bytes[self.at..]);
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => match self.bytes.get(self.at + 1)? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 2,
                    b'u' => {
                        let digits = self.bytes.get(self.at + 2..self.at + 6)?;
                        if !digits.iter().all(u8::is_ascii_hexdigit) {
                            return None;
                        }
                        self.at += 6;
                    }
                    _ => return None,
                },
                _ => return None,
            }
        }
    }

    fn number(&mut self) -> Option<()> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek()? {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits()?,
            _ => return None,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// At least one digit.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

/// How many bytes at the start stand for themselves in a JSON string: neither a quote, nor a
/// backslash, nor a control character.
///
/// Eight bytes at a time, because a body is mostly strings: a byte's high bit is set where the
/// subtraction borrows, which never misses a special byte below 0x80; the exact place is then
/// found one by one.
pub(crate) fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let mut at = 0;
    while let Some(Ok(eight)) = bytes.get(at..at + 8).map(<[u8; 8]>::try_from) {
        let word = u64::from_ne_bytes(eight);
        let quote = has_zero(word ^ (ONES * u64::from(b'"')));
        let backslash = has_zero(word ^ (ONES * u64::from(b'\\')));
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        if quote | backslash | control != 0 {
            break;
        }
        at += 8;
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\') || *byte < 0x20;
    at + bytes[at..].iter().position(special).unwrap_or(bytes.len() - at)
}
