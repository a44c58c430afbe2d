//! Handshakes, valid and invalid.

use super::Observed;
use crate::client::{with_key, without};
use crate::questions::Wrong;
use crate::seen::Seen;
use crate::stack::Stack;

/// Characters of a URL that is too long: 4,096 are allowed.
const URL_CHARS: usize = 5_000;
/// A key of four bytes.
const SHORT_KEY: &str = "c2hvcg==";

/// The answer to a handshake, and whether it has a header.
pub async fn handshake(
    stack: &Stack,
    api: &str,
    below: &str,
    send: Option<&str>,
    look_for: Option<&str>,
) -> Observed {
    let address = stack.address(api)?;
    let mut lines = address.handshake(below);
    lines.extend(send.map(str::to_owned));
    let answered = address.shake_hands(&lines).await?;
    let mut seen = answered.seen();
    if let (Some(name), crate::client::Answered::Connected(_, head)) = (look_for, &answered) {
        let header = head.header(name).map(|value| format!("{name}: {value}"));
        seen.push(Seen::Header(header.unwrap_or_else(|| format!("no {name}"))));
    }
    Ok(seen)
}

/// The answer to an invalid handshake.
pub async fn wrong(stack: &Stack, wrong: Wrong) -> Observed {
    let address = stack.address("main")?;
    let sound = address.handshake("/v1");
    let lines = match wrong {
        Wrong::Version => {
            let mut lines = without(sound, "Sec-WebSocket-Version");
            lines.push("Sec-WebSocket-Version: 12".to_owned());
            lines
        }
        Wrong::Key => with_key(&sound, SHORT_KEY),
        Wrong::NoKey => without(sound, "Sec-WebSocket-Key"),
        Wrong::Method => sound.iter().map(|line| line.replacen("GET ", "POST ", 1)).collect(),
        Wrong::Url => address.handshake(&format!("/v1?long={}", "a".repeat(URL_CHARS))),
    };
    Ok(address.shake_hands(&lines).await?.seen())
}
