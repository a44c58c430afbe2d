//! Expressions: operators by precedence, and the values between them.

use super::Parser;
use crate::ast::{Expression, Operator, Piece};
use crate::error::ParseError;
use crate::lexer::Token;

impl<'p> Parser<'p> {
    /// A whole expression: the operand of `#set`, `#if` or parentheses.
    pub(super) fn expression(&mut self) -> Result<Expression, ParseError> {
        self.chain(0)
    }

    /// Operators of one level of precedence; their operands are of higher levels.
    fn chain(&mut self, level: u8) -> Result<Expression, ParseError> {
        if level > Operator::LEVEL_MAX {
            return self.unary();
        }
        let first = self.chain(level + 1)?;
        let mut rest = Vec::new();
        let mut at = 0;
        while let Some((operator, start, end)) = self.operator()? {
            if operator.level() != level {
                break;
            }
            if rest.is_empty() {
                at = self.offset(start);
            }
            self.at = end;
            rest.push((operator, self.chain(level + 1)?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        Ok(Expression::Chain { first: Box::new(first), rest, at })
    }

    /// The operator that is next, if one is.
    fn operator(&self) -> Result<Option<(Operator, usize, usize)>, ParseError> {
        let (token, start, end) = self.peek();
        let spelling = match token {
            Token::Symbol(symbol) => symbol,
            Token::Word(word) => word,
            // Velocity reads `$a -1` as two values, which is hard to find without this message.
            Token::Int(number) | Token::Float(number) if number.starts_with('-') => {
                return self.error(start, "an operator (write a blank after a minus)");
            }
            _ => return Ok(None),
        };
        let operator = match spelling {
            "||" | "or" => Operator::Or,
            "&&" | "and" => Operator::And,
            "==" | "eq" => Operator::Equal,
            "!=" | "ne" => Operator::NotEqual,
            "<" | "lt" => Operator::Less,
            "<=" | "le" => Operator::LessOrEqual,
            ">" | "gt" => Operator::Greater,
            ">=" | "ge" => Operator::GreaterOrEqual,
            "+" => Operator::Add,
            "-" => Operator::Subtract,
            "*" => Operator::Multiply,
            "/" => Operator::Divide,
            "%" => Operator::Remainder,
            _ => return Ok(None),
        };
        Ok(Some((operator, start, end)))
    }

    fn unary(&mut self) -> Result<Expression, ParseError> {
        let (token, _, end) = self.peek();
        match token {
            Token::Symbol("!") | Token::Word("not") => {
                self.at = end;
                Ok(Expression::Not(Box::new(self.nested(Self::unary)?)))
            }
            Token::Symbol("(") => {
                self.at = end;
                let inside = self.nested(Self::expression)?;
                self.expect(")", "to close the parenthesis")?;
                Ok(inside)
            }
            _ => self.value(),
        }
    }

    /// A single value: a literal or a reference. Arguments, elements and indexes are single values:
    /// Velocity's grammar has no operators there.
    pub(super) fn value(&mut self) -> Result<Expression, ParseError> {
        let (token, start, end) = self.peek();
        match token {
            Token::Dollar => {
                self.at = start;
                match self.reference()? {
                    Some(reference) => Ok(Expression::Reference(Box::new(reference))),
                    None => self.error(start, "a name that begins with a letter after `$`"),
                }
            }
            Token::Quoted { mark, inside } => {
                self.at = end;
                self.string(mark, inside, start + 1)
            }
            Token::Unclosed(mark) => {
                let opened = self.position(start);
                self.error(self.text().len(), format!("`{mark}` to close the string at {opened}"))
            }
            Token::Int(digits) => match digits.parse() {
                Ok(number) => {
                    self.at = end;
                    Ok(Expression::Int(number))
                }
                Err(_) => self.error(start, "an integer of at most 64 bits"),
            },
            Token::Float(digits) => match digits.parse() {
                Ok(number) => {
                    self.at = end;
                    Ok(Expression::Float(number))
                }
                Err(_) => self.error(start, "a number"),
            },
            Token::Word("true") => self.literal(end, Expression::Bool(true)),
            Token::Word("false") => self.literal(end, Expression::Bool(false)),
            Token::Word("null") => {
                self.error(start, "a value (`null` is valid only as an argument or an element)")
            }
            Token::Symbol("[") => {
                self.at = end;
                self.nested(Self::list)
            }
            Token::Symbol("{") => {
                self.at = end;
                self.nested(Self::map)
            }
            _ => self.error(start, "a value"),
        }
    }

    fn literal(&mut self, end: usize, expression: Expression) -> Result<Expression, ParseError> {
        self.at = end;
        Ok(expression)
    }

    /// Values separated by commas, up to and with the closing symbol.
    pub(super) fn values(&mut self, close: &str, purpose: &str) -> Result<Vec<Expression>, ParseError> {
        if self.take(close) {
            return Ok(Vec::new());
        }
        let first = self.element()?;
        self.values_after(first, close, purpose)
    }

    /// An argument or an element. Velocity's grammar has `null` only here.
    fn element(&mut self) -> Result<Expression, ParseError> {
        let (token, _, end) = self.peek();
        if token == Token::Word("null") { self.literal(end, Expression::Null) } else { self.value() }
    }

    /// The rest of several values, after the first.
    fn values_after(
        &mut self,
        first: Expression,
        close: &str,
        purpose: &str,
    ) -> Result<Vec<Expression>, ParseError> {
        let mut values = vec![first];
        while !self.take(close) {
            self.expect(",", &format!("or `{close}` {purpose}"))?;
            values.push(self.element()?);
        }
        Ok(values)
    }

    /// A list or a range, after its `[`. The ends of a range are integers or references.
    fn list(&mut self) -> Result<Expression, ParseError> {
        if self.take("]") {
            return Ok(Expression::List(Vec::new()));
        }
        let first = self.element()?;
        let is_end = |value: &Expression| matches!(value, Expression::Int(_) | Expression::Reference(_));
        if !(is_end(&first) && self.take("..")) {
            let values = self.values_after(first, "]", "in a list")?;
            return Ok(Expression::List(values));
        }
        let (_, start, _) = self.peek();
        let last = self.value()?;
        if !is_end(&last) {
            return self.error(start, "an integer or a reference as the end of the range");
        }
        self.expect("]", "to close the range")?;
        Ok(Expression::Range(Box::new(first), Box::new(last)))
    }

    /// A map, after its `{`.
    fn map(&mut self) -> Result<Expression, ParseError> {
        let mut entries = Vec::new();
        if self.take("}") {
            return Ok(Expression::Map(entries));
        }
        loop {
            let key = self.value()?;
            self.expect(":", "after the key of a map")?;
            entries.push((key, self.value()?));
            if self.take("}") {
                return Ok(Expression::Map(entries));
            }
            self.expect(",", "or `}` in a map")?;
        }
    }

    /// A string: `inside` stands at `start`, with doubled quotes.
    fn string(&mut self, mark: char, inside: &str, start: usize) -> Result<Expression, ParseError> {
        let mut text = String::with_capacity(inside.len());
        let mut anchors = vec![(0, start)];
        for (index, part) in inside.split(if mark == '"' { "\"\"" } else { "''" }).enumerate() {
            if index > 0 {
                text.push(mark);
                let written = text.len();
                let read = written + index;
                anchors.push((written, start + read));
            }
            text.push_str(part);
        }
        if mark == '\'' || !text.contains(['$', '#', '\\']) {
            return Ok(Expression::Text(text.into_boxed_str()));
        }
        let source = self.source.string(&text, &anchors);
        let block = self.nested(|outer| {
            let mut inner = Parser {
                source: &source,
                template: outer.template,
                at: 0,
                names: &mut *outer.names,
                level: outer.level,
            };
            inner.whole()
        })?;
        Ok(match <[Piece; 1]>::try_from(block) {
            Ok([Piece::Text(text)]) => Expression::Text(text),
            Ok([piece]) => Expression::Interpolated(vec![piece]),
            Err(block) if block.is_empty() => Expression::Text(Box::default()),
            Err(block) => Expression::Interpolated(block),
        })
    }
}
