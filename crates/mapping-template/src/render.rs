//! The evaluator: walks the tree with a scope and writes text.

mod builtins;
mod call;
mod context;
mod expression;
mod format;
mod formatter;
mod input;
mod lists;
mod maps;
mod number_methods;
mod numbers;
mod objects;
mod patterns;
mod reference;
mod search;
mod select;
mod strings;
mod util;

use crate::ast::{Block, Expression, Offset, Piece, Slot};
use crate::error::Problem;
use crate::limits::{
    EVALUATION_LEVELS_MAX, EVALUATION_STEPS_MAX, FOREACH_ROUNDS_MAX, RENDERED_BYTES_MAX, TEXT_BYTES_MAX,
};
use crate::overrides::Overrides;
use crate::parse::Parsed;
use crate::scope::Scope;
use crate::value::{Heap, MapId, Text, Value};

/// A render error whose place is still an offset.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) at: Offset,
    pub(crate) problem: Problem,
}

type Result<T> = std::result::Result<T, Fault>;

/// Memory reserved for a string per piece of it, so that most strings never grow: growing took a tenth of a small
/// rendering.
const PIECE_BYTES_EXPECTED: usize = 64;

/// Most memory reserved for a string. A template can keep many strings, and each keeps what was reserved for it.
const TEXT_BYTES_RESERVED_MAX: usize = 256;

/// Renders a parsed template.
pub(crate) fn render(parsed: &Parsed, scope: &Scope<'_>, into: &mut String) -> Result<Overrides> {
    let mut renderer = Renderer {
        scope: *scope,
        variables: vec![None; parsed.slots],
        heap: Heap::default(),
        loops: Vec::new(),
        overrides: None,
        body: None,
        root: None,
        params: None,
        halt: Halt::None,
        at: 0,
        level: 0,
        steps_left: EVALUATION_STEPS_MAX,
        text_bytes_left: TEXT_BYTES_MAX,
        output_bytes_max: into.len().saturating_add(RENDERED_BYTES_MAX),
    };
    renderer.block(&parsed.block, into)?;
    renderer.overridden()
}

/// The state of one rendering.
struct Renderer<'s> {
    scope: Scope<'s>,
    variables: Vec<Option<Value<'s>>>,
    heap: Heap<'s>,
    /// The loops being run, innermost last.
    loops: Vec<Loop>,
    /// `$context.requestOverride` and `responseOverride`, once somebody asked.
    overrides: Option<(MapId, MapId)>,
    /// The body minified, or that it is no JSON, once somebody asked.
    body: Option<Option<Text<'s>>>,
    /// The body as a value that all of the template shares, once somebody asked for a part that can be changed.
    root: Option<Value<'s>>,
    /// `$input.params()`, once somebody asked.
    params: Option<Value<'s>>,
    halt: Halt,
    /// What is being evaluated, for errors.
    at: Offset,
    level: usize,
    steps_left: usize,
    text_bytes_left: usize,
    output_bytes_max: usize,
}

/// A loop being run.
#[derive(Debug, Clone, Copy)]
struct Loop {
    index: usize,
    length: usize,
}

/// Why blocks end early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Halt {
    None,
    Break,
    Stop,
}

impl<'s> Renderer<'s> {
    fn fault<T>(&self, problem: Problem) -> Result<T> {
        Err(Fault { at: self.at, problem })
    }

    fn limit<T>(&self, what: &'static str, limit: usize) -> Result<T> {
        self.fault(Problem::Limit { what, limit })
    }

    /// Accounts for work.
    fn charge(&mut self, steps: usize) -> Result<()> {
        match self.steps_left.checked_sub(steps) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => {
                self.steps_left = 0;
                self.limit("evaluation, in steps,", EVALUATION_STEPS_MAX)
            }
        }
    }

    /// Accounts for a text that is gone through.
    fn charge_text(&mut self, text: &str) -> Result<()> {
        self.charge(1 + text.len() / 64)
    }

    /// A text that was built, accounted for.
    fn built(&mut self, text: String) -> Result<Value<'s>> {
        self.charge_text(&text)?;
        match self.text_bytes_left.checked_sub(text.len()) {
            Some(left) => self.text_bytes_left = left,
            None => return self.limit("the text of all strings, in bytes,", TEXT_BYTES_MAX),
        }
        Ok(Value::text(text))
    }

    fn write(&mut self, text: &str, out: &mut String) -> Result<()> {
        if out.len() + text.len() > self.output_bytes_max {
            return self.limit("the rendered text, in bytes,", RENDERED_BYTES_MAX);
        }
        out.push_str(text);
        Ok(())
    }

    /// Evaluates something nested, one level deeper.
    fn nested<T>(&mut self, evaluate: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.level >= EVALUATION_LEVELS_MAX {
            return self.limit("evaluation, in levels,", EVALUATION_LEVELS_MAX);
        }
        self.level += 1;
        let result = evaluate(self);
        self.level -= 1;
        result
    }

    fn block(&mut self, block: &'s Block, out: &mut String) -> Result<()> {
        for piece in block {
            self.charge(1)?;
            match piece {
                Piece::Text(text) => self.write(text, out)?,
                Piece::Reference(reference) => {
                    let value = self.reference(reference)?;
                    self.at = reference.at;
                    self.write_value(&value, out)?;
                }
                Piece::Set { target, value } => {
                    let value = self.expression(value)?;
                    // Velocity assigns no null, such as the result of a division by zero. What is undefined is an
                    // empty string by then.
                    if !matches!(value, Value::Undefined) {
                        self.assign(target, value)?;
                    }
                }
                Piece::If { branches, otherwise } => self.if_else(branches, otherwise, out)?,
                Piece::Foreach { slot, items, body, at } => {
                    let items = self.expression(items)?;
                    self.at = *at;
                    self.foreach(*slot, &items, body, out)?;
                }
                Piece::Define { slot, body } => self.variables[*slot] = Some(Value::Block(body)),
                Piece::Break => self.halt = Halt::Break,
                Piece::Stop => self.halt = Halt::Stop,
            }
            if self.halt != Halt::None {
                break;
            }
        }
        Ok(())
    }

    fn if_else(
        &mut self,
        branches: &'s [(Expression, Block)],
        otherwise: &'s Block,
        out: &mut String,
    ) -> Result<()> {
        for (condition, block) in branches {
            self.charge(1)?;
            if self.condition(condition)? {
                return self.nested(|this| this.block(block, out));
            }
        }
        self.nested(|this| this.block(otherwise, out))
    }

    /// Runs a loop. Its variable has its old value again afterwards (observed:
    /// docs/aws-behaviour.md#template-language). What the body changes in place shows in later rounds; a list or map
    /// that grows or shrinks meanwhile fails, as Java's iterators do.
    fn foreach(&mut self, slot: Slot, items: &Value<'s>, body: &'s Block, out: &mut String) -> Result<()> {
        let items = self.opened(items.clone())?;
        let Some(length) = self.heap.length(&items) else { return Ok(()) };
        let at = self.at;
        let outer = self.variables[slot].take();
        let depth = self.loops.len();
        for index in 0..length.min(FOREACH_ROUNDS_MAX) {
            self.charge(1)?;
            self.loops.truncate(depth);
            self.loops.push(Loop { index, length });
            self.variables[slot] = Some(self.heap.item(&items, index));
            self.nested(|this| this.block(body, out))?;
            match self.halt {
                Halt::None => {}
                Halt::Break => {
                    self.halt = Halt::None;
                    break;
                }
                Halt::Stop => break,
            }
            let now = self.heap.length(&items).unwrap_or(0);
            if now != length {
                // Java notices at the next element, and looks for one by the length of a list, or behind a map's entry.
                let next = if matches!(items, Value::List(_)) { now } else { length };
                if index + 1 == next {
                    break;
                }
                self.at = at;
                return self.fault(Problem::Resized);
            }
        }
        self.loops.truncate(depth);
        self.variables[slot] = outer;
        Ok(())
    }

    /// Renders a block or an interpolated string into a text of its own.
    fn text_of(&mut self, block: &'s Block) -> Result<String> {
        let reserved = block.len().saturating_mul(PIECE_BYTES_EXPECTED).min(TEXT_BYTES_RESERVED_MAX);
        let mut text = String::with_capacity(reserved);
        let outer = std::mem::replace(&mut self.output_bytes_max, RENDERED_BYTES_MAX);
        let result = self.nested(|this| this.block(block, &mut text));
        self.output_bytes_max = outer;
        if self.halt == Halt::Break {
            // A `#break` does not reach out of a string.
            self.halt = Halt::None;
        }
        result.map(|()| text)
    }
}
