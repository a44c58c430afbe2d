//! The syntax tree: a template is parsed into it once and rendered from it many times.

use regex_lite::Regex;

/// A byte offset into the template's source, kept to report errors.
pub(crate) type Offset = u32;

/// The number of a variable: names are resolved while parsing.
pub(crate) type Slot = usize;

/// The pieces between two directives, or of the whole template.
pub(crate) type Block = Vec<Piece>;

/// One piece of a block.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Emitted as it is.
    Text(Box<str>),
    /// Evaluated and emitted.
    Reference(Reference),
    /// `#set($target = value)`.
    Set { target: Reference, value: Expression },
    /// `#if`, any number of `#elseif`, and `#else`; the first branch that is true is taken.
    If { branches: Vec<(Expression, Block)>, otherwise: Block },
    /// `#foreach($slot in items)`.
    Foreach { slot: Slot, items: Expression, body: Block, at: Offset },
    /// `#define($slot)`: the block is rendered wherever the variable is used.
    Define { slot: Slot, body: Block },
    /// `#break`: ends the innermost loop, or the template if there is no loop.
    Break,
    /// `#stop`: ends the template.
    Stop,
}

/// A reference such as `$input.params('a')[0].b`.
#[derive(Debug)]
pub(crate) struct Reference {
    pub(crate) slot: Slot,
    /// The meaning of the name until the template assigns it.
    pub(crate) builtin: Option<Builtin>,
    pub(crate) steps: Vec<Step>,
    pub(crate) at: Offset,
}

/// A variable that API Gateway or a loop provides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Builtin {
    Input,
    Context,
    StageVariables,
    Util,
    Foreach,
    VelocityCount,
    VelocityHasNext,
}

impl Builtin {
    /// The builtin of a root name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "input" => Self::Input,
            "context" => Self::Context,
            "stageVariables" => Self::StageVariables,
            "util" => Self::Util,
            "foreach" => Self::Foreach,
            "velocityCount" => Self::VelocityCount,
            "velocityHasNext" => Self::VelocityHasNext,
            _ => return None,
        })
    }
}

/// One step of a reference after its root.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) at: Offset,
    pub(crate) kind: StepKind,
}

/// What a step does.
#[derive(Debug)]
pub(crate) enum StepKind {
    /// `.name`
    Property(Box<str>),
    /// `.name(arguments)`
    Call {
        name: Box<str>,
        arguments: Vec<Expression>,
        /// The compiled first argument, if it is a literal and the method takes a pattern.
        pattern: Option<Regex>,
    },
    /// `[index]`
    Index(Expression),
}

/// An expression.
#[derive(Debug)]
pub(crate) enum Expression {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A string without references: single quotes, or double quotes around plain text.
    Text(Box<str>),
    /// A string in double quotes that is a template of its own.
    Interpolated(Block),
    List(Vec<Expression>),
    Map(Vec<(Expression, Expression)>),
    /// `[from..to]`, both ends included, in either direction.
    Range(Box<Expression>, Box<Expression>),
    Reference(Box<Reference>),
    Not(Box<Expression>),
    /// Operators of one precedence, from left to right. A flat list, so that a long chain does
    /// not nest.
    Chain {
        first: Box<Expression>,
        rest: Vec<(Operator, Expression)>,
        at: Offset,
    },
}

/// A binary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    /// The highest precedence level.
    pub(crate) const LEVEL_MAX: u8 = 5;

    /// How strongly it binds: 0 is the weakest.
    pub(crate) fn level(self) -> u8 {
        match self {
            Self::Or => 0,
            Self::And => 1,
            Self::Equal | Self::NotEqual => 2,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => 3,
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide | Self::Remainder => Self::LEVEL_MAX,
        }
    }

    /// The operator in its usual spelling.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}
