//! How many files the process may have open: one for each connection, several for each function.
//!
//! Clients may take most of them, but not the last ones: those are for functions, and the very last for the log and the
//! data folder. A new descriptor is the lowest that is free, so its number shows how many are in use.

use parking_lot::Mutex;
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};

/// What macOS lets a process open at most, despite its hard limit (`OPEN_MAX`).
const SYSTEM_MAX: u64 = 10_240;
/// Between two attempts to accept a connection.
const RETRY_EVERY: Duration = Duration::from_millis(50);
/// Between two warnings in the log.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// One of so many files is reserved for functions and for what the emulator itself opens.
const CLIENT_RESERVE_SHARE: u64 = 4;
/// But no more than so many: enough for some 30 functions.
const CLIENT_RESERVE_MAX: u64 = 256;
/// One of so many of the reserved files is for clients that make one call and leave, as functions do.
const CALL_RESERVE_SHARE: u64 = 2;
/// One of so many of the reserved files is kept from functions too: for the log and the data folder.
const OWN_RESERVE_SHARE: u64 = 4;

/// Raises this process's limit, and that of the processes it starts, to the hard limit: a shell's usual limit is too
/// low. Returns the new limit; `None`: there is none.
pub fn raise() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let to = |current| setrlimit(Resource::Nofile, Rlimit { current, maximum: limit.maximum });
    if limit.current != limit.maximum && to(limit.maximum).is_err() {
        // Some systems have a limit of their own below the hard one. If this fails too, the limit stays as it was.
        let _ = to(limit.current.max(Some(SYSTEM_MAX)));
    }
    getrlimit(Resource::Nofile).current
}

/// How much room there is for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// The client may stay.
    Enough,
    /// The client may make one call at once: a function may depend on it.
    Scarce,
}

/// Accepts a client's connection. If files are scarce, it warns, and if another client would leave too few for
/// functions, it waits for room; connected clients go on.
pub async fn accept_client(listener: &TcpListener) -> (TcpStream, SocketAddr, Room) {
    let (socket, peer) = accept(listener).await;
    if has_room(&socket, client_reserve) {
        return (socket, peer, Room::Enough);
    }
    warn("the last ones are reserved for functions");
    let mut has_room_for_call = has_room(&socket, call_reserve);
    while !has_room_for_call {
        tokio::time::sleep(RETRY_EVERY).await;
        // The number of a copied descriptor shows how many are in use.
        let copy = listener.as_fd().try_clone_to_owned();
        has_room_for_call = copy.is_ok_and(|copy| has_room(&copy, call_reserve));
    }
    (socket, peer, Room::Scarce)
}

/// Whether a function may start, by the number of the first file that is opened for it.
pub fn has_room_for_function(first: &impl AsRawFd) -> bool {
    has_room(first, own_reserve)
}

/// Why a function may not start.
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

/// Accepts a connection. If no file is free for it, it warns and waits for one; connected clients go on.
pub async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_exhausted(&error) => warn(&error.to_string()),
            // The client has already left.
            Err(error) => tracing::warn!(%error, "failed to accept a connection"),
        }
        tokio::time::sleep(RETRY_EVERY).await;
    }
}

/// Whether an error means that the system ran out of something: files, for this process or for all; processes; memory.
pub fn is_exhausted(error: &std::io::Error) -> bool {
    let codes = [Errno::MFILE, Errno::NFILE, Errno::AGAIN, Errno::NOMEM, Errno::NOBUFS];
    codes.iter().any(|code| error.raw_os_error() == Some(code.raw_os_error()))
}

/// Warns of what is missing, but not too often: an emulator at its limit gets here with every connection that comes and
/// goes.
fn warn(why: &str) {
    static REPORTED: Mutex<Option<Instant>> = Mutex::new(None);
    let mut reported = REPORTED.lock();
    if reported.is_some_and(|reported| reported.elapsed() < WARN_EVERY) {
        return;
    }
    *reported = Some(Instant::now());
    let limit = getrlimit(Resource::Nofile).current.map_or("any number of".into(), |limit| limit.to_string());
    tracing::warn!(
        "no file is free for another connection ({why}): this process may have {limit} open. Open connections stay; new \
         clients may make one call, or wait until files become free. For more at once, raise the hard limit as root \
         (`ulimit -Hn NUMBER` in the shell that starts it; `--ulimit nofile=NUMBER` for a container), and restart"
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
