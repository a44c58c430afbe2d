//! Calls `@connections`, and shows what reaches the client.

use super::Observed;
use super::messages::connection_id;
use crate::client::{Client, Heard};
use crate::questions::Body;
use crate::seen::Seen;
use crate::stack::Stack;
use bytes::Bytes;
use http::Method;
use signed_http::Answer;

/// The service in callbacks' signatures.
const SERVICE: &str = "execute-api";

/// A POST, and the resulting message or frames.
pub async fn post(stack: &Stack, body: Body) -> Observed {
    let (mut client, url) = connected(stack).await?;
    let bytes = match body {
        Body::Bytes(bytes) => Bytes::from_static(bytes),
        Body::Letters(letters) => "a".repeat(letters).into(),
    };
    let answer = stack.aws.rest(Some(SERVICE), Method::POST, &url, bytes).await?;
    let mut seen = of(&answer);
    match body {
        Body::Bytes(_) => seen.extend(client.seen(stack.times.answer).await?),
        Body::Letters(letters) => {
            let mut missing = letters;
            while missing > 0 {
                let Some(Heard::Frame(frame)) = client.frame(stack.times.answer).await? else { break };
                missing = missing.saturating_sub(frame.payload.len());
                seen.push(Seen::Frame { opcode: frame.opcode, fin: frame.fin, bytes: frame.payload.len() });
            }
        }
    }
    Ok(seen)
}

/// A POST to an id of another form.
pub async fn malformed(stack: &Stack) -> Observed {
    let url = stack.connection_url("nonsense")?;
    Ok(of(&stack.aws.rest(Some(SERVICE), Method::POST, &url, "x").await?))
}

/// A POST without a signature.
pub async fn unsigned(stack: &Stack) -> Observed {
    let (mut client, url) = connected(stack).await?;
    let mut seen = of(&stack.aws.rest(None, Method::POST, &url, "x").await?);
    seen.extend(client.seen(stack.times.silence).await?);
    Ok(seen)
}

/// A DELETE, the resulting close frame, and a POST after it.
pub async fn delete(stack: &Stack) -> Observed {
    let (mut client, url) = connected(stack).await?;
    let mut seen = of(&stack.aws.rest(Some(SERVICE), Method::DELETE, &url, "").await?);
    seen.extend(client.seen(stack.times.answer).await?);
    seen.extend(of(&stack.aws.rest(Some(SERVICE), Method::POST, &url, "x").await?));
    Ok(seen)
}

async fn connected(stack: &Stack) -> anyhow::Result<(Client, String)> {
    let mut client = stack.connect().await?;
    let id = connection_id(stack, &mut client).await?;
    Ok((client, stack.connection_url(&id)?))
}

/// The status, and the body if there is one.
fn of(answer: &Answer) -> Vec<Seen> {
    let mut seen = vec![Seen::Status(answer.status.as_u16())];
    if !answer.body.is_empty() {
        seen.push(Seen::Body(String::from_utf8_lossy(&answer.body).into_owned()));
    }
    seen
}
