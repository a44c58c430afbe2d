//! `@connections`.

use super::{Body, How, Question, Special};

pub(super) const QUESTIONS: &[Question] = &[
    Question {
        id: "post-text",
        asks: "does a client get posted text as a text message?",
        rows: &["gateway/post-text"],
        how: How::Post { body: Body::Bytes(br#"{"n": 1}"#) },
    },
    Question {
        id: "post-no-utf-8",
        asks: "what does a client get for posted bytes that are not UTF-8?",
        rows: &["gateway/not-text"],
        how: How::Post { body: Body::Bytes(&[0xff, 0xfe, 0x00, 0x41]) },
    },
    Question {
        id: "post-frames",
        asks: "in which frames does a post of 100 KB arrive?",
        rows: &["gateway/post-frames"],
        how: How::Post { body: Body::Letters(100 * 1_024) },
    },
    Question {
        id: "malformed-id",
        asks: "how is a POST to an id of another form answered?",
        rows: &["gateway/malformed-id"],
        how: How::Special(Special::MalformedId),
    },
    Question {
        id: "post-unsigned",
        asks: "how is a POST without a signature answered?",
        rows: &["gateway/unsigned"],
        how: How::Special(Special::Unsigned),
    },
    Question {
        id: "delete",
        asks: "how does DELETE close a connection, and how is a POST after it answered?",
        rows: &["gateway/delete"],
        how: How::Special(Special::Delete),
    },
];
