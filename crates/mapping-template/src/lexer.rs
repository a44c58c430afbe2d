//! The lexer: markup between plain text, and the tokens of expressions.
//!
//! Velocity's tokens depend on the context: `-1` is a number in an expression and plain text outside
//! of one. The parser therefore reads tokens one by one and only where an expression can be.

/// A text being parsed, with the positions of its bytes in the template.
///
/// A string in double quotes is a template of its own, with `""` already read as one quote. The
/// positions of its errors are still those in the whole template.
pub(crate) struct Source<'t> {
    pub(crate) text: &'t str,
    /// `(offset here, offset in the template)`, ascending: each holds until the next.
    anchors: Vec<(usize, usize)>,
    /// The name of this text in errors at its end.
    pub(crate) name: &'static str,
}

impl<'t> Source<'t> {
    /// A whole template.
    pub(crate) fn template(text: &'t str) -> Self {
        Self { text, anchors: vec![(0, 0)], name: "template" }
    }

    /// The inside of a string: `anchors` are offsets in `self`.
    pub(crate) fn string<'s>(&self, text: &'s str, anchors: &[(usize, usize)]) -> Source<'s> {
        let anchors = anchors.iter().map(|(here, outer)| (*here, self.origin(*outer))).collect();
        Source { text, anchors, name: "string" }
    }

    /// The offset in the template of a byte of this text.
    pub(crate) fn origin(&self, offset: usize) -> usize {
        let after = self.anchors.partition_point(|(here, _)| *here <= offset);
        match after.checked_sub(1).and_then(|index| self.anchors.get(index)) {
            Some((here, outer)) => outer + (offset - here),
            None => offset,
        }
    }
}

/// A token of an expression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Token<'t> {
    /// The text ends here.
    End,
    /// A `$`: a reference follows.
    Dollar,
    /// Letters, digits and `_`.
    Word(&'t str),
    Int(&'t str),
    Float(&'t str),
    /// The text between the quotes; a doubled quote is still doubled.
    Quoted {
        mark: char,
        inside: &'t str,
    },
    /// An opening quote without a closing one.
    Unclosed(char),
    Symbol(&'static str),
    Unknown(char),
}

/// Longest first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 24] = [
    "..", "&&", "||", "==", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", ",", ":", "=", "<", ">", "!",
    "+", "-", "*", "/", "%",
];

/// Skips the whitespace that expressions allow.
pub(crate) fn skip_whitespace(text: &str, from: usize) -> usize {
    let rest = &text[from..];
    from + (rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len())
}

/// Skips blanks and the line end after a directive, if the rest of the line is blank.
pub(crate) fn skip_line_end(text: &str, from: usize) -> usize {
    let rest = text[from..].trim_start_matches([' ', '\t']);
    let end = text.len() - rest.len();
    match rest.as_bytes() {
        [b'\r', b'\n', ..] => end + 2,
        [b'\n' | b'\r', ..] => end + 1,
        _ => from,
    }
}

/// The token at or after `from`, with the offsets where it starts and ends.
pub(crate) fn token(text: &str, from: usize) -> (Token<'_>, usize, usize) {
    let start = skip_whitespace(text, from);
    let rest = &text[start..];
    let Some(first) = rest.chars().next() else { return (Token::End, start, start) };
    let (token, length) = match first {
        '$' => (Token::Dollar, 1),
        '\'' | '"' => quoted(rest, first),
        'a'..='z' | 'A'..='Z' | '_' => {
            let length =
                rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
            (Token::Word(&rest[..length]), length)
        }
        _ => number(rest).unwrap_or_else(|| symbol(rest, first)),
    };
    (token, start, start + length)
}

fn symbol(rest: &str, first: char) -> (Token<'_>, usize) {
    match SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
        Some(symbol) => (Token::Symbol(symbol), symbol.len()),
        None => (Token::Unknown(first), first.len_utf8()),
    }
}

/// A string literal. A quote in it is doubled; a backslash is an ordinary character.
fn quoted(rest: &str, mark: char) -> (Token<'_>, usize) {
    let mut from = 1;
    while let Some(found) = rest[from..].find(mark) {
        let close = from + found;
        if rest[close + 1..].starts_with(mark) {
            from = close + 2;
        } else {
            return (Token::Quoted { mark, inside: &rest[1..close] }, close + 1);
        }
    }
    (Token::Unclosed(mark), rest.len())
}

/// A number with its sign: digits, then an optional fraction and exponent. In `1..5`, the number is `1`.
fn number(rest: &str) -> Option<(Token<'_>, usize)> {
    let bytes = rest.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(sign);
    let mut end = sign + whole;
    let mut float = false;
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1) != Some(&b'.') {
        let fraction = digits(end + 1);
        if whole == 0 && fraction == 0 {
            return None;
        }
        float = true;
        end += 1 + fraction;
    } else if whole == 0 {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let exponent_sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = bytes.get(end + 1 + exponent_sign).map_or(0, |_| digits(end + 1 + exponent_sign));
        if exponent > 0 {
            float = true;
            end += 1 + exponent_sign + exponent;
        }
    }
    let text = &rest[..end];
    Some((if float { Token::Float(text) } else { Token::Int(text) }, end))
}

/// The name of the directive at a `#`, and where it ends: `#name` or `#{name}`.
pub(crate) fn directive_name(text: &str, hash: usize) -> Option<(&str, usize)> {
    let rest = &text[hash + 1..];
    let braced = rest.starts_with('{');
    let name = &rest[usize::from(braced)..];
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    let length =
        name.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@')).count();
    let end = hash + 1 + usize::from(braced) + length;
    match (braced, text[end..].starts_with('}')) {
        (false, _) => Some((&name[..length], end)),
        (true, true) => Some((&name[..length], end + 1)),
        (true, false) => None,
    }
}

/// The length of the name of a variable, property or method at the start of `rest`; 0 if none.
pub(crate) fn identifier_length(rest: &str) -> usize {
    if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return 0;
    }
    rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).count()
}

/// Describes the text at an offset, for an error.
pub(crate) fn found_at(source: &Source<'_>, offset: usize) -> String {
    let rest = source.text.get(offset..).unwrap_or_default();
    if rest.is_empty() {
        return format!("the end of the {}", source.name);
    }
    let line = rest.split(['\n', '\r']).next().unwrap_or_default();
    if line.is_empty() { "the end of the line".to_owned() } else { crate::error::shown(line) }
}
