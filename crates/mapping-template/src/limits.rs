//! Every limit of the engine, named and with its unit.

/// Longest template, in bytes: API Gateway's quota of 300 KB, taken as 300 × 1,024.
///
/// Source: the WebSocket table of the quotas page (documented).
pub const TEMPLATE_BYTES_MAX: usize = 300 * 1024;

/// Most rounds that one `#foreach` makes; what follows in the list is skipped.
///
/// The number is documented for REST APIs. That the loop ends quietly there, as Velocity's own
/// `directive.foreach.maxloops` does, is our decision.
pub const FOREACH_ROUNDS_MAX: usize = 1000;

/// Deepest nesting of blocks, brackets and strings within strings in a template, in levels.
pub const NESTING_LEVELS_MAX: usize = 64;

/// Deepest evaluation, in levels: what nests in the template plus blocks of `#define` that
/// refer to each other.
pub const EVALUATION_LEVELS_MAX: usize = 96;

/// Deepest JSON that `$input.path`, `$input.json` of a part and `$util.parseJson` take apart, and
/// deepest list or map that is written out, in levels. `$input.json('$')` has no such limit.
pub const VALUE_LEVELS_MAX: usize = 128;

/// Longest rendered text, in bytes: API Gateway's largest payload, 10 MB.
pub const RENDERED_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Most text that one rendering may build in all its intermediate strings together, in bytes.
pub const TEXT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Most work that one rendering may do, in evaluation steps: a step is one node of the template
/// evaluated, or 64 bytes or one element of a value gone through.
pub const EVALUATION_STEPS_MAX: usize = 2_000_000;

/// Largest compiled regular expression, in bytes: it bounds the time per byte that
/// `replaceAll`, `matches` and `split` take.
pub const PATTERN_BYTES_MAX: usize = 32 * 1024;

/// Longest path of names below `$context`, in names; a longer one is undefined.
pub const CONTEXT_PATH_NAMES_MAX: usize = 8;
