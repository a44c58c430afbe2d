//! Handshakes: their statuses, and the bodies of those that are refused.

use super::{How, Question, Special, Wrong};

const fn handshake(
    id: &'static str,
    asks: &'static str,
    rows: &'static [&'static str],
    api: &'static str,
    below: &'static str,
) -> Question {
    Question { id, asks, rows, how: How::Handshake { api, below, send: None, look_for: None } }
}

const fn wrong(
    id: &'static str,
    asks: &'static str,
    rows: &'static [&'static str],
    wrong: Wrong,
) -> Question {
    Question { id, asks, rows, how: How::WrongHandshake(wrong) }
}

pub(super) const QUESTIONS: &[Question] = &[
    handshake(
        "connect-201",
        "does a MOCK $connect with status 201 connect?",
        &["gateway/handshake-statuses"],
        "door",
        "/v1?status=201",
    ),
    handshake(
        "connect-403",
        "is another status of a MOCK $connect, with a response for it, the handshake's, and what is its body?",
        &["gateway/handshake-other-status", "gateway/handshake-body"],
        "door",
        "/v1?status=403",
    ),
    handshake(
        "connect-unmatched",
        "what is the handshake's status where no integration response has a key for $connect's?",
        &["gateway/connect-without-200"],
        "door",
        "/v1?status=418",
    ),
    handshake(
        "unknown-stage",
        "what is a handshake answered at a stage that does not exist?",
        &["gateway/unknown-stage", "gateway/handshake-body"],
        "main",
        "/nothing",
    ),
    Question {
        id: "throttled-handshake",
        asks: "what is the body of the 429 for a handshake over the rate?",
        rows: &["gateway/handshake-throttled", "gateway/handshake-body"],
        how: How::Special(Special::ThrottledHandshake),
    },
    Question {
        id: "deflate",
        asks: "is permessage-deflate negotiated?",
        rows: &["gateway/deflate"],
        how: How::Handshake {
            api: "main",
            below: "/v1",
            send: Some("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"),
            look_for: Some("sec-websocket-extensions"),
        },
    },
    wrong(
        "handshake-version",
        "what is a handshake of version 12 answered?",
        &["gateway/malformed-handshake"],
        Wrong::Version,
    ),
    wrong(
        "handshake-key",
        "what is a handshake with a key of 4 bytes answered?",
        &["gateway/malformed-handshake"],
        Wrong::Key,
    ),
    wrong(
        "handshake-no-key",
        "what is a handshake without a key answered?",
        &["gateway/malformed-handshake"],
        Wrong::NoKey,
    ),
    wrong(
        "handshake-method",
        "what is a handshake by POST answered?",
        &["gateway/malformed-handshake"],
        Wrong::Method,
    ),
    wrong(
        "url-length",
        "what is a URL of more than 4,096 characters answered?",
        &["gateway/url-length"],
        Wrong::Url,
    ),
    handshake(
        "identity-empty",
        "does an empty identity source count as missing?",
        &["gateway/identity-empty"],
        "guarded",
        "/v1?token=",
    ),
    handshake(
        "authorizer-deny",
        "what is a handshake answered that the authorizer's policy denies?",
        &["gateway/authorizer-denies", "gateway/handshake-body"],
        "guarded",
        "/v1?token=deny",
    ),
    handshake(
        "authorizer-unauthorized",
        "what is a handshake answered where the authorizer fails with Unauthorized?",
        &["gateway/authorizer-raises", "gateway/handshake-body"],
        "guarded",
        "/v1?token=unauthorized",
    ),
    handshake(
        "authorizer-other",
        "what is a handshake answered where the authorizer fails with anything else?",
        &["gateway/authorizer-fails", "gateway/authorizer-raises"],
        "guarded",
        "/v1?token=other",
    ),
    handshake(
        "authorizer-garbage",
        "what is a handshake answered where the authorizer's result is no policy?",
        &["gateway/authorizer-fails"],
        "guarded",
        "/v1?token=garbage",
    ),
    handshake(
        "authorizer-condition",
        "is a condition in an authorizer's policy evaluated?",
        &["gateway/authorizer-conditions"],
        "guarded",
        "/v1?token=condition",
    ),
    Question {
        id: "authorizer-context",
        asks: "do principalId and context stay on the connection, as text?",
        rows: &["gateway/authorizer-context"],
        how: How::Special(Special::AuthorizerContext),
    },
    Question {
        id: "authorizer-event",
        asks: "which members has an authorizer's event, its requestContext and its identity?",
        rows: &["gateway/handshake-event"],
        how: How::Special(Special::AuthorizerEvent),
    },
];
