//! The loop against a Runtime API of the tests' own, on a real socket.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::api::Api;
use super::{BoxError, Context, turn};

/// A post of the function: path, head and body.
struct Post {
    path: String,
    head: String,
    body: Vec<u8>,
}

impl Post {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// The status of a Runtime API that reads posts and never answers them.
const SILENT: u16 = 0;

/// A Runtime API that answers `next` with these responses, and each post with a status.
struct Lambda {
    api: Api,
    posts: UnboundedReceiver<Post>,
}

impl Lambda {
    async fn start(events: impl IntoIterator<Item = String>, status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = Api::new(&listener.local_addr().unwrap().to_string());
        let events = Arc::new(Mutex::new(events.into_iter().collect::<VecDeque<_>>()));
        let (sender, posts) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&events), status, sender.clone()));
            }
        });
        Self { api, posts }
    }

    async fn post(&mut self) -> Post {
        self.posts.recv().await.unwrap()
    }
}

async fn serve(
    socket: TcpStream,
    events: Arc<Mutex<VecDeque<String>>>,
    status: u16,
    posts: UnboundedSender<Post>,
) -> Option<()> {
    let mut socket = BufReader::new(socket);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            socket.read_line(&mut head).await.ok().filter(|read| *read > 0)?;
        }
        let path = head.split(' ').nth(1)?.to_owned();
        let length = head.to_ascii_lowercase();
        let length =
            length.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        socket.read_exact(&mut body).await.ok()?;
        if path.ends_with("/next") {
            let answer = events.lock().unwrap().pop_front()?;
            socket.write_all(answer.as_bytes()).await.ok()?;
        } else {
            posts.send(Post { path, head, body }).ok()?;
            if status == SILENT {
                continue;
            }
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 6\r\n\r\nanswer");
            socket.write_all(answer.as_bytes()).await.ok()?;
        }
    }
}

/// An event with a minute until its deadline.
fn event(body: &str) -> String {
    event_at(body, "", 60_000)
}

fn event_at(body: &str, date: &str, left_ms: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    format!(
        "HTTP/1.1 200 OK\r\n{date}lambda-runtime-aws-request-id: r-1\r\nlambda-runtime-invocation-id: i-1\r\n\
         lambda-runtime-trace-id: Root=1-a-b\r\nlambda-runtime-deadline-ms: {}\r\ncontent-length: {}\r\n\r\n{body}",
        now + left_ms,
        body.len()
    )
}

async fn nothing(_: Value, _: Context) -> Result<Value, BoxError> {
    Ok(Value::Null)
}

#[tokio::test]
async fn a_result_is_posted_to_its_invocation() {
    let mut lambda = Lambda::start([event(r#"{"n":1}"#)], 202).await;
    let handler = async |event: Value, context: Context| {
        assert_eq!(&*context.request_id, "r-1");
        Ok::<_, BoxError>(json!({"n": event["n"], "trace": context.trace_id.as_deref()}))
    };
    turn(&lambda.api, &handler).await.unwrap();
    let post = lambda.post().await;
    assert_eq!(post.path, "/2018-06-01/runtime/invocation/r-1/response");
    assert!(post.head.contains("lambda-runtime-invocation-id: i-1\r\n"), "{}", post.head);
    assert_eq!(post.json(), json!({"n": 1, "trace": "Root=1-a-b"}));
}

#[tokio::test]
async fn errors_and_panics_are_reported_and_the_next_event_is_handled() {
    let mut lambda = Lambda::start([1, 2, 3].map(|n| event(&n.to_string())), 202).await;
    let handler = async |n: u64, _: Context| match n {
        1 => Err::<u64, &str>("no such order"),
        2 => panic!("index {n} out of range"),
        n => Ok(n),
    };
    let mut reported = Vec::new();
    for _ in 0..3 {
        turn(&lambda.api, &handler).await.unwrap();
        reported.push(lambda.post().await);
    }
    assert_eq!(reported[0].path, "/2018-06-01/runtime/invocation/r-1/error");
    assert!(
        reported[0].head.contains("lambda-runtime-function-error-type: Unhandled\r\n"),
        "{}",
        reported[0].head
    );
    assert_eq!(reported[0].json(), json!({"errorType": "&str", "errorMessage": "no such order"}));
    let panic = reported[1].json();
    assert_eq!(panic["errorType"], "Runtime.Panic");
    let message = panic["errorMessage"].as_str().unwrap();
    assert!(
        message.starts_with("the handler panicked: index 2 out of range, at ")
            && message.contains("tests.rs:"),
        "{message}"
    );
    assert_eq!(reported[2].json(), 3);
}

#[tokio::test]
async fn an_event_of_another_shape_reaches_no_handler() {
    let mut lambda = Lambda::start([event("[1"), event(r#""text""#)], 202).await;
    let handler = async |n: u64, _: Context| Ok::<_, BoxError>(n);
    for _ in 0..2 {
        turn(&lambda.api, &handler).await.unwrap();
        let post = lambda.post().await;
        assert!(post.path.ends_with("/error"), "{}", post.path);
        assert_eq!(post.json()["errorType"], "Runtime.UnmarshalError");
    }
}

/// docs/aws-behaviour.md#lambda-runtime: after 4xx only the invocation has failed; after 5xx the runtime must end.
#[tokio::test]
async fn what_lambda_answers_decides_whether_the_process_goes_on() {
    for (status, goes_on) in
        [(200, true), (202, true), (400, true), (410, true), (413, true), (500, false), (503, false)]
    {
        let lambda = Lambda::start([event("1")], status).await;
        let ended = turn(&lambda.api, &nothing).await;
        assert_eq!(ended.is_ok(), goes_on, "{status}: {ended:?}");
    }
    for (next, said) in [
        (
            "HTTP/1.1 500 X\r\ncontent-length: 4\r\n\r\nboom",
            "next is answered with 500 Internal Server Error: boom",
        ),
        ("HTTP/1.1 403 X\r\ncontent-length: 2\r\n\r\nno", "next is answered with 403 Forbidden: no"),
        (
            "HTTP/1.1 200 X\r\ncontent-length: 0\r\n\r\n",
            "the next event has no usable header lambda-runtime-deadline-ms",
        ),
        ("nonsense\r\n\r\n", "next is not answered: "),
    ] {
        let lambda = Lambda::start([next.to_owned()], 202).await;
        let error = turn(&lambda.api, &nothing).await.err().unwrap().to_string();
        assert!(error.starts_with(said), "{error}");
    }
    let lambda = Lambda::start(["HTTP/1.1 204 X\r\n\r\n".to_owned()], 202).await;
    turn(&lambda.api, &nothing).await.unwrap();
}

/// If the process waited forever, Lambda would kill it without an error that says why.
#[tokio::test]
async fn only_the_next_event_is_waited_for_without_limit() {
    const ANSWER_MAX: Duration = Duration::from_millis(100);
    let mut cut = event("1");
    cut.pop();
    for (next, silent, said) in [
        (event("1"), SILENT, "response is not answered within 0.1 s"),
        (event("[]"), SILENT, "error is not answered within 0.1 s"),
        (cut, 202, "next is not answered within 0.1 s"),
    ] {
        let mut lambda = Lambda::start([next], silent).await;
        lambda.api.answer_max = ANSWER_MAX;
        let handler = async |n: u64, _: Context| Ok::<_, BoxError>(n);
        let ended = tokio::time::timeout(Duration::from_secs(30), turn(&lambda.api, &handler)).await;
        assert_eq!(ended.unwrap().unwrap_err().to_string(), said);
    }
    // Accepts, and answers nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut api = Api::new(&listener.local_addr().unwrap().to_string());
    api.answer_max = ANSWER_MAX;
    assert!(tokio::time::timeout(ANSWER_MAX * 10, api.next()).await.is_err());
}

#[tokio::test]
async fn a_large_answer_is_posted_whole() {
    const BYTES: usize = 6 * 1_048_576;
    let mut lambda = Lambda::start([event("1")], 413).await;
    let handler = async |_: u64, _: Context| Ok::<_, BoxError>("x".repeat(BYTES));
    turn(&lambda.api, &handler).await.unwrap();
    assert_eq!(lambda.post().await.body.len(), BYTES + 2);
}

/// To a clock that is a minute ahead, every deadline seems to be over.
#[tokio::test]
async fn an_event_has_its_time_whatever_the_clock_shows() {
    let sent = httpdate::fmt_http_date(SystemTime::now() - Duration::from_secs(60));
    let events = [event_at("1", &format!("date: {sent}\r\n"), -30_000), event_at("1", "", -30_000)];
    let lambda = Lambda::start(events, 202).await;
    for shortest_s in [25, 2] {
        let handler = async |_: u64, context: Context| {
            let left = context.deadline.saturating_duration_since(std::time::Instant::now());
            assert!(left >= Duration::from_secs(shortest_s) && left <= Duration::from_secs(31), "{left:?}");
            Ok::<_, BoxError>(())
        };
        turn(&lambda.api, &handler).await.unwrap();
    }
}
