//! Questions that are unlike others.

use super::messages::{connection_id, until_closed, who};
use super::{Observed, connections, control, functions};
use crate::client::Answered;
use crate::frame::{CLOSE, Frame, PING, TEXT};
use crate::questions::Special;
use crate::seen::Seen;
use crate::stack::Stack;
use http::Method;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Messages or handshakes over the rate, at most: throttling is best effort on AWS.
const OVER_THE_RATE_MAX: usize = 300;
const MINUTE: Duration = Duration::from_secs(60);

pub async fn ask(stack: &Stack, special: Special) -> Observed {
    match special {
        Special::ThrottledMessage => throttled_message(stack).await,
        Special::ThrottledHandshake => throttled_handshake(stack).await,
        Special::Timeout => super::messages::reply(stack, "main", r#"{"ask":"slow"}"#).await,
        Special::Disconnect => disconnect(stack).await,
        Special::MalformedId => connections::malformed(stack).await,
        Special::Unsigned => connections::unsigned(stack).await,
        Special::Delete => connections::delete(stack).await,
        Special::NotDeployed => not_deployed(stack).await,
        Special::AuthorizerContext => {
            let mut client = stack.address("guarded")?.connect("/v1?token=allow").await?;
            client.say("{}").await?;
            client.seen(stack.times.answer).await
        }
        Special::AuthorizerEvent => functions::authorizer_event(stack).await,
        Special::EventSourceArn => functions::event_source_arn(stack).await,
        Special::PartitionQueues => functions::partition_queues(stack).await,
        Special::ThrottledRoutes => control::throttled_routes(stack).await,
        Special::EmptyExpression => control::empty_expression(stack).await,
        Special::ExecutionLogGroup => control::execution_log_group(stack).await,
        Special::MappedStage => control::mapped_stage(stack).await,
        Special::IdleTraffic => {
            let ping = Frame::new(PING, "");
            let (seen, lasted) = until_closed(stack, &ping, MINUTE, 15 * MINUTE).await?;
            Ok(vec![seen, minutes(lasted)])
        }
        Special::Lifetime => {
            let message = Frame::new(TEXT, who());
            let (seen, lasted) = until_closed(stack, &message, 5 * MINUTE, 130 * MINUTE).await?;
            Ok(vec![seen, minutes(lasted)])
        }
    }
}

fn minutes(lasted: Duration) -> Seen {
    // Rounded: it is counted from a moment after the connection's start.
    Seen::Concluded(format!("after {} minutes", (lasted.as_secs() + 30) / 60))
}

/// The first frame that is not an answer.
async fn throttled_message(stack: &Stack) -> Observed {
    let address = stack.address("main")?;
    let end = Instant::now() + stack.times.ready;
    // The handshake itself is within the rate, which another question exhausts.
    let mut client = loop {
        match address.connect("/throttled").await {
            Ok(client) => break client,
            Err(error) if Instant::now() > end => return Err(error),
            Err(_) => sleep(Duration::from_secs(1)).await,
        }
    };
    for _ in 0..OVER_THE_RATE_MAX {
        client.say(&who()).await?;
    }
    for _ in 0..OVER_THE_RATE_MAX {
        match client.hear(stack.times.silence).await? {
            Some(Seen::Text(text)) if !text.starts_with('{') => {}
            Some(other) => return Ok(vec![other]),
            None => break,
        }
    }
    Ok(vec![Seen::Nothing])
}

/// The first handshake that is refused.
async fn throttled_handshake(stack: &Stack) -> Observed {
    let address = stack.address("main")?;
    let lines = address.handshake("/throttled");
    for _ in 0..OVER_THE_RATE_MAX {
        let answered = address.shake_hands(&lines).await?;
        if let Answered::Refused(..) = answered {
            return Ok(answered.seen());
        }
    }
    Ok(vec![Seen::Nothing])
}

/// The record of a disconnection that the client started with a code and a reason.
async fn disconnect(stack: &Stack) -> Observed {
    let mut client = stack.connect().await?;
    let id = connection_id(stack, &mut client).await?;
    let mut payload = 1000_u16.to_be_bytes().to_vec();
    payload.extend(b"bye");
    client.send(&Frame::new(CLOSE, payload)).await?;
    let record = stack.record(&id, stack.times.answer).await;
    Ok(vec![record.map_or(Seen::Nothing, |data| Seen::record(&data))])
}

/// A message for a route that is not deployed yet.
async fn not_deployed(stack: &Stack) -> Observed {
    let routes = format!("/v2/apis/{}/routes", stack.api_id("door")?);
    let body = serde_json::json!({"routeKey": "later"});
    let (status, answer) = stack.aws.create(&routes, &body).await?;
    anyhow::ensure!(status.is_success(), "the route is refused: {status} {answer}");
    let mut client = stack.address("door")?.connect("/v1?status=200").await?;
    client.say(r#"{"ask":"later"}"#).await?;
    client.seen(stack.times.answer).await
}

/// API Gateway's answer to a request to create something.
pub async fn create(stack: &Stack, api: &str, path: &str, body: &str) -> Observed {
    let path = path.replace("{}", stack.api_id(api)?);
    let body = body.replace("{region}", &stack.region).replace("{account}", &stack.account_id);
    let body: Value = serde_json::from_str(&body)?;
    let (status, answer) = stack.aws.create(&path, &body).await?;
    let mut seen = vec![Seen::Status(status.as_u16())];
    if status.is_success() {
        // An API belongs to no other.
        if let Some(id) = answer["apiId"].as_str().filter(|_| path == "/v2/apis") {
            let url = format!("{}/v2/apis/{id}", stack.aws.service("apigateway"));
            stack.aws.rest(Some("apigateway"), Method::DELETE, &url, "").await?;
        }
    } else {
        let words = answer["message"].as_str().or(answer["Message"].as_str()).unwrap_or_default();
        seen.push(Seen::Refused(words.to_owned()));
    }
    Ok(seen)
}
