//! What a client receives: the gateway's frames, each checked against RFC 6455 and the gateway's own limits.

use emulator::services::apigateway::websocket::limits::FRAME_BYTES_MAX;

#[derive(Debug, Default)]
pub struct Heard {
    /// Whole messages.
    pub messages: Vec<Vec<u8>>,
    /// The payloads of pongs.
    pub pongs: Vec<Vec<u8>>,
    /// The close frame, with its code if it has one.
    pub close: Option<Option<u16>>,
}

/// Parses the gateway's bytes, from the first to the last.
pub fn heard(mut bytes: &[u8]) -> Heard {
    let mut heard = Heard::default();
    let mut message: Option<Vec<u8>> = None;
    while !bytes.is_empty() {
        assert!(heard.close.is_none(), "something follows the close frame");
        let (&[first, second], rest) = bytes.split_first_chunk().expect("half a head");
        assert_eq!(second & 0x80, 0, "a server masks nothing");
        let (length, rest) = match second {
            126 => rest.split_first_chunk().map(|(length, rest)| (u16::from_be_bytes(*length).into(), rest)),
            127 => rest.split_first_chunk().map(|(length, rest)| (u64::from_be_bytes(*length), rest)),
            length => Some((length.into(), rest)),
        }
        .expect("half a head");
        let length = usize::try_from(length).expect("a length");
        assert!(length <= FRAME_BYTES_MAX && length <= rest.len(), "{length} bytes, {} there", rest.len());
        let (payload, rest) = rest.split_at(length);
        bytes = rest;
        let is_final = first & 0x80 != 0;
        assert_eq!(first & 0x70, 0, "no extension was agreed on");
        match first & 0xf {
            0 => message.as_mut().expect("nothing to go on with").extend(payload),
            1 | 2 => assert!(message.replace(payload.to_vec()).is_none(), "a message within another"),
            control => {
                assert!(is_final && length <= 125, "control frames are short and whole");
                match control {
                    8 => heard.close = Some(code(payload)),
                    10 => heard.pongs.push(payload.to_vec()),
                    other => panic!("a frame of the kind {other}"),
                }
                continue;
            }
        }
        if is_final {
            let message = message.take().expect("it has just been added to");
            assert!(std::str::from_utf8(&message).is_ok(), "everything here is text");
            heard.messages.push(message);
        }
    }
    assert!(message.is_none() || heard.close.is_none(), "a message was cut short");
    heard
}

fn code(payload: &[u8]) -> Option<u16> {
    let (code, reason) = match payload {
        [] => return None,
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
        [_] => panic!("half a code"),
    };
    assert!(std::str::from_utf8(reason).is_ok(), "a reason is text");
    // RFC 6455, 7.4, and the registry of IANA.
    assert!(matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999), "{code} may not be sent");
    Some(code)
}
