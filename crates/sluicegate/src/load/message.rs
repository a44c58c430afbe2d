//! The messages to send, and the classification of answers.

use serde::Deserialize;
use std::borrow::Cow;
use std::fmt::Write as _;

/// Bytes of the smallest message, which has room for any number and time.
pub const SIZE_BYTES_MIN: usize = 64;
/// Bytes of the largest message that API Gateway accepts.
pub const SIZE_BYTES_MAX: usize = 128 * 1024;

/// The padding of messages. Each message starts at another letter, so that the paddings differ.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

pub struct Shape {
    size: usize,
    letters: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Received {
    /// One of our messages, byte for byte.
    Echo {
        /// Its number on its connection.
        seq: u64,
        /// When it was due, in microseconds since the start.
        due_us: u64,
    },
    /// One of our messages as the same JSON in other bytes.
    Reformatted {
        /// Its number on its connection.
        seq: u64,
        /// When it was due, in microseconds since the start.
        due_us: u64,
    },
    /// One of our messages, altered.
    Altered,
    /// Another frame: an error, an acknowledgement or another client's message.
    Other,
}

/// One of our messages, in any JSON form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parsed<'a> {
    seq: u64,
    t: u64,
    #[serde(borrow)]
    pad: Cow<'a, str>,
}

impl Shape {
    /// Messages of `size` bytes, [`SIZE_BYTES_MIN`] to [`SIZE_BYTES_MAX`].
    pub fn new(size: usize) -> Self {
        Self { size, letters: LETTERS.repeat(size / LETTERS.len() + 2) }
    }

    /// Message `seq`, due at `due_us`.
    pub fn render(&self, seq: u64, due_us: u64) -> String {
        let mut text = String::with_capacity(self.size);
        // Formatting into a String cannot fail.
        let _ = write!(text, "{{\"seq\":{seq},\"t\":{due_us},\"pad\":\"");
        text.push_str(self.pad(seq, self.size - text.len() - 2));
        text.push_str("\"}");
        text
    }

    /// Classifies `text`. Compares bytes first, and parses JSON only if they differ.
    pub fn recognise(&self, text: &str) -> Received {
        if let Some((seq, due_us)) = self.exact(text) {
            return Received::Echo { seq, due_us };
        }
        match serde_json::from_str::<Parsed<'_>>(text) {
            Ok(Parsed { seq, t, pad }) if self.render(seq, t) == as_sent(seq, t, &pad) => {
                Received::Reformatted { seq, due_us: t }
            }
            Ok(_) => Received::Altered,
            Err(_) if text.starts_with("{\"seq\":") => Received::Altered,
            Err(_) => Received::Other,
        }
    }

    fn exact(&self, text: &str) -> Option<(u64, u64)> {
        if text.len() != self.size {
            return None;
        }
        let (seq, rest) = leading_number(text.strip_prefix("{\"seq\":")?)?;
        let (due_us, rest) = leading_number(rest.strip_prefix(",\"t\":")?)?;
        let pad = rest.strip_prefix(",\"pad\":\"")?.strip_suffix("\"}")?;
        (pad == self.pad(seq, pad.len())).then_some((seq, due_us))
    }

    fn pad(&self, seq: u64, bytes: usize) -> &str {
        let from = (seq % LETTERS.len() as u64) as usize;
        &self.letters[from..from + bytes]
    }
}

fn as_sent(seq: u64, due_us: u64, pad: &str) -> String {
    format!("{{\"seq\":{seq},\"t\":{due_us},\"pad\":\"{pad}\"}}")
}

/// The decimal number at the start of `text`, and the rest.
fn leading_number(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    (digits == 1 || !number.starts_with('0'))
        .then(|| number.parse().ok())
        .flatten()
        .map(|number| (number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_their_size_and_come_back_recognised() {
        for size in [SIZE_BYTES_MIN, 100, 32 * 1024, SIZE_BYTES_MAX] {
            let shape = Shape::new(size);
            for (seq, due_us) in [(0, 0), (61, 5), (62, 1_000_000), (u64::MAX, u64::MAX)] {
                let text = shape.render(seq, due_us);
                assert_eq!(text.len(), size);
                assert_eq!(shape.recognise(&text), Received::Echo { seq, due_us });
            }
        }
    }

    #[test]
    fn the_same_json_in_other_bytes_is_recognised_too() {
        let shape = Shape::new(100);
        let text = shape.render(7, 9);
        let spaced = text.replace("\":", "\": ");
        assert_eq!(shape.recognise(&spaced), Received::Reformatted { seq: 7, due_us: 9 });
        let (head, pad) = text.split_once(",\"pad\"").unwrap();
        let reordered = format!("{{\"pad\"{},{}}}", pad.trim_end_matches('}'), &head[1..]);
        assert_eq!(shape.recognise(&reordered), Received::Reformatted { seq: 7, due_us: 9 });
        let escaped = text.replace("pad\":\"h", "pad\":\"\\u0068");
        assert_ne!(escaped, text);
        assert_eq!(shape.recognise(&escaped), Received::Reformatted { seq: 7, due_us: 9 });
    }

    #[test]
    fn any_other_change_is_an_alteration() {
        let shape = Shape::new(100);
        let text = shape.render(7, 9);
        let mut changed = text.clone();
        changed.replace_range(60..61, "!");
        for altered in [
            &changed,
            &text[..99],
            &shape.render(8, 9).replace("\"seq\":8", "\"seq\":7"),
            &text.replace("\"seq\":7", "\"seq\":07"),
            &text.replace("\"}", "\",\"more\":1}"),
        ] {
            assert_eq!(shape.recognise(altered), Received::Altered, "{altered}");
        }
    }

    #[test]
    fn what_is_not_ours_is_other() {
        let shape = Shape::new(100);
        for other in ["", "hello", r#"{"message": "Forbidden"}"#, r#"{"ack":{"sequenceNumber":"1"}}"#] {
            assert_eq!(shape.recognise(other), Received::Other, "{other}");
        }
    }
}
