//! Text is UTF-8: characters can be split anywhere, and invalid bytes close the connection with 1007.

use super::case::{Case, all_hold, case};
use sluicegate_tests::frame::{CONTINUATION, Frame, TEXT};

/// Characters of one to four bytes, and the first and last ones of each length.
const TEXT_OF_ALL_LENGTHS: &str =
    "\"aé€😀\u{7f}\u{80}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}\"";

/// RFC 6455, 5.6 and 8.1.
#[tokio::test(flavor = "multi_thread")]
async fn characters_may_be_split_between_fragments_and_writes() {
    let bytes = TEXT_OF_ALL_LENGTHS.as_bytes();
    let whole = || Frame::new(TEXT, bytes);
    let mut cases: Vec<Case> =
        vec![case("characters of every length").send(whole()).echo(TEXT_OF_ALL_LENGTHS)];
    for at in 1..bytes.len() {
        let (first, rest) = bytes.split_at(at);
        let fragments = case(format!("fragments cut after byte {at}"))
            .send(Frame::new(TEXT, first).unfinished())
            .send(Frame::new(CONTINUATION, rest));
        cases.push(fragments.echo(TEXT_OF_ALL_LENGTHS));
    }
    let encoded = whole().encode();
    for at in [2, 5, 8, 10, 13] {
        let (first, rest) = encoded.split_at(at);
        let writes = case(format!("writes cut after byte {at}")).bytes(first).bytes(rest);
        cases.push(writes.echo(TEXT_OF_ALL_LENGTHS));
    }
    all_hold(cases).await;
}

/// RFC 6455, 8.1. The invalid bytes are in a JSON string, so that nothing else is wrong with the message.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_not_utf8_close_with_1007() {
    let wrong: [(&str, &[u8]); 13] = [
        ("a lone continuation byte", b"\x80"),
        ("two of them", b"\x80\xbf"),
        ("a lead byte alone", b"\xc3"),
        ("a lead byte of three with one after it", b"\xe2\x82"),
        ("a lead byte of four with two after it", b"\xf0\x9f\x98"),
        ("a slash in two bytes", b"\xc0\xaf"),
        ("a slash in three", b"\xe0\x80\xaf"),
        ("a slash in four", b"\xf0\x80\x80\xaf"),
        ("the first surrogate", b"\xed\xa0\x80"),
        ("the last surrogate", b"\xed\xbf\xbf"),
        ("a pair of them", b"\xed\xa0\xbd\xed\xb8\x80"),
        ("what is beyond the last character", b"\xf4\x90\x80\x80"),
        ("a byte that never occurs", b"\xff"),
    ];
    let mut cases: Vec<Case> = Vec::new();
    for (name, bytes) in wrong {
        let payload = [b"\"", bytes, b"\""].concat();
        cases.push(case(name).send(Frame::new(TEXT, payload.clone())).closes(1007));
        for at in 1..payload.len() {
            let (first, rest) = payload.split_at(at);
            let cut = case(format!("{name}, cut after byte {at}"))
                .send(Frame::new(TEXT, first).unfinished())
                .send(Frame::new(CONTINUATION, rest));
            cases.push(cut.closes(1007));
        }
        cases.push(case(format!("{name}, and the text ends")).send(Frame::new(TEXT, bytes)).closes(1007));
        let empty_end =
            case(format!("{name}, and an empty fragment")).send(Frame::new(TEXT, bytes).unfinished());
        cases.push(empty_end.send(Frame::new(CONTINUATION, "")).closes(1007));
    }
    all_hold(cases).await;
}
