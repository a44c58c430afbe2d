//! The tokens of a value, for building something from a whole text in one pass.

use crate::{Json, Kind, RawText, is_blank, next_value};

/// A token that carries meaning; commas and colons do not.
#[derive(Debug, Clone, Copy)]
pub enum Token<'a> {
    /// `[`
    BeginArray,
    /// `{`
    BeginObject,
    /// `]` or `}`
    End,
    /// A member's name; its value follows.
    Name(RawText<'a>),
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, in the digits it was written with.
    Number(&'a str),
    /// A string.
    Text(RawText<'a>),
}

/// The tokens of a value.
#[derive(Debug, Clone)]
pub struct Tokens<'a>(&'a str);

impl<'a> Json<'a> {
    /// Its tokens.
    #[must_use]
    pub fn tokens(self) -> Tokens<'a> {
        Tokens(self.as_str())
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.0.trim_start_matches([' ', '\t', '\n', '\r', ',', ':']);
        let bracket = match rest.as_bytes().first()? {
            b'[' => Some(Token::BeginArray),
            b'{' => Some(Token::BeginObject),
            b']' | b'}' => Some(Token::End),
            _ => None,
        };
        if bracket.is_some() {
            self.0 = &rest[1..];
            return bracket;
        }
        self.0 = rest;
        Some(match next_value(&mut self.0)?.kind() {
            Kind::Text(name) if self.0.trim_start_matches(is_blank).starts_with(':') => Token::Name(name),
            Kind::Text(text) => Token::Text(text),
            Kind::Number(digits) => Token::Number(digits),
            Kind::Bool(value) => Token::Bool(value),
            Kind::Null | Kind::Array | Kind::Object => Token::Null,
        })
    }
}
