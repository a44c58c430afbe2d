//! `println!` and its siblings for this crate: a reader that is gone or asleep panics nothing and stops no emulator.
//!
//! The standard library's panic where the reader has gone, as with `| head`. Here a command then ends without a word, as
//! other tools do, except `dev` and `serve`: they call [`detach`] first, and go on.

use crate::lossy::Lossy;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::sync::OnceLock;
use std::time::Duration;

/// What a shell reports of a program that SIGPIPE has ended.
const EXIT_SIGPIPE: i32 = 128 + 13;
/// How long the last lines may take to be read when the process ends.
const LAST_LINES_MAX: Duration = Duration::from_secs(1);

static DETACHED: OnceLock<Detached> = OnceLock::new();

struct Detached {
    out: Lossy,
    err: Lossy,
}

/// From now on printing never waits for a reader, and never ends the process.
///
/// # Errors
/// Where the outputs cannot be opened again.
pub fn detach() -> io::Result<()> {
    let again = |output: &dyn AsFd| output.as_fd().try_clone_to_owned().map(File::from).and_then(Lossy::new);
    let detached = Detached { out: again(&io::stdout())?, err: again(&io::stderr())? };
    // A second call keeps what the first one opened.
    let _ = DETACHED.set(detached);
    Ok(())
}

/// Lets what was printed since [`detach`] reach its readers, if they read.
pub fn finish() {
    if let Some(Detached { out, err }) = DETACHED.get() {
        out.flush(LAST_LINES_MAX);
        err.flush(LAST_LINES_MAX);
    }
}

/// Prints text to standard output.
pub fn out(text: &str) {
    if let Some(detached) = DETACHED.get() {
        return detached.out.push(text.as_bytes());
    }
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(EXIT_SIGPIPE),
        Err(error) => {
            err(&format!("error: cannot write to standard output: {error}\n"));
            std::process::exit(1);
        }
    }
}

/// Prints text to standard error. Whether anybody reads it changes nothing.
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
