//! Replacements for `println!` and `eprintln!` that survive a reader that is gone or slow.
//!
//! The standard library's macros panic when the reader has gone, as with `| head`. These end the command silently, as
//! other tools do. `dev` and `serve` call [`detach`] first and keep running.

use crate::lossy::Lossy;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::sync::OnceLock;
use std::time::Duration;

/// The exit code that a shell reports for a program ended by SIGPIPE.
const EXIT_SIGPIPE: i32 = 128 + 13;
/// How long the process waits at exit for its last lines to be read.
const LAST_LINES_MAX: Duration = Duration::from_secs(1);

static DETACHED: OnceLock<Detached> = OnceLock::new();

struct Detached {
    out: Lossy,
    err: Lossy,
}

/// From now on, printing never blocks and never ends the process.
pub fn detach() -> io::Result<()> {
    let again = |output: &dyn AsFd| output.as_fd().try_clone_to_owned().map(File::from).and_then(Lossy::new);
    let detached = Detached { out: again(&io::stdout())?, err: again(&io::stderr())? };
    // A second call keeps what the first one opened.
    let _ = DETACHED.set(detached);
    Ok(())
}

/// Flushes what was printed since [`detach`], if somebody reads it.
pub fn finish() {
    if let Some(Detached { out, err }) = DETACHED.get() {
        out.flush(LAST_LINES_MAX);
        err.flush(LAST_LINES_MAX);
    }
}

/// Prints, for a command that has something to do when its reader has gone.
pub fn try_out(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush())
}

pub fn out(text: &str) {
    if let Some(detached) = DETACHED.get() {
        return detached.out.push(text.as_bytes());
    }
    match try_out(text) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(EXIT_SIGPIPE),
        Err(error) => {
            err(&format!("error: cannot write to standard output: {error}\n"));
            std::process::exit(1);
        }
    }
}

/// Prints text to standard error and ignores failures.
pub fn err(text: &str) {
    match DETACHED.get() {
        Some(detached) => detached.err.push(text.as_bytes()),
        None => drop(io::stderr().lock().write_all(text.as_bytes())),
    }
}

macro_rules! print {
    ($($text:tt)*) => { $crate::print::out(&format!($($text)*)) };
}

macro_rules! println {
    ($($text:tt)*) => { $crate::print::out(&(format!($($text)*) + "\n")) };
}

macro_rules! eprint {
    ($($text:tt)*) => { $crate::print::err(&format!($($text)*)) };
}

macro_rules! eprintln {
    ($($text:tt)*) => { $crate::print::err(&(format!($($text)*) + "\n")) };
}
