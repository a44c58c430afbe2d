//! Policies: what is refused and how what is accepted is evaluated, case by case and against a second evaluator.

mod documents;
mod evaluation;
mod honoured;
mod patterns;
mod reference;
