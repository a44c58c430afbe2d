//! The closing handshake: the valid codes and reasons, and the protocol errors.

use super::case::{Case, all_hold, case};
use sluicegate_tests::frame::{BINARY, CLOSE, CONTINUATION, Frame, PING, TEXT};

fn close(code: u16, reason: impl AsRef<[u8]>) -> Frame {
    Frame::new(CLOSE, [&code.to_be_bytes()[..], reason.as_ref()].concat())
}

/// RFC 6455, 7.4: the codes that it defines for the wire, those registered since, and the private ones.
#[tokio::test(flavor = "multi_thread")]
async fn a_valid_close_is_answered_with_its_code() {
    let codes = (1000..=1003).chain(1007..=1013).chain([3000, 3999, 4000, 4999]);
    let mut cases: Vec<Case> =
        codes.map(|code| case(format!("code {code}")).send(close(code, "")).closes(code)).collect();
    let longest = "é".repeat(61) + "!";
    cases.extend([
        case("no code").send(Frame::new(CLOSE, "")).closes_without_code(),
        case("a reason").send(close(1000, "done")).closes(1000),
        case("the longest reason, of 123 bytes").send(close(1000, longest)).closes(1000),
        case("amid a message").send(Frame::new(TEXT, "[").unfinished()).send(close(1000, "")).closes(1000),
        case("with a ping behind it").send(close(1000, "")).send(Frame::new(PING, "?")).closes(1000),
        case("with a message behind it").send(close(1000, "")).send(Frame::new(TEXT, "[1]")).closes(1000),
        case("with the rest of a message behind it")
            .send(Frame::new(TEXT, "[").unfinished())
            .send(close(1001, ""))
            .send(Frame::new(CONTINUATION, "1]"))
            .closes(1001),
        case("with rubbish behind it").send(close(1000, "")).bytes(vec![0xff; 1_000]).closes(1000),
        case("twice").send(close(1000, "")).send(close(1001, "")).closes(1000),
    ]);
    all_hold(cases).await;
}

/// RFC 6455, 5.5.1 and 7.4. Only a gateway can send 1014, which reports an invalid response of its upstream server.
#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_close_is_a_protocol_error() {
    let codes = [0, 1, 999, 1004, 1005, 1006, 1014, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 65_535];
    let mut cases: Vec<Case> =
        codes.map(|code| case(format!("code {code}")).send(close(code, "")).closes(1002)).into();
    cases.extend([
        case("half of a code").send(Frame::new(CLOSE, [3])).closes(1002),
        case("a reason that is no UTF-8").send(close(1000, b"\xff")).closes(1007),
        case("a reason that ends amid a character").send(close(1000, b"\xe2\x82")).closes(1007),
    ]);
    all_hold(cases).await;
}

/// docs/aws-behaviour.md#apigateway-frames: binary messages are not supported.
#[tokio::test(flavor = "multi_thread")]
async fn binary_messages_close_with_1003() {
    all_hold(vec![
        case("a binary message").send(Frame::new(BINARY, [1, 2, 3])).closes(1003),
        case("an empty one").send(Frame::new(BINARY, [])).closes(1003),
        case("one in fragments")
            .send(Frame::new(BINARY, [1]).unfinished())
            .send(Frame::new(CONTINUATION, [0xff]))
            .closes(1003),
        case("one that would be text").send(Frame::new(BINARY, "[1]")).closes(1003),
        case("one behind a message that is still heard")
            .send(Frame::new(TEXT, "no json"))
            .send(Frame::new(BINARY, []))
            .refusal()
            .closes(1003),
        case("one with a close right behind it")
            .bytes([Frame::new(BINARY, [1]).encode(), close(1000, "").encode()].concat())
            .closes(1003),
        case("one with a message right behind it")
            .bytes([Frame::new(BINARY, [1]).encode(), Frame::new(TEXT, "no json").encode()].concat())
            .closes(1003),
    ])
    .await;
}

/// The gateway closes its side for a client that disconnects without a close frame, after any part of a frame.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_can_end_without_a_close_frame() {
    let frame = Frame::new(TEXT, "x".repeat(200)).encode();
    let mut cases: Vec<Case> = vec![case("after nothing").ends()];
    cases.extend(
        [1, 2, 3, 4, 6, 8, 9, 100].map(|at| case(format!("after {at} bytes")).bytes(&frame[..at]).ends()),
    );
    let fragment = case("after a fragment").send(Frame::new(TEXT, "[").unfinished());
    cases.push(fragment.ends());
    all_hold(cases).await;
}
