//! Policies: what is refused, and how the rest is evaluated, case by case and against a second evaluator.

mod documents;
mod evaluation;
mod honoured;
mod patterns;
mod reference;
