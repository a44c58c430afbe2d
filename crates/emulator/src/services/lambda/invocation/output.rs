//! A function's output: cut into log events, and complete before an invocation is reported.

use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Bytes of a log event, at most; the rest of a longer line is dropped.
pub const LOG_EVENT_BYTES_MAX: usize = 256 * 1_024;
const READ_BYTES: usize = 8 * 1_024;
/// How long the output of a process may still take to arrive after its end.
const LAST_WORDS_MAX: Duration = Duration::from_secs(1);

/// Splits bytes into lines. Bytes that are not UTF-8 are replaced.
#[derive(Debug, Default)]
struct Lines {
    line: Vec<u8>,
}

impl Lines {
    fn push(&mut self, bytes: &[u8], mut emit: impl FnMut(&str)) {
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let room = LOG_EVENT_BYTES_MAX.saturating_sub(self.line.len());
            self.line.extend_from_slice(&piece[..piece.len().min(room)]);
            if pieces.peek().is_some() {
                self.end(&mut emit);
            }
        }
    }

    fn end(&mut self, mut emit: impl FnMut(&str)) {
        let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        emit(&String::from_utf8_lossy(line));
        self.line.clear();
    }
}

/// One stream of a process's output, copied by a task of its own.
pub(super) struct Output {
    flushes: mpsc::Sender<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Output {
    /// Copies lines until every holder of the stream has closed it.
    pub fn copy(
        source: impl AsyncRead + Send + Unpin + 'static,
        emit: impl Fn(&str) + Send + 'static,
    ) -> Self {
        let (flushes, requests) = mpsc::channel(1);
        Self { flushes, task: tokio::spawn(copy(source, requests, emit)) }
    }

    /// Waits until everything printed so far was emitted.
    pub async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        if self.flushes.send(done).await.is_ok() {
            // Answered, or dropped at the stream's end: either way nothing is left.
            let _ = flushed.await;
        }
    }

    /// Waits until the stream has ended with its process.
    pub async fn finish(&mut self) {
        // Times out if another process holds the stream open; a second call finds the task joined.
        if !self.task.is_finished() {
            let _ = tokio::time::timeout(LAST_WORDS_MAX, &mut self.task).await;
        }
    }
}

async fn copy(
    mut source: impl AsyncRead + Unpin,
    mut flushes: mpsc::Receiver<oneshot::Sender<()>>,
    emit: impl Fn(&str),
) {
    let mut lines = Lines::default();
    let mut bytes = vec![0; READ_BYTES];
    loop {
        tokio::select! {
            // Reads first: a flush is answered when nothing is left to read.
            biased;
            read = source.read(&mut bytes) => match read {
                Ok(0) | Err(_) => break,
                Ok(count) => lines.push(&bytes[..count], &emit),
            },
            Some(done) = flushes.recv() => {
                let _ = done.send(());
            }
        }
    }
    if !lines.line.is_empty() {
        lines.end(&emit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, |line| found.push(line.to_owned()));
        }
        found
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_is_whole() {
        let long = [b'x'; LOG_EVENT_BYTES_MAX + 5_000];
        let found = lines(&[&long, b"more\nnext\r\n\xff\n"]);
        assert_eq!(found[0].len(), LOG_EVENT_BYTES_MAX);
        assert_eq!(found[1..], ["next", "\u{fffd}"]);
    }

    proptest! {
        #[test]
        fn lines_are_the_same_however_the_bytes_arrive(text in "[a-c\n]{0,60}", cut in 0..60_usize) {
            let (first, second) = text.as_bytes().split_at(cut.min(text.len()));
            prop_assert_eq!(lines(&[first, second]), lines(&[text.as_bytes()]));
        }
    }
}
