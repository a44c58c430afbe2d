//! The questions: what the ledger does not know, and how to find out.

mod connections;
mod control;
mod frames;
mod functions;
mod handshakes;
mod language;
mod messages;

use crate::terraform::Values;
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// Its name, here and in the file of answers.
    pub id: &'static str,
    /// Its text.
    pub asks: &'static str,
    /// The ledger's entries that it answers, as `file/id`.
    pub rows: &'static [&'static str],
    pub how: How,
}

#[derive(Debug, Clone, Copy)]
pub enum How {
    /// These lines of a mapping template set `$data`, which is read back from the stream. The message has the
    /// question's id as its `ask`; an empty message gets one.
    Record {
        /// Lines of the template; empty if the configuration itself has it.
        set: &'static str,
        message: &'static str,
    },
    /// The same with a message that is not JSON, or names no route.
    Raw {
        /// Lines of the template.
        set: &'static str,
        message: &'static str,
    },
    /// The template of an integration response, whose result the client gets.
    Language { template: &'static str },
    /// A template for the integration response with this key, and the status that a MOCK answers with.
    Key { key: &'static str, template: &'static str, status: u16 },
    /// The status that a MOCK answers with, as JSON; the question has no template of its own.
    Status(&'static str),
    /// A message to a stage, and the answer.
    Say { api: &'static str, message: &'static str },
    /// A message that should have no answer, and the answer if there is one.
    Silence { message: &'static str },
    Handshake {
        api: &'static str,
        /// Stage and query.
        below: &'static str,
        /// A header to send.
        send: Option<&'static str>,
        /// A header, in lower case, to look for in the answer.
        look_for: Option<&'static str>,
    },
    /// An invalid handshake.
    WrongHandshake(Wrong),
    /// A call of API Gateway's own API, with placeholders in braces.
    Create {
        /// The API whose id replaces `{}` in the path.
        api: &'static str,
        path: &'static str,
        body: &'static str,
    },
    /// Bytes that break the protocol.
    Break {
        /// The first byte: the last-fragment bit, reserved bits and opcode.
        head: u8,
        /// Whether the frame is masked.
        masked: bool,
        payload: &'static [u8],
    },
    /// A POST to `@connections`.
    Post { body: Body },
    /// A question unlike others.
    Special(Special),
}

/// The body of a post to a connection.
#[derive(Debug, Clone, Copy)]
pub enum Body {
    /// These bytes; the answer is the message.
    Bytes(&'static [u8]),
    /// So many letters; the answer is the frames.
    Letters(usize),
}

/// What is wrong with a handshake.
#[derive(Debug, Clone, Copy)]
pub enum Wrong {
    /// `Sec-WebSocket-Version: 12`
    Version,
    /// A key of four bytes.
    Key,
    /// No key.
    NoKey,
    /// `POST`
    Method,
    /// A URL of more than 4,096 characters.
    Url,
}

impl Wrong {
    /// Its description.
    pub const fn sent(self) -> &'static str {
        match self {
            Self::Version => "a handshake with Sec-WebSocket-Version: 12",
            Self::Key => "a handshake whose Sec-WebSocket-Key has 4 bytes",
            Self::NoKey => "a handshake without Sec-WebSocket-Key",
            Self::Method => "a handshake by POST",
            Self::Url => "a handshake with a query of 5,000 characters",
        }
    }
}

/// Questions that are unlike others.
#[derive(Debug, Clone, Copy)]
pub enum Special {
    /// Message after message over the stage's rate.
    ThrottledMessage,
    /// Handshake after handshake over the stage's rate.
    ThrottledHandshake,
    /// A function behind a route, slower than the integration's timeout.
    Timeout,
    /// The values in `$disconnect`'s template.
    Disconnect,
    /// An id of another form.
    MalformedId,
    /// A POST without a signature.
    Unsigned,
    /// DELETE, and a POST after it.
    Delete,
    /// A route that was created but not deployed.
    NotDeployed,
    /// What an authorizer stored on a connection.
    AuthorizerContext,
    /// The members of an authorizer's event.
    AuthorizerEvent,
    /// A consumer mapping's `eventSourceARN`.
    EventSourceArn,
    /// A record that fails, and records of other partition keys after it.
    PartitionQueues,
    /// Messages to a route while another has used up the stage's limit.
    ThrottledRoutes,
    /// A route's response selection expression, updated to the empty string.
    EmptyExpression,
    /// The log group of a stage with execution logs.
    ExecutionLogGroup,
    /// The deletion of a stage that a custom domain's mapping points at.
    MappedStage,
    /// Pings every minute and no message, until the connection is closed.
    IdleTraffic,
    /// A message every five minutes, until the connection is closed.
    Lifetime,
}

impl Special {
    /// Its description.
    pub const fn sent(self) -> &'static str {
        match self {
            Self::ThrottledMessage => "messages to a stage of one message a second, until one is refused",
            Self::ThrottledHandshake => "handshakes to a stage of one a second, until one is refused",
            Self::Timeout => "a message to a function that takes 3 s, with a timeout of 500 ms",
            Self::Disconnect => "a close frame with code 1000 and reason bye",
            Self::MalformedId => "POST @connections/nonsense",
            Self::Unsigned => "POST @connections/{id} without a signature",
            Self::Delete => "DELETE @connections/{id}, then POST",
            Self::NotDeployed => "a message for a route that was created after the deployment",
            Self::AuthorizerContext => "a message on a connection that the authorizer allowed",
            Self::AuthorizerEvent => "the handshakes of the other questions",
            Self::EventSourceArn => "the records of the other questions",
            Self::PartitionQueues => {
                "a record that the function fails for, then records of other partition keys"
            }
            Self::ThrottledRoutes => {
                "messages to a stage of one message a second: many to one route, and then one to another, five times"
            }
            Self::EmptyExpression => {
                "PATCH /v2/apis/{}/routes/{route} {\"routeResponseSelectionExpression\":\"\"}"
            }
            Self::ExecutionLogGroup => "messages to a stage whose logging level is INFO",
            Self::MappedStage => "DELETE /v2/apis/{}/stages/mapped, to which a domain is mapped",
            Self::IdleTraffic => "a ping a minute",
            Self::Lifetime => "a message every five minutes",
        }
    }
}

/// All questions, in the order in which they are asked and written.
pub fn all() -> Vec<Question> {
    [
        messages::QUESTIONS,
        language::QUESTIONS,
        handshakes::QUESTIONS,
        frames::QUESTIONS,
        connections::QUESTIONS,
        control::QUESTIONS,
        functions::QUESTIONS,
    ]
    .concat()
}

/// The first status of a language question; the others follow. Keys of other questions begin at 270.
const FIRST_STATUS: u16 = 201;
/// Not a question: it returns a connection's id to the client.
pub const WHO: Question =
    Question { id: "who", asks: "", rows: &[], how: How::Language { template: "$context.connectionId" } };

/// The status of a language question's template.
pub fn status(id: &str) -> Option<u16> {
    let is_language = |question: &Question| matches!(question.how, How::Language { .. });
    let mut language = std::iter::once(WHO).chain(all()).filter(is_language);
    let position = language.position(|question| question.id == id)?;
    Some(FIRST_STATUS + u16::try_from(position).ok()?)
}

/// The questions' part of the configuration.
pub fn values() -> Values {
    let (mut records, mut raw, mut language) = (Values::new(), Values::new(), Values::new());
    for Question { id, how, .. } in std::iter::once(WHO).chain(all()) {
        match how {
            How::Record { set: "", .. } => {}
            How::Record { set, .. } => drop(records.insert(id.into(), set.into())),
            How::Raw { set, .. } => drop(raw.insert(id.into(), set.into())),
            How::Language { template } => {
                let key = format!("/{}/", status(id).unwrap_or_default());
                language.insert(id.into(), json!({"key": key, "template": template}));
            }
            How::Key { key, template, .. } => {
                language.insert(id.into(), json!({"key": key, "template": template}));
            }
            _ => {}
        }
    }
    let values = [("records", records), ("raw", raw), ("language", language)];
    values.into_iter().map(|(name, value)| (name.to_owned(), Value::Object(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn questions_have_names_of_their_own_and_rows_to_answer() {
        let mut ids = BTreeSet::from([WHO.id, "ready"]);
        for Question { id, asks, rows, how } in all() {
            assert!(ids.insert(id), "{id} stands twice");
            assert!(!asks.is_empty() && !rows.is_empty(), "{id} asks nothing");
            if let How::Record { message, .. } = how {
                let names_itself = message.is_empty() || message.contains(&format!(r#""ask":"{id}""#));
                assert!(names_itself, "the message of {id} does not name its route");
            }
        }
    }

    #[test]
    fn templates_have_statuses_of_their_own() {
        let statuses: Vec<_> = all().iter().filter_map(|question| status(question.id)).collect();
        let distinct: BTreeSet<_> = statuses.iter().collect();
        assert_eq!(distinct.len(), statuses.len());
        assert!(statuses.iter().all(|status| (FIRST_STATUS..270).contains(status)));
    }

    #[test]
    fn there_are_not_more_stages_than_an_api_may_have() {
        let raw = all().iter().filter(|question| matches!(question.how, How::Raw { .. })).count();
        assert!(raw + 2 <= 10);
    }
}
