//! Directives. Each function starts after the directive's name.

use super::Parser;
use super::block::Ending;
use crate::ast::{Block, Piece, Slot};
use crate::error::ParseError;
use crate::lexer::{Token, identifier_length, skip_line_end, skip_whitespace, token};

impl Parser<'_> {
    /// `#set($reference = expression)`.
    pub(super) fn set(&mut self) -> Result<Piece, ParseError> {
        self.expect("(", "after `#set`")?;
        let (token, start, _) = self.peek();
        if token != Token::Dollar {
            return self.error(start, "the reference to assign, such as `$name`");
        }
        self.at = start;
        let Some(target) = self.reference()? else {
            return self.error(start, "a name that begins with a letter after `$`");
        };
        if target.steps.is_empty() {
            self.names.assigned.insert(target.slot);
        }
        self.expect("=", "after the reference of `#set`")?;
        let value = self.expression()?;
        self.close("#set")?;
        Ok(Piece::Set { target, value })
    }

    /// `#if(condition) … #elseif(condition) … #else … #end`.
    pub(super) fn if_directive(&mut self, hash: usize) -> Result<Piece, ParseError> {
        let mut branches = Vec::new();
        let mut directive = "#if";
        loop {
            self.expect("(", &format!("after `{directive}`"))?;
            let condition = self.expression()?;
            self.close(directive)?;
            let (block, ending, _) = self.block()?;
            branches.push((condition, block));
            match ending {
                Ending::Text => return self.unclosed("#if", hash),
                Ending::End => return Ok(Piece::If { branches, otherwise: Block::new() }),
                Ending::Elseif => directive = "#elseif",
                Ending::Else => {
                    let otherwise = self.body("#if", hash)?;
                    return Ok(Piece::If { branches, otherwise });
                }
            }
        }
    }

    /// `#foreach($name in value) … #end`.
    pub(super) fn foreach(&mut self, hash: usize) -> Result<Piece, ParseError> {
        self.expect("(", "after `#foreach`")?;
        let slot = self.variable("the loop's variable, such as `$item`")?;
        let (token, start, end) = self.peek();
        if token != Token::Word("in") {
            return self.error(start, "`in` after the loop's variable");
        }
        self.at = end;
        let at = self.offset(hash);
        let items = self.value()?;
        self.close("#foreach")?;
        let body = self.body("#foreach", hash)?;
        Ok(Piece::Foreach { slot, items, body, at })
    }

    /// `#define($name) … #end`.
    pub(super) fn define(&mut self, hash: usize) -> Result<Piece, ParseError> {
        self.expect("(", "after `#define`")?;
        let slot = self.variable("the block's variable, such as `$block`")?;
        self.close("#define")?;
        let body = self.body("#define", hash)?;
        Ok(Piece::Define { slot, body })
    }

    /// `#macro(name …) … #end`: skipped, as by API Gateway. Calls of the macro are text.
    pub(super) fn macro_definition(&mut self, hash: usize) -> Result<(), ParseError> {
        if self.peek().0 != Token::Symbol("(") {
            let (_, start, _) = self.peek();
            return self.error(start, "`(` after `#macro`");
        }
        self.call_text(hash)?;
        self.at = skip_line_end(self.text(), self.at);
        let known = self.names.unknown.len();
        self.body("#macro", hash)?;
        self.names.unknown.truncate(known); // the macro is never run
        Ok(())
    }

    /// `#break` or `#break($foreach)`.
    pub(super) fn break_directive(&mut self) -> Result<Piece, ParseError> {
        if self.rest().starts_with('(') {
            self.at += 1;
            let (_, start, _) = self.peek();
            self.at = start;
            if self.rest().strip_prefix("$foreach").is_none_or(|rest| !rest.trim_start().starts_with(')')) {
                return self.error(start, "`$foreach`, the only scope that `#break` takes here");
            }
            self.at += "$foreach".len();
            self.close("#break")?;
        }
        Ok(Piece::Break)
    }

    /// The text of a `#name` that is not a directive, with its arguments, which are not evaluated (observed for
    /// `#evaluate`, `#return` and calls of macros: docs/aws-behaviour.md#template-language).
    pub(super) fn call_text(&mut self, hash: usize) -> Result<&str, ParseError> {
        let open = skip_whitespace(self.text(), self.at);
        if self.text()[open..].starts_with('(') {
            let mut depth = 0_usize;
            let mut at = open;
            loop {
                let (token, start, end) = token(self.text(), at);
                match token {
                    Token::Symbol("(") => depth += 1,
                    Token::Symbol(")") => depth -= 1,
                    Token::End | Token::Unclosed(_) => {
                        let name = self.text()[hash..self.at].to_owned();
                        return self.error(start, format!("`)` to close the arguments of `{name}`"));
                    }
                    _ => {}
                }
                at = end;
                if depth == 0 {
                    break;
                }
            }
            self.at = at;
        }
        Ok(&self.text()[hash..self.at])
    }

    /// A plain variable: `$name`.
    fn variable(&mut self, expected: &str) -> Result<Slot, ParseError> {
        let (_, start, end) = self.peek();
        let name = self.text()[start..].strip_prefix('$').unwrap_or_default();
        let length = identifier_length(name);
        if length == 0 {
            return self.error(start, expected);
        }
        self.at = end + length;
        let slot = self.names.slot(&name[..length]);
        self.names.assigned.insert(slot);
        Ok(slot)
    }

    /// The block of a directive up to its `#end`.
    fn body(&mut self, directive: &str, hash: usize) -> Result<Block, ParseError> {
        let (block, ending, at) = self.block()?;
        match ending {
            Ending::End => Ok(block),
            Ending::Text => self.unclosed(directive, hash),
            Ending::Else | Ending::Elseif => {
                self.error(at, format!("`#end` of the `{directive}` at {}", self.position(hash)))
            }
        }
    }

    fn unclosed<T>(&self, directive: &str, hash: usize) -> Result<T, ParseError> {
        self.error(self.text().len(), format!("`#end` of the `{directive}` at {}", self.position(hash)))
    }

    /// The closing parenthesis of a directive, with the line end after it.
    fn close(&mut self, directive: &str) -> Result<(), ParseError> {
        self.expect(")", &format!("to close `{directive}(`"))?;
        self.at = skip_line_end(self.text(), self.at);
        Ok(())
    }
}
