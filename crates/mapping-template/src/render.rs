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

/// A render error with its place as an offset.
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
    /// The running loops, innermost last.
    loops: Vec<Loop>,
    /// `$context.requestOverride` and `responseOverride`, once the template has used one of them.
    overrides: Option<(MapId, MapId)>,
    /// The minified body, once the template has used it; `Some(None)` if it is not JSON.
    body: Option<Option<Text<'s>>>,
    /// The body as the value that all of the template shares, once the template has read a part that it can change.
    root: Option<Value<'s>>,
    /// `$input.params()`, once the template has used it.
    params: Option<Value<'s>>,
    halt: Halt,
    /// The place being evaluated, for errors.
    at: Offset,
    level: usize,
    steps_left: usize,
    text_bytes_left: usize,
    output_bytes_max: usize,
}

/// A running loop.
#[derive(Debug, Clone, Copy)]
struct Loop {
    index: usize,
    length: usize,
}

/// Whether, and how, blocks end early.
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

    /// Counts steps of work.
    fn charge(&mut self, steps: usize) -> Result<()> {
        match self.steps_left.checked_sub(steps) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => {
                self.steps_left = 0;
                self.limit("evaluation steps", EVALUATION_STEPS_MAX)
            }
        }
    }

    /// Counts the steps of one pass over a text.
    fn charge_text(&mut self, text: &str) -> Result<()> {
        self.charge(1 + text.len() / 64)
    }

    /// The value of a text that was built, after counting its steps and bytes.
    fn built(&mut self, text: String) -> Result<Value<'s>> {
        self.charge_text(&text)?;
        match self.text_bytes_left.checked_sub(text.len()) {
            Some(left) => self.text_bytes_left = left,
            None => return self.limit("bytes of strings", TEXT_BYTES_MAX),
        }
        Ok(Value::text(text))
    }

    fn write(&mut self, text: &str, out: &mut String) -> Result<()> {
        if out.len() + text.len() > self.output_bytes_max {
            return self.limit("bytes of rendered text", RENDERED_BYTES_MAX);
        }
        out.push_str(text);
        Ok(())
    }

    /// Evaluates one level deeper.
    fn nested<T>(&mut self, evaluate: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.level >= EVALUATION_LEVELS_MAX {
            return self.limit("levels of evaluation", EVALUATION_LEVELS_MAX);
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
                    // Velocity does not assign null, such as the result of a division by zero. An undefined reference
                    // has become an empty string here.
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

    /// Runs a loop, after which its variable has its old value again (observed:
    /// docs/aws-behaviour.md#template-language). Later rounds see what the body has changed in place. The loop fails if
    /// its list or map grows or shrinks, as Java's iterators do.
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
                // Java fails only at a next element. It compares the position with the current length of a list; in a
                // map, it has already read the entry after this one.
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
            // A `#break` in a string does not end a loop around the string.
            self.halt = Halt::None;
        }
        result.map(|()| text)
    }
}
