//! How many files a process may have open: each connection is one.

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};

/// What macOS lets a process open at most, whatever its hard limit says (`OPEN_MAX`).
const SYSTEM_MAX: u64 = 10_240;
/// Between two tries to accept a connection.
const RETRY_EVERY: Duration = Duration::from_millis(50);
/// Between two lines in the log that say so.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Raises this process's limit to the hard one, for itself and what it starts. A shell's usual limit is for programs
/// that open few files. Answers the limit now; `None`: there is none.
pub fn raise() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let to = |current| setrlimit(Resource::Nofile, Rlimit { current, maximum: limit.maximum });
    if limit.current != limit.maximum && to(limit.maximum).is_err() {
        // Some systems have a limit of their own below the hard one. Where this fails too, all stays as it was.
        let _ = to(limit.current.max(Some(SYSTEM_MAX)));
    }
    getrlimit(Resource::Nofile).current
}

/// Accepts a connection. Where no file is free for it, says so and waits until one is: who is connected goes on.
pub async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_exhausted(&error) => tell(&error),
            // The client has left before its turn.
            Err(error) => tracing::warn!(%error, "failed to accept a connection"),
        }
        tokio::time::sleep(RETRY_EVERY).await;
    }
}

/// Whether an error says that no file can be opened, by this process or by any.
fn is_exhausted(error: &std::io::Error) -> bool {
    [Errno::MFILE, Errno::NFILE].iter().any(|code| error.raw_os_error() == Some(code.raw_os_error()))
}

/// Says what is missing, once in a while: a plane at its limit meets it with every connection that comes and goes.
fn tell(error: &std::io::Error) {
    static TOLD: Mutex<Option<Instant>> = Mutex::new(None);
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.is_some_and(|told| told.elapsed() < TELL_EVERY) {
        return;
    }
    *told = Some(Instant::now());
    let limit = getrlimit(Resource::Nofile).current.map_or("any number of".into(), |limit| limit.to_string());
    tracing::warn!(
        "no file is free for another connection ({error}): this process may have {limit} open. Who is connected stays \
         so, and who waits is let in as files become free. For more at once, raise the hard limit, as root \
         (`ulimit -Hn NUMBER` in the shell that starts it; `--ulimit nofile=NUMBER` for a container), and start again"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_hard_one_once_raised() {
        let hard = getrlimit(Resource::Nofile).maximum;
        assert_eq!(raise(), hard);
        assert_eq!(raise(), hard, "nothing changes a second time");
    }

    #[test]
    fn a_full_table_of_files_is_told_from_other_errors() {
        assert!(is_exhausted(&Errno::MFILE.into()));
        assert!(!is_exhausted(&std::io::ErrorKind::ConnectionAborted.into()));
    }
}
