//! The input of a rendering: the message, its parameters, the context, stage variables.

use std::collections::BTreeMap;

use crate::context::Context;

/// The named parameters of a request. On a WebSocket API only `$connect` has any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params {
    /// `$input.params().path`
    pub path: BTreeMap<String, String>,
    /// `$input.params().querystring`
    pub querystring: BTreeMap<String, String>,
    /// `$input.params().header`; names match exactly, in the client's case.
    pub header: BTreeMap<String, String>,
}

impl Params {
    /// No parameters, as after `$connect`.
    pub const NONE: &'static Self =
        &Self { path: BTreeMap::new(), querystring: BTreeMap::new(), header: BTreeMap::new() };
}

/// Stage variables, by name.
pub type StageVariables = BTreeMap<String, String>;

static NO_STAGE_VARIABLES: StageVariables = StageVariables::new();

/// Everything that a template can refer to, borrowed.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The message as received, JSON or not.
    pub body: &'a str,
    /// `$input.params()`
    pub params: &'a Params,
    /// `$context`
    pub context: &'a dyn Context,
    /// `$stageVariables`
    pub stage_variables: &'a StageVariables,
}

impl<'a> Scope<'a> {
    /// A message and its context, without parameters and stage variables.
    #[must_use]
    pub fn new(body: &'a str, context: &'a dyn Context) -> Self {
        Self { body, params: Params::NONE, context, stage_variables: &NO_STAGE_VARIABLES }
    }

    /// The same with parameters.
    #[must_use]
    pub fn with_params(mut self, params: &'a Params) -> Self {
        self.params = params;
        self
    }

    /// The same with stage variables.
    #[must_use]
    pub fn with_stage_variables(mut self, stage_variables: &'a StageVariables) -> Self {
        self.stage_variables = stage_variables;
        self
    }
}
