//! A Runtime API for a test: it serves empty batches as fast as a function takes them, each with a new trace id.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

/// Serves one function until it is dropped. Invocations are counted when they are answered.
pub struct RuntimeApi {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    sent: AtomicU64,
    answered: Mutex<u64>,
    more: Condvar,
    failed: Mutex<Vec<String>>,
}

impl RuntimeApi {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::<Shared>::default();
        let state = Arc::clone(&shared);
        // The thread ends with the test's process; nothing needs to be released before.
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&state);
                // An error means that the function has ended in the middle of a call.
                std::thread::spawn(move || shared.serve(socket));
            }
        });
        Self { address, shared }
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Waits until so many invocations are answered.
    pub fn wait_for(&self, invocations: u64) {
        let mut answered = self.shared.answered.lock().expect("no panic");
        while *answered < invocations {
            let before = *answered;
            // Waiters can wake up without a new answer, because a late one sees the count before its notification.
            let wait = self.shared.more.wait_timeout_while(answered, crate::PATIENCE, |now| *now == before);
            let (now, waited) = wait.expect("no panic");
            assert!(
                !waited.timed_out(),
                "the function has answered nothing for {:?}, after {before} invocations",
                crate::PATIENCE
            );
            answered = now;
        }
        let failed = self.shared.failed.lock().expect("no panic");
        assert!(failed.is_empty(), "the function reported {failed:?}");
    }
}

impl Shared {
    fn serve(&self, socket: TcpStream) -> io::Result<()> {
        socket.set_nodelay(true)?;
        let mut reader = BufReader::new(socket.try_clone()?);
        let mut writer = socket;
        loop {
            let (call, body) = request(&mut reader)?;
            if call.ends_with("/invocation/next") {
                writer.write_all(event(self.sent.fetch_add(1, Ordering::Relaxed)).as_bytes())?;
                continue;
            }
            writer.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")?;
            if call.ends_with("/error") {
                self.failed.lock().expect("no panic").push(String::from_utf8_lossy(&body).into_owned());
            }
            *self.answered.lock().expect("no panic") += 1;
            self.more.notify_all();
        }
    }
}

/// An invocation without records, with its own trace id and a deadline in an hour.
fn event(number: u64) -> String {
    const BODY: &str = r#"{"Records":[]}"#;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!(
        "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: 00000000-0000-4000-8000-{number:012x}\r\n\
         lambda-runtime-trace-id: Root=1-5e1b4151-{number:024x};Parent={number:016x};Sampled=0\r\n\
         lambda-runtime-deadline-ms: {}\r\nlambda-runtime-invoked-function-arn: arn:aws:lambda:::function:f\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}",
        now.as_millis() + 600_000,
        BODY.len()
    )
}

/// A request's path and body.
fn request(reader: &mut BufReader<TcpStream>) -> io::Result<(String, Vec<u8>)> {
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line)?;
    let call = line.split(' ').nth(1).ok_or(io::ErrorKind::UnexpectedEof)?.to_owned();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((call, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_up_without_an_answer_is_no_failure() {
        let api = RuntimeApi::start();
        let shared = Arc::clone(&api.shared);
        let function = std::thread::spawn(move || {
            for _ in 0..10_000 {
                shared.more.notify_all();
                std::thread::yield_now();
            }
            *shared.answered.lock().expect("no panic") += 1;
            shared.more.notify_all();
        });
        api.wait_for(1);
        function.join().expect("no panic");
    }
}
