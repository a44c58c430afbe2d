//! How many files a process may have open: each connection is one, each function takes several.
//!
//! Clients may take most of them, never the last ones: those are for functions, and the very last for the log and the
//! data folder. A new descriptor is the lowest that is free, so its number tells how many are taken below it.

use parking_lot::Mutex;
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};

/// What macOS lets a process open at most, whatever its hard limit says (`OPEN_MAX`).
const SYSTEM_MAX: u64 = 10_240;
/// Between two tries to accept a connection.
const RETRY_EVERY: Duration = Duration::from_millis(50);
/// Between two lines in the log that say so.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Of all files, one in so many is kept free of clients, for functions and what the emulator itself opens.
const CLIENT_RESERVE_SHARE: u64 = 4;
/// At most so many: some 30 functions.
const CLIENT_RESERVE_MAX: u64 = 256;
/// Of these, one in so many is for clients that make one call and go, as functions are, which call the emulator.
const CALL_RESERVE_SHARE: u64 = 2;
/// Of these, one in so many is kept free of functions, too: for the log and the data folder.
const OWN_RESERVE_SHARE: u64 = 4;

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

/// How much room there is for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It may stay.
    Enough,
    /// It may make one call, at once: a function may be waiting behind it.
    Scarce,
}

/// Accepts a client's connection. Where files are few, says so; where one more client would leave too few to functions,
/// waits until there is room again: who is connected goes on.
pub async fn accept_client(listener: &TcpListener) -> (TcpStream, SocketAddr, Room) {
    let (socket, peer) = accept(listener).await;
    if has_room(&socket, client_reserve) {
        return (socket, peer, Room::Enough);
    }
    tell("the last ones are kept for functions");
    let mut has_room_for_call = has_room(&socket, call_reserve);
    while !has_room_for_call {
        tokio::time::sleep(RETRY_EVERY).await;
        // A copy of any descriptor tells how far they are taken.
        let copy = listener.as_fd().try_clone_to_owned();
        has_room_for_call = copy.is_ok_and(|copy| has_room(&copy, call_reserve));
    }
    (socket, peer, Room::Scarce)
}

/// Whether a function may be started, by the number of the first file that is opened for it.
pub fn has_room_for_function(first: &impl AsRawFd) -> bool {
    has_room(first, own_reserve)
}

/// What a function is told that may not be started.
pub fn exhausted() -> std::io::Error {
    Errno::MFILE.into()
}

fn has_room(file: &impl AsRawFd, reserve: fn(u64) -> u64) -> bool {
    let Some(limit) = getrlimit(Resource::Nofile).current else { return true };
    u64::try_from(file.as_raw_fd()).is_ok_and(|number| number < limit - reserve(limit))
}

fn client_reserve(limit: u64) -> u64 {
    (limit / CLIENT_RESERVE_SHARE).min(CLIENT_RESERVE_MAX)
}

fn call_reserve(limit: u64) -> u64 {
    client_reserve(limit) / CALL_RESERVE_SHARE
}

fn own_reserve(limit: u64) -> u64 {
    client_reserve(limit) / OWN_RESERVE_SHARE
}

/// Accepts a connection. Where no file is free for it, says so and waits until one is: who is connected goes on.
pub async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_exhausted(&error) => tell(&error.to_string()),
            // The client has left before its turn.
            Err(error) => tracing::warn!(%error, "failed to accept a connection"),
        }
        tokio::time::sleep(RETRY_EVERY).await;
    }
}

/// Whether an error says that the system has nothing left: no file, for this process or for any; no process; no memory.
pub fn is_exhausted(error: &std::io::Error) -> bool {
    let codes = [Errno::MFILE, Errno::NFILE, Errno::AGAIN, Errno::NOMEM, Errno::NOBUFS];
    codes.iter().any(|code| error.raw_os_error() == Some(code.raw_os_error()))
}

/// Says what is missing, once in a while: an emulator at its limit meets it with every connection that comes and goes.
fn tell(why: &str) {
    static REPORTED: Mutex<Option<Instant>> = Mutex::new(None);
    let mut reported = REPORTED.lock();
    if reported.is_some_and(|reported| reported.elapsed() < TELL_EVERY) {
        return;
    }
    *reported = Some(Instant::now());
    let limit = getrlimit(Resource::Nofile).current.map_or("any number of".into(), |limit| limit.to_string());
    tracing::warn!(
        "no file is free for another connection ({why}): this process may have {limit} open. Who is connected stays \
         so; who comes may make one call, or waits, until files become free. For more at once, raise the hard limit, as root \
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
        assert!(is_exhausted(&exhausted()));
        assert!(!is_exhausted(&std::io::ErrorKind::ConnectionAborted.into()));
    }

    #[test]
    fn clients_leave_some_to_functions_and_these_some_to_the_log() {
        let reserves = |limit| [client_reserve, call_reserve, own_reserve].map(|reserve| reserve(limit));
        assert_eq!([64, 256, 1 << 20].map(reserves), [[16, 8, 4], [64, 32, 16], [256, 128, 64]]);
    }
}
