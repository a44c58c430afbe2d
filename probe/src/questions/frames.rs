//! Frames: what breaks the protocol, and what keeps a connection alive.

use super::{How, Question, Special};

pub(super) const QUESTIONS: &[Question] = &[
    Question {
        id: "reserved-bit",
        asks: "how does a connection end after a frame with a reserved bit?",
        rows: &["gateway/protocol-error"],
        how: How::Break { head: 0xC1, masked: true, payload: b"{}" },
    },
    Question {
        id: "reserved-opcode",
        asks: "how does a connection end after a frame with a reserved opcode?",
        rows: &["gateway/protocol-error"],
        how: How::Break { head: 0x83, masked: true, payload: b"{}" },
    },
    Question {
        id: "unmasked",
        asks: "how does a connection end after a frame without a mask?",
        rows: &["gateway/protocol-error"],
        how: How::Break { head: 0x81, masked: false, payload: b"{}" },
    },
    Question {
        id: "text-no-utf-8",
        asks: "how does a connection end after a text that is not UTF-8?",
        rows: &["gateway/protocol-error"],
        how: How::Break { head: 0x81, masked: true, payload: &[0xff, 0xfe] },
    },
    Question {
        id: "idle-traffic",
        asks: "do protocol pings keep a connection alive, and how is an idle one closed? (--long: 15 minutes)",
        rows: &["gateway/idle-traffic", "gateway/idle"],
        how: How::Special(Special::IdleTraffic),
    },
    Question {
        id: "lifetime",
        asks: "how is a connection closed after two hours? (--long)",
        rows: &["gateway/lifetime"],
        how: How::Special(Special::Lifetime),
    },
];
