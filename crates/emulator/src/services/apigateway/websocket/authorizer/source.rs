//! Whether a handshake has an identity source (docs/aws-behaviour.md#apigateway-authorization).

use crate::services::apigateway::websocket::context::MessageContext;
use crate::services::apigateway::websocket::identity_source::IdentitySource;
use std::collections::BTreeMap;

impl IdentitySource {
    /// Whether a handshake has it; an empty value does not count.
    pub fn is_present(&self, context: &MessageContext<'_>, variables: &BTreeMap<String, String>) -> bool {
        let opening = context.opening;
        match self {
            Self::Header(name) => opening.and_then(|opening| opening.header(name)).is_some_and(is_given),
            Self::Query(name) => opening.and_then(|opening| opening.query(name)).is_some_and(is_given),
            Self::StageVariable(name) => variables.get(name).is_some_and(|value| is_given(value)),
            Self::Context(path) => context.get(path).is_some_and(|value| is_given(&value)),
        }
    }
}

fn is_given(value: &str) -> bool {
    !value.is_empty()
}
