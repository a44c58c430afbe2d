//! Handshakes: their statuses, and the bodies of refusals.

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
        "connect-times",
        "have $context.connectedAt and $context.requestTimeEpoch a value on $connect (403 if one is empty)?",
        &["gateway/context-times"],
        "door",
        "/v1?status=times",
    ),
    handshake(
        "connect-403",
        "does the handshake get another status of a MOCK $connect that has a response, and with which body?",
        &["gateway/handshake-other-status", "gateway/handshake-body"],
        "door",
        "/v1?status=403",
    ),
    handshake(
        "connect-unmatched",
        "what is the handshake's status if no integration response matches $connect's?",
        &["gateway/connect-without-200"],
        "door",
        "/v1?status=418",
    ),
    handshake(
        "unknown-stage",
        "how is a handshake to a missing stage answered?",
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
        "how is a handshake of version 12 answered?",
        &["gateway/malformed-handshake"],
        Wrong::Version,
    ),
    wrong(
        "handshake-key",
        "how is a handshake with a key of 4 bytes answered?",
        &["gateway/malformed-handshake"],
        Wrong::Key,
    ),
    wrong(
        "handshake-no-key",
        "how is a handshake without a key answered?",
        &["gateway/malformed-handshake"],
        Wrong::NoKey,
    ),
    wrong(
        "handshake-method",
        "how is a handshake by POST answered?",
        &["gateway/malformed-handshake"],
        Wrong::Method,
    ),
    wrong(
        "url-length",
        "how is a URL of more than 4,096 characters answered?",
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
        "how is a handshake answered that the authorizer's policy denies?",
        &["gateway/authorizer-denies", "gateway/handshake-body"],
        "guarded",
        "/v1?token=deny",
    ),
    handshake(
        "authorizer-unauthorized",
        "how is a handshake answered if the authorizer fails with Unauthorized?",
        &["gateway/authorizer-raises", "gateway/handshake-body"],
        "guarded",
        "/v1?token=unauthorized",
    ),
    handshake(
        "authorizer-other",
        "how is a handshake answered if the authorizer fails with another error?",
        &["gateway/authorizer-fails", "gateway/authorizer-raises"],
        "guarded",
        "/v1?token=other",
    ),
    handshake(
        "authorizer-garbage",
        "how is a handshake answered if the authorizer's result is not a policy?",
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
