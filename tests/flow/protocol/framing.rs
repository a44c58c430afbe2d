//! Frames and messages: fragments, control frames between them, masks, reserved bits and opcodes.

use super::case::{Case, all_hold, case};
use sluicegate_tests::frame::{BINARY, CLOSE, CONTINUATION, Frame, PING, PONG, TEXT};

/// RFC 6455, 5.4.
#[tokio::test(flavor = "multi_thread")]
async fn fragments_make_one_message() {
    let text = |payload: &str| Frame::new(TEXT, payload);
    let more = |payload: &str| Frame::new(CONTINUATION, payload);
    let tiny = |count: usize| {
        let message = format!("\"{}\"", "x".repeat(count - 2));
        let mut bytes = Vec::new();
        for (index, byte) in message.bytes().enumerate() {
            let opcode = if index == 0 { TEXT } else { CONTINUATION };
            bytes.extend(Frame { fin: index + 1 == count, ..Frame::new(opcode, [byte]) }.encode());
        }
        (bytes, message)
    };
    let (tiny_fragments, tiny_message) = tiny(5_000);
    let one_by_one = text(r#"{"byte":"by byte"}"#).encode().into_iter();
    all_hold(vec![
        case("a message in one frame").send(text("[1]")).echo("[1]"),
        case("in two").send(text("[1").unfinished()).send(more("]")).echo("[1]"),
        case("in three")
            .send(text("[").unfinished())
            .send(more("2").unfinished())
            .send(more("]"))
            .echo("[2]"),
        case("the first of them empty").send(text("").unfinished()).send(more("[3]")).echo("[3]"),
        case("the last of them empty").send(text("[4]").unfinished()).send(more("")).echo("[4]"),
        case("all of them empty")
            .send(text("").unfinished())
            .send(more("").unfinished())
            .send(more(""))
            .refusal(),
        case("an empty message").send(text("")).refusal(),
        case("5,000 fragments of one byte").bytes(tiny_fragments).echo(tiny_message),
        one_by_one
            .fold(case("a frame that arrives byte by byte"), |case, byte| case.bytes([byte]))
            .echo(r#"{"byte":"by byte"}"#),
        case("three messages in one write")
            .bytes([text("1").encode(), text("2").encode(), text("3").encode()].concat())
            .echo("1")
            .echo("2")
            .echo("3"),
        case("a continuation of nothing").send(more("[1]")).closes(1002),
        case("an unfinished continuation of nothing").send(more("[1").unfinished()).closes(1002),
        case("a continuation after a whole message").send(text("x")).send(more("y")).refusal().closes(1002),
        case("a text that begins amid another").send(text("[").unfinished()).send(text("1]")).closes(1002),
        case("a binary that begins amid a text")
            .send(text("[").unfinished())
            .send(Frame::new(BINARY, "1]"))
            .closes(1002),
    ])
    .await;
}

/// RFC 6455, 5.5.
#[tokio::test(flavor = "multi_thread")]
async fn control_frames_between_fragments_are_small_and_unfragmented() {
    let text = |payload: &str| Frame::new(TEXT, payload);
    let more = |payload: &str| Frame::new(CONTINUATION, payload);
    let ping = |payload: &[u8]| Frame::new(PING, payload);
    let longest: Vec<u8> = (0..125).map(|byte| 255 - byte).collect();
    let too_long = [b'x'; 126];
    all_hold(vec![
        case("an empty ping").send(ping(b"")).pong(""),
        case("a ping with the longest payload, no UTF-8").send(ping(&longest)).pong(longest.clone()),
        case("a ping between two messages")
            .send(text("1"))
            .send(ping(b"p"))
            .send(text("2"))
            .echo("1")
            .pong("p")
            .echo("2"),
        case("pings between fragments")
            .send(text("[").unfinished())
            .send(ping(b"p"))
            .send(more("1").unfinished())
            .send(ping(b"q"))
            .send(more("]"))
            .pong("p")
            .pong("q")
            .echo("[1]"),
        case("ten pings in one write")
            .bytes((0..10u8).flat_map(|n| ping(&[n]).encode()).collect::<Vec<_>>())
            .pong([0])
            .pong([1])
            .pong([2])
            .pong([3])
            .pong([4])
            .pong([5])
            .pong([6])
            .pong([7])
            .pong([8])
            .pong([9]),
        case("a pong that nobody asked for").send(Frame::new(PONG, "?")).send(text("1")).echo("1"),
        case("a pong between fragments")
            .send(text("[").unfinished())
            .send(Frame::new(PONG, ""))
            .send(more("1]"))
            .echo("[1]"),
        case("a ping of 126 bytes").send(ping(&too_long)).closes(1002),
        case("a pong of 126 bytes").send(Frame::new(PONG, too_long)).closes(1002),
        case("a close of 126 bytes").send(Frame::new(CLOSE, too_long)).closes(1002),
        case("an unfinished ping").send(ping(b"p").unfinished()).closes(1002),
        case("an unfinished pong").send(Frame::new(PONG, "p").unfinished()).closes(1002),
        case("an unfinished close").send(Frame::new(CLOSE, 1000u16.to_be_bytes()).unfinished()).closes(1002),
        case("an unfinished ping amid a message")
            .send(text("[").unfinished())
            .send(ping(b"").unfinished())
            .closes(1002),
    ])
    .await;
}

/// RFC 6455, 5.1: a client masks its frames.
#[tokio::test(flavor = "multi_thread")]
async fn frames_without_a_mask_are_refused() {
    let unmasked = |opcode| Frame { masked: false, ..Frame::new(opcode, "") };
    let cases = [TEXT, BINARY, CLOSE, PING, PONG]
        .map(|opcode| case(format!("opcode {opcode} without a mask")).send(unmasked(opcode)).closes(1002));
    let amid = case("a continuation without a mask").send(Frame::new(TEXT, "[").unfinished());
    let amid = amid.send(unmasked(CONTINUATION)).closes(1002);
    all_hold(cases.into_iter().chain([amid]).collect()).await;
}

/// RFC 6455, 5.2: no extension that would define them has been negotiated.
#[tokio::test(flavor = "multi_thread")]
async fn reserved_bits_and_opcodes_are_refused() {
    let mut cases: Vec<Case> = Vec::new();
    for reserved in 1..8 {
        for opcode in [TEXT, CLOSE, PING, PONG] {
            let frame = Frame { reserved, ..Frame::new(opcode, "") };
            cases.push(
                case(format!("reserved bits {reserved:03b} in opcode {opcode}")).send(frame).closes(1002),
            );
        }
        let frame = Frame { reserved, ..Frame::new(CONTINUATION, "]") };
        let amid = case(format!("reserved bits {reserved:03b} in a continuation"));
        cases.push(amid.send(Frame::new(TEXT, "[").unfinished()).send(frame).closes(1002));
    }
    for opcode in (0x3..=0x7).chain(0xB..=0xF) {
        cases.push(case(format!("opcode {opcode}")).send(Frame::new(opcode, "")).closes(1002));
        let amid = case(format!("opcode {opcode} amid a message")).send(Frame::new(TEXT, "[").unfinished());
        cases.push(amid.send(Frame::new(opcode, "]")).closes(1002));
    }
    all_hold(cases).await;
}
