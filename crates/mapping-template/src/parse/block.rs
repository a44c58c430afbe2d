//! Blocks: text, references, comments and directives, up to what ends the block.

use super::Parser;
use crate::ast::{Block, Piece};
use crate::error::ParseError;
use crate::lexer::{directive_name, skip_line_end, skip_whitespace};

/// The end of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Text,
    End,
    Else,
    Elseif,
}

/// The directives that are executed; any other `#name` is text.
const DIRECTIVES: [&str; 10] =
    ["set", "if", "elseif", "else", "end", "foreach", "define", "stop", "break", "macro"];

/// The block being collected: its finished pieces, and the text after the last of them.
#[derive(Default)]
pub(super) struct Collected {
    block: Block,
    text: String,
    /// Where the current run of text starts in `text`; a comment or a backslash begins a new one.
    run: usize,
}

impl Collected {
    fn piece(&mut self, piece: Piece) {
        if !self.text.is_empty() {
            self.block.push(Piece::Text(std::mem::take(&mut self.text).into_boxed_str()));
        }
        self.run = 0;
        self.block.push(piece);
    }

    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn new_run(&mut self) {
        self.run = self.text.len();
    }

    /// Removes the blanks before a `#set`, unless other text precedes them.
    ///
    /// Observed (docs/aws-behaviour.md#template-language): the indentation of a `#set` is kept if its run of text
    /// begins with a line end, and removed between two directives.
    fn drop_blanks(&mut self) {
        let run = self.text.get(self.run..).unwrap_or_default();
        if run.bytes().all(|byte| matches!(byte, b' ' | b'\t')) {
            self.text.truncate(self.run);
        }
    }

    fn finish(mut self) -> Block {
        if !self.text.is_empty() {
            self.block.push(Piece::Text(self.text.into_boxed_str()));
        }
        self.block
    }
}

impl Parser<'_> {
    /// Parses the whole text as one block.
    pub(super) fn whole(&mut self) -> Result<Block, ParseError> {
        let (block, ending, at) = self.block()?;
        match ending {
            Ending::Text => Ok(block),
            Ending::End | Ending::Else | Ending::Elseif => {
                self.error(at, "text or a directive that begins a block")
            }
        }
    }

    /// Parses up to the end of the text or the directive that ends the block, and takes that directive. The third
    /// value is the offset of the end.
    pub(super) fn block(&mut self) -> Result<(Block, Ending, usize), ParseError> {
        let mut collected = Collected::default();
        loop {
            let rest = self.rest();
            let plain = rest.find(['$', '#', '\\']).unwrap_or(rest.len());
            collected.text(&rest[..plain]);
            self.at += plain;
            let at = self.at;
            match rest.as_bytes().get(plain) {
                None => return Ok((collected.finish(), Ending::Text, at)),
                Some(b'$') => match self.reference()? {
                    Some(reference) => collected.piece(Piece::Reference(reference)),
                    None => self.lone_dollar(&mut collected),
                },
                Some(b'#') => {
                    if let Some(ending) = self.hash(&mut collected)? {
                        return Ok((collected.finish(), ending, at));
                    }
                }
                Some(_) => self.backslashes(&mut collected)?,
            }
        }
    }

    /// A `$` that does not begin a reference is text. Velocity's lexer drops the `!` of a `$!` unless one of a few
    /// characters follows it.
    fn lone_dollar(&mut self, collected: &mut Collected) {
        collected.text("$");
        self.at += 1;
        if let Some(after) = self.rest().strip_prefix('!')
            && !after.starts_with(['#', '$', '[', '{', '}'])
        {
            self.at += 1;
        }
    }

    /// Backslashes before a reference or a directive: each pair is one backslash, and a single one left over makes the
    /// reference or directive text. Elsewhere they are ordinary text (observed: docs/aws-behaviour.md#template-language).
    fn backslashes(&mut self, collected: &mut Collected) -> Result<(), ParseError> {
        let rest = self.rest();
        let count = rest.len() - rest.trim_start_matches('\\').len();
        let (backslashes, after) = rest.split_at(count);
        let (halved, escaped) = (&backslashes[..count / 2], count % 2 == 1);
        self.at += count;
        collected.new_run();
        match after.as_bytes().first() {
            Some(b'$') => {
                let dollar = self.at;
                let known = self.names.unknown.len();
                match self.reference()? {
                    Some(_) if escaped => {
                        self.names.unknown.truncate(known); // the reference is text
                        collected.text(halved);
                        collected.text(&self.text()[dollar..self.at]);
                    }
                    Some(reference) => {
                        collected.text(halved);
                        collected.piece(Piece::Reference(reference));
                    }
                    None => {
                        collected.text(backslashes);
                        self.lone_dollar(collected);
                    }
                }
            }
            Some(b'#') => match directive_name(self.text(), self.at) {
                Some((name, end)) if DIRECTIVES.contains(&name) => {
                    collected.text(halved);
                    if escaped {
                        collected.text(&self.text()[self.at..end]);
                        self.at = end;
                    }
                }
                _ => collected.text(backslashes),
            },
            _ => collected.text(backslashes),
        }
        collected.new_run();
        Ok(())
    }

    /// A `#`: a comment, a directive or text.
    // long: the grammar of what follows `#`, one arm each
    fn hash(&mut self, collected: &mut Collected) -> Result<Option<Ending>, ParseError> {
        let rest = self.rest();
        if rest.starts_with("##") {
            let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
            self.at = skip_line_end(self.text(), self.at + line);
            collected.new_run();
            return Ok(None);
        }
        if let Some(comment) = rest.strip_prefix("#*") {
            if self.source.name != "template" && !comment.contains("*#") {
                self.at = self.text().len(); // in a string, its end closes the comment
            } else {
                self.enclosed("#*", "*#")?;
            }
            collected.new_run();
            return Ok(None);
        }
        if rest.starts_with("#[[") {
            let raw = self.enclosed("#[[", "]]#")?;
            collected.new_run();
            collected.text(raw);
            collected.new_run();
            return Ok(None);
        }
        let Some((name, end)) = directive_name(self.text(), self.at) else {
            if rest.len() == 1 && self.source.name == "template" {
                return self.error(self.at + 1, "a directive or text after `#`");
            }
            collected.text("#");
            self.at += 1;
            return Ok(None);
        };
        let hash = self.at;
        self.at = end;
        let after = self.text().as_bytes().get(skip_whitespace(self.text(), end));
        let piece = match name {
            // Text, except for a probable mistake: `#set $x = 1` fails.
            "set" if !matches!(after, Some(b'(' | b'$')) => {
                collected.text(&self.text()[hash..end]);
                return Ok(None);
            }
            "end" => {
                self.at = skip_line_end(self.text(), end);
                return Ok(Some(Ending::End));
            }
            "else" => {
                self.at = skip_line_end(self.text(), end);
                return Ok(Some(Ending::Else));
            }
            "elseif" => return Ok(Some(Ending::Elseif)),
            "set" => {
                collected.drop_blanks();
                self.set()?
            }
            "if" => self.nested(|parser| parser.if_directive(hash))?,
            "foreach" => self.nested(|parser| parser.foreach(hash))?,
            "define" => self.nested(|parser| parser.define(hash))?,
            "macro" => {
                self.nested(|parser| parser.macro_definition(hash))?;
                collected.new_run();
                return Ok(None);
            }
            "break" => self.break_directive()?,
            "stop" => Piece::Stop,
            _ => {
                collected.text(self.call_text(hash)?);
                return Ok(None);
            }
        };
        collected.piece(piece);
        Ok(None)
    }

    /// Takes the text between two marks, the first of which is next.
    fn enclosed(&mut self, open: &str, close: &str) -> Result<&str, ParseError> {
        let inside = &self.rest()[open.len()..];
        let Some(length) = inside.find(close) else {
            return self.error(
                self.text().len(),
                format!("`{close}` to close the `{open}` at {}", self.position(self.at)),
            );
        };
        self.at += open.len() + length + close.len();
        Ok(&inside[..length])
    }
}
