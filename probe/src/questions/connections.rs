//! `@connections`.

use super::{Body, How, Question, Special};

pub(super) const QUESTIONS: &[Question] = &[
    Question {
        id: "post-text",
        asks: "is a text that is posted a text message?",
        rows: &["gateway/post-text"],
        how: How::Post { body: Body::Bytes(br#"{"n": 1}"#) },
    },
    Question {
        id: "post-no-utf-8",
        asks: "what does a client get of posted bytes that are no UTF-8?",
        rows: &["gateway/not-text"],
        how: How::Post { body: Body::Bytes(&[0xff, 0xfe, 0x00, 0x41]) },
    },
    Question {
        id: "post-frames",
        asks: "in which frames do 100 KB arrive that are posted at once?",
        rows: &["gateway/post-frames"],
        how: How::Post { body: Body::Letters(100 * 1_024) },
    },
    Question {
        id: "malformed-id",
        asks: "what is a POST to an id of another form answered?",
        rows: &["gateway/malformed-id"],
        how: How::Special(Special::MalformedId),
    },
    Question {
        id: "post-unsigned",
        asks: "what is a POST without a signature answered?",
        rows: &["gateway/unsigned"],
        how: How::Special(Special::Unsigned),
    },
    Question {
        id: "delete",
        asks: "how does DELETE close a connection, and what is a POST after it answered?",
        rows: &["gateway/delete"],
        how: How::Special(Special::Delete),
    },
];
