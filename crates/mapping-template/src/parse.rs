//! The parser: from text to the tree, by recursive descent with a bounded depth.

mod block;
mod directive;
mod expression;
mod reference;

use std::collections::{HashMap, HashSet};

use crate::ast::{Block, Offset, Slot};
use crate::error::{ParseError, Position};
use crate::lexer::{Source, Token, found_at, token};
use crate::limits::{NESTING_LEVELS_MAX, TEMPLATE_BYTES_MAX};

/// A parsed template.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) block: Block,
    /// The number of variables that the template names.
    pub(crate) slots: usize,
}

/// Parses a whole template.
pub(crate) fn parse(text: &str) -> Result<Parsed, ParseError> {
    if text.len() > TEMPLATE_BYTES_MAX {
        return Err(ParseError::TooLong { bytes: text.len() });
    }
    let mut names = Names::default();
    let source = Source::template(text);
    let mut parser = Parser { source: &source, template: text, at: 0, names: &mut names, level: 0 };
    let block = parser.whole()?;
    names.check()?;
    Ok(Parsed { block, slots: names.slots.len() })
}

/// The variables of a template, numbered in the order in which they first occur.
#[derive(Default)]
struct Names {
    slots: HashMap<Box<str>, Slot>,
    /// The variables that the template assigns: `$util` can then have a value of any type.
    assigned: HashSet<Slot>,
    /// Unknown methods and properties. One with a slot is an error only if the template does not assign that variable,
    /// which is known at the end of the template.
    unknown: Vec<(Option<Slot>, ParseError)>,
}

impl Names {
    fn slot(&mut self, name: &str) -> Slot {
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        let slot = self.slots.len();
        self.slots.insert(name.into(), slot);
        slot
    }

    /// Fails with the first unknown method or property.
    fn check(&mut self) -> Result<(), ParseError> {
        let assigned = &self.assigned;
        let wrong =
            |(slot, _): &(Option<Slot>, ParseError)| slot.is_none_or(|slot| !assigned.contains(&slot));
        match self.unknown.iter().position(wrong) {
            Some(at) => Err(self.unknown.swap_remove(at).1),
            None => Ok(()),
        }
    }
}

/// A parser over one text: the template, or the inside of a string.
struct Parser<'p> {
    source: &'p Source<'p>,
    /// The whole template, for positions.
    template: &'p str,
    /// The next byte of the source's text.
    at: usize,
    names: &'p mut Names,
    level: usize,
}

impl<'p> Parser<'p> {
    fn text(&self) -> &'p str {
        self.source.text
    }

    fn rest(&self) -> &'p str {
        &self.source.text[self.at..]
    }

    /// The offset in the template of an offset of this text.
    fn offset(&self, at: usize) -> Offset {
        Offset::try_from(self.source.origin(at)).unwrap_or(Offset::MAX)
    }

    fn position(&self, at: usize) -> Position {
        Position::of(self.template, self.source.origin(at))
    }

    fn error<T>(&self, at: usize, expected: impl Into<String>) -> Result<T, ParseError> {
        Err(ParseError::Unexpected {
            at: self.position(at),
            expected: expected.into(),
            found: found_at(self.source, at),
        })
    }

    /// The next token of an expression with its start and end, without taking it.
    fn peek(&self) -> (Token<'p>, usize, usize) {
        token(self.text(), self.at)
    }

    /// Takes a symbol if it is next, and returns whether it was.
    fn take(&mut self, symbol: &str) -> bool {
        let (token, _, end) = self.peek();
        let taken = matches!(token, Token::Symbol(found) if found == symbol);
        if taken {
            self.at = end;
        }
        taken
    }

    /// Takes a symbol that must be next; `purpose` follows it in the error.
    fn expect(&mut self, symbol: &str, purpose: &str) -> Result<(), ParseError> {
        if self.take(symbol) {
            return Ok(());
        }
        let (_, start, _) = self.peek();
        self.error(start, format!("`{symbol}` {purpose}"))
    }

    /// Parses something nested, one level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, ParseError>) -> Result<T, ParseError> {
        if self.level >= NESTING_LEVELS_MAX {
            return Err(ParseError::TooDeep { at: self.position(self.at) });
        }
        self.level += 1;
        let parsed = parse(self);
        self.level -= 1;
        parsed
    }
}
