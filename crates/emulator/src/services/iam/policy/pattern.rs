//! Patterns in policies: text with wildcards and, in documents of the newer version, variables and escapes.

use super::context::{ContextKey, Request};
use super::malformed::Malformed;
use memchr::memchr2;

/// Parts of an ARN: between its first five colons, and the rest.
const ARN_PARTS: usize = 6;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// Text in which `*` stands for any characters and `?` for one.
    Plain(String),
    /// A pattern with variables, escapes, or literal wildcards.
    Pieces(Vec<Piece>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// These characters.
    Text(String),
    /// `*`
    Run,
    /// `?`
    One,
    /// `${key}`: the value that the request has for it.
    Variable(ContextKey),
}

/// One position of a pattern during comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Glyph {
    Byte(u8),
    Run,
    One,
}

impl Pattern {
    /// Parses a pattern; `newer` documents have variables. Fails with [`Malformed`]: an unsupported variable, or one in
    /// an older document, where it would be plain text.
    pub fn parse(text: &str, newer: bool) -> Result<Self, Malformed> {
        Self::read(text, newer, true)
    }

    /// The same, with literal `*` and `?`. Errors: as [`Pattern::parse`].
    pub fn without_wildcards(text: &str, newer: bool) -> Result<Self, Malformed> {
        Self::read(text, newer, false)
    }

    fn read(text: &str, newer: bool, wildcards: bool) -> Result<Self, Malformed> {
        if !text.contains("${") && (wildcards || !text.contains(['*', '?'])) {
            return Ok(Self::Plain(text.to_owned()));
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, behind) = after
                .split_once('}')
                .ok_or_else(|| Malformed::new(format!("policy variable in {text} is not closed")))?;
            if !newer {
                return Err(Malformed::new(format!("policy variable ${{{name}}} needs Version 2012-10-17")));
            }
            push_text(&mut pieces, before, wildcards);
            pieces.push(variable(name)?);
            rest = behind;
        }
        push_text(&mut pieces, rest, wildcards);
        Ok(Self::Pieces(pieces))
    }

    /// Whether a text matches. A variable without a value matches nothing.
    pub fn matches(&self, text: &str, request: &Request<'_>) -> bool {
        match self {
            Self::Plain(pattern) => like(pattern, text),
            Self::Pieces(pieces) => glyphs(pieces, request)
                .is_some_and(|glyphs| wildcard(&glyphs, |glyph| *glyph, text.as_bytes(), |a, b| a == b)),
        }
    }

    /// Whether an action matches: without regard to case, and without variables.
    pub fn matches_action(&self, action: &str) -> bool {
        matches!(self, Self::Plain(pattern) if compare(pattern, action, |a, b| a.eq_ignore_ascii_case(&b)))
    }

    /// Whether an ARN matches in the way of `ArnLike`: part by part.
    pub fn matches_arn(&self, arn: &str, request: &Request<'_>) -> bool {
        let parts: Vec<&str> = arn.splitn(ARN_PARTS, ':').collect();
        if parts.len() < ARN_PARTS {
            return false;
        }
        let pieces;
        let glyphs = match self {
            Self::Plain(pattern) => pattern.bytes().map(glyph).collect(),
            Self::Pieces(of) => {
                pieces = of;
                let Some(glyphs) = glyphs(pieces, request) else { return false };
                glyphs
            }
        };
        let patterns: Vec<_> = glyphs.splitn(ARN_PARTS, |glyph| *glyph == Glyph::Byte(b':')).collect();
        patterns.len() == ARN_PARTS
            && patterns
                .iter()
                .zip(parts)
                .all(|(pattern, part)| wildcard(pattern, |glyph| *glyph, part.as_bytes(), |a, b| a == b))
    }

    /// Whether it can match any ARN: it has six parts, or a variable that may contain some.
    pub fn may_be_arn(&self) -> bool {
        match self {
            Self::Plain(text) => text.split(':').count() >= ARN_PARTS,
            Self::Pieces(pieces) => {
                let colons = |piece: &Piece| match piece {
                    Piece::Text(text) => text.matches(':').count(),
                    Piece::Variable(_) => ARN_PARTS,
                    Piece::Run | Piece::One => 0,
                };
                pieces.iter().map(colons).sum::<usize>() + 1 >= ARN_PARTS
            }
        }
    }
}

fn variable(name: &str) -> Result<Piece, Malformed> {
    match name {
        "*" | "?" | "$" => Ok(Piece::Text(name.to_owned())),
        _ => ContextKey::of_name(name).map(Piece::Variable).ok_or_else(|| {
            Malformed::new(format!("policy variable ${{{name}}} is not supported by the emulator"))
        }),
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str, wildcards: bool) {
    let mut rest = text;
    while let Some(at) = rest.find(['*', '?']).filter(|_| wildcards) {
        let (before, after) = rest.split_at(at);
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        pieces.push(if after.starts_with('*') { Piece::Run } else { Piece::One });
        rest = &after[1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
}

/// A variable's value is literal, whatever characters it has.
fn glyphs(pieces: &[Piece], request: &Request<'_>) -> Option<Vec<Glyph>> {
    let mut glyphs = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => glyphs.extend(text.bytes().map(Glyph::Byte)),
            Piece::Run => glyphs.push(Glyph::Run),
            Piece::One => glyphs.push(Glyph::One),
            Piece::Variable(key) => glyphs.extend(request.value(*key)?.bytes().map(Glyph::Byte)),
        }
    }
    Some(glyphs)
}

fn glyph(byte: u8) -> Glyph {
    match byte {
        b'*' => Glyph::Run,
        b'?' => Glyph::One,
        byte => Glyph::Byte(byte),
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any characters and `?` for one.
pub fn like(pattern: &str, text: &str) -> bool {
    compare(pattern, text, |a, b| a == b)
}

/// Compares the text before the first wildcard, often all there is, at once.
fn compare(pattern: &str, text: &str, equal: impl Fn(u8, u8) -> bool) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let same = |a: &[u8], b: &[u8]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(*a, *b));
    let Some(plain) = memchr2(b'*', b'?', pattern) else { return same(pattern, text) };
    text.get(..plain).is_some_and(|begin| same(&pattern[..plain], begin))
        && wildcard(&pattern[plain..], |byte| glyph(*byte), &text[plain..], equal)
}

/// Linear in practice and quadratic at worst: after a mismatch it returns only to the last star.
fn wildcard<G>(
    pattern: &[G],
    glyph: impl Fn(&G) -> Glyph,
    text: &[u8],
    equal: impl Fn(u8, u8) -> bool,
) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p).map(&glyph) {
            Some(Glyph::Run) => {
                star = Some((p, t));
                p += 1;
            }
            Some(Glyph::One) => {
                p += 1;
                t = next_character(text, t);
            }
            Some(Glyph::Byte(byte)) if equal(byte, text[t]) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((star_p, star_t)) => {
                    p = star_p + 1;
                    t = next_character(text, star_t);
                    star = Some((star_p, t));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|part| glyph(part) == Glyph::Run)
}

/// The start of the character after the one at `t`: bytes of the form `10xxxxxx` continue a character.
fn next_character(text: &[u8], t: usize) -> usize {
    let rest = text[t + 1..].iter();
    t + 1 + rest.take_while(|byte| **byte & 0b1100_0000 == 0b1000_0000).count()
}
