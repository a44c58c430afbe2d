//! The limits, to the byte: 32 KB for a frame, 128 KB for a message (docs/aws-behaviour.md#apigateway-frames).

use super::case::{Case, all_hold, case};
use sluicegate_tests::frame::{BINARY, CONTINUATION, Frame, TEXT};

const FRAME: usize = 32 * 1_024;
const MESSAGE: usize = 128 * 1_024;

fn message(bytes: usize) -> String {
    format!("\"{}\"", "x".repeat(bytes - 2))
}

fn in_frames(name: &str, message: &str, frame_bytes: usize) -> Case {
    let mut case = case(name);
    let mut parts = message.as_bytes().chunks(frame_bytes).peekable();
    let mut opcode = TEXT;
    while let Some(part) = parts.next() {
        let frame = Frame { fin: parts.peek().is_none(), ..Frame::new(opcode, part) };
        case = case.send(frame);
        opcode = CONTINUATION;
    }
    case
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_have_up_to_32_kb_and_messages_up_to_128_kb() {
    let mut cases: Vec<Case> = [3, 125, 126, 127, 128, FRAME - 1, FRAME]
        .into_iter()
        .map(|bytes| {
            case(format!("a frame of {bytes} bytes"))
                .send(Frame::new(TEXT, message(bytes)))
                .echo(message(bytes))
        })
        .collect();
    cases.extend([
        in_frames("a message of 128 KB", &message(MESSAGE), FRAME).echo(message(MESSAGE)),
        in_frames("the same in small frames", &message(MESSAGE), 1_000).echo(message(MESSAGE)),
        in_frames("a message of 128 KB and a byte", &message(MESSAGE + 1), FRAME).closes(1009),
        in_frames("the same in small frames", &message(MESSAGE + 1), 1_000).closes(1009),
        case("a frame of 32 KB and a byte").send(Frame::new(TEXT, message(FRAME + 1))).closes(1009),
        case("a second frame of 32 KB and a byte")
            .send(Frame::new(TEXT, "[").unfinished())
            .send(Frame::new(CONTINUATION, vec![b' '; FRAME + 1]))
            .closes(1009),
        case("a binary frame of 32 KB and a byte").send(Frame::new(BINARY, vec![0; FRAME + 1])).closes(1009),
    ]);
    all_hold(cases).await;
}

/// The gateway refuses the frame at its header, without waiting for the payload or reserving memory for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_length_over_the_limit_is_refused_before_its_payload() {
    let header = |length: u64| [&[0x81, 0xff], &length.to_be_bytes()[..], &[0; 4]].concat();
    let lengths = [FRAME as u64 + 1, 1 << 31, 1 << 32, (1 << 63) - 1];
    let mut cases: Vec<Case> = lengths
        .map(|length| {
            case(format!("a header that announces {length} bytes")).bytes(header(length)).closes(1009)
        })
        .into();
    cases.push(case("one that announces 65,535").bytes([0x81, 0xfe, 0xff, 0xff, 0, 0, 0, 0]).closes(1009));
    all_hold(cases).await;
}
