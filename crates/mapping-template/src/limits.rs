//! The engine's limits, with their units.

/// Longest template, in bytes: API Gateway's quota of 300 KB, taken as 300 × 1,024.
///
/// Source: the WebSocket table of the quotas page (documented).
pub const TEMPLATE_BYTES_MAX: usize = 300 * 1024;

/// Most iterations of one `#foreach`; the rest of the list is skipped.
///
/// The number is documented for REST APIs. That the loop ends silently, as with Velocity's own
/// `directive.foreach.maxloops`, is our decision.
pub const FOREACH_ROUNDS_MAX: usize = 1000;

/// Deepest nesting of blocks, brackets and strings within strings in a template, in levels.
pub const NESTING_LEVELS_MAX: usize = 64;

/// Deepest evaluation, in levels: the template's nesting, and blocks of `#define` that refer to each other.
pub const EVALUATION_LEVELS_MAX: usize = 96;

/// Deepest JSON that `$input.path`, `$input.json` of a part and `$util.parseJson` can read, and deepest list or map
/// that is rendered, in levels. `$input.json('$')` has no such limit.
pub const VALUE_LEVELS_MAX: usize = 128;

/// Longest rendered text, in bytes: API Gateway's largest payload, 10 MB.
pub const RENDERED_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Most bytes of all intermediate strings of one rendering together.
pub const TEXT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Most work of one rendering, in evaluation steps: a step is the evaluation of one node of the template, or the
/// processing of 64 bytes or one element of a value.
pub const EVALUATION_STEPS_MAX: usize = 2_000_000;

/// Largest compiled regular expression, in bytes: it limits the time per byte of `replaceAll`, `matches` and `split`.
pub const PATTERN_BYTES_MAX: usize = 32 * 1024;

/// Longest path below `$context`, in names; a longer one is undefined.
pub const CONTEXT_PATH_NAMES_MAX: usize = 8;
