//! Asks one question of an emulator and returns what was seen.

mod connections;
mod control;
mod functions;
mod handshakes;
mod messages;
mod special;

use crate::fixture::{Answer, Outcome};
use crate::questions::{Body, How, Question, status};
use crate::seen::Seen;
use crate::stack::Stack;

/// The result of asking.
type Observed = anyhow::Result<Vec<Seen>>;

/// A question cannot be asked here, which is known when it is tried.
#[derive(Debug)]
struct NotHere(&'static str);

impl std::error::Error for NotHere {}

impl std::fmt::Display for NotHere {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// Why a question is not asked here.
fn unasked(stack: &Stack, question: &Question) -> Option<&'static str> {
    use crate::questions::Special::{IdleTraffic, Lifetime, Timeout};
    match question.how {
        How::Special(Timeout) if !stack.is_aws => Some(
            "the emulator refuses Lambda integrations by name, and no integration of its own is slower than its timeout",
        ),
        How::Special(IdleTraffic | Lifetime) if !stack.long => Some("it takes hours: only with --long"),
        _ => None,
    }
}

pub async fn ask(stack: &Stack, question: &Question) -> Answer {
    let outcome = match (unasked(stack, question), stack.refusal(question)) {
        (Some(why), _) => Outcome::NotAsked(why.to_owned()),
        (None, Some(seen)) => Outcome::Seen(cleaned(stack, seen)),
        (None, None) => match seen(stack, question).await {
            Ok(seen) => Outcome::Seen(cleaned(stack, seen)),
            Err(error) if error.is::<NotHere>() => Outcome::NotAsked(error.to_string()),
            Err(error) => Outcome::Failed(stack.redactor.clean(&format!("{error:#}"))),
        },
    };
    Answer {
        id: question.id.to_owned(),
        question: question.asks.to_owned(),
        rows: question.rows.iter().map(|row| (*row).to_owned()).collect(),
        template: template(question).map(str::to_owned),
        sent: sent(question),
        outcome,
    }
}

fn template(question: &Question) -> Option<&'static str> {
    match question.how {
        How::Record { set, .. } | How::Raw { set, .. } => Some(set).filter(|set| !set.is_empty()),
        How::Language { template } | How::Key { template, .. } => Some(template),
        _ => None,
    }
}

fn cleaned(stack: &Stack, seen: Vec<Seen>) -> Vec<Seen> {
    seen.into_iter().map(|seen| seen.map(|text| stack.redactor.clean(text))).collect()
}

async fn seen(stack: &Stack, question: &Question) -> Observed {
    match question.how {
        How::Record { .. } => messages::record(stack, question.id, "main", "/v1", &message(question)).await,
        How::Raw { message, .. } => {
            messages::record(stack, question.id, "main", &format!("/{}", question.id), message).await
        }
        How::Language { .. } | How::Key { .. } | How::Status(_) => {
            messages::reply(stack, "main", &message(question)).await
        }
        How::Say { api, message } => messages::reply(stack, api, message).await,
        How::Silence { message } => messages::silence(stack, message).await,
        How::Handshake { api, below, send, look_for } => {
            handshakes::handshake(stack, api, below, send, look_for).await
        }
        How::WrongHandshake(wrong) => handshakes::wrong(stack, wrong).await,
        How::Create { api, path, body } => special::create(stack, api, path, body).await,
        How::Break { head, masked, payload } => messages::broken(stack, head, masked, payload).await,
        How::Post { body } => connections::post(stack, body).await,
        How::Special(special) => special::ask(stack, special).await,
    }
}

/// The message that asks it, if a message does.
fn message(question: &Question) -> String {
    let of_status = |status: &str| format!(r#"{{"ask":"language","status":{status}}}"#);
    match question.how {
        How::Record { message: "", .. } => format!(r#"{{"ask":"{}"}}"#, question.id),
        How::Record { message, .. }
        | How::Raw { message, .. }
        | How::Say { message, .. }
        | How::Silence { message } => message.to_owned(),
        How::Language { .. } => of_status(&status(question.id).unwrap_or_default().to_string()),
        How::Key { status, .. } => of_status(&status.to_string()),
        How::Status(status) => of_status(status),
        _ => String::new(),
    }
}

/// The description of what is sent: the same in every run.
fn sent(question: &Question) -> String {
    match question.how {
        // Its number changes with the questions before it.
        How::Language { .. } => "a message that a MOCK answers with this response template".to_owned(),
        How::Handshake { below, send, .. } => {
            format!("GET {below} {}", send.unwrap_or_default()).trim().to_owned()
        }
        How::WrongHandshake(wrong) => wrong.sent().to_owned(),
        How::Create { path, body, .. } => format!("POST {path} {body}"),
        How::Break { head, masked, payload } => {
            format!("a frame that begins with {head:#04x}, masked: {masked}, carrying {payload:02x?}")
        }
        How::Post { body: Body::Bytes(bytes) } => format!("POST {}", bytes.escape_ascii()),
        How::Post { body: Body::Letters(letters) } => format!("POST {letters} letters"),
        How::Special(special) => special.sent().to_owned(),
        _ => message(question),
    }
}
