//! Output that never blocks on its reader: bounded; lines that do not fit are dropped and counted.

use parking_lot::{Condvar, Mutex};
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes that wait for a slow reader, at most.
const WAITING_BYTES_MAX: usize = 4 * 1_024 * 1_024;

/// A queue of whole lines with a thread that writes them. Clones share it.
#[derive(Clone)]
pub struct Lossy(Arc<Shared>);

struct Shared {
    waiting: Mutex<Waiting>,
    /// Something was added, or everything was written.
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Lines that did not fit after these bytes.
    dropped: u64,
    is_writing: bool,
    /// Whether there is no reader any more, and so nothing left to do.
    is_closed: bool,
}

impl Waiting {
    fn is_written(&self) -> bool {
        self.is_closed || (self.bytes.is_empty() && self.dropped == 0 && !self.is_writing)
    }

    /// Adds a line. Once a line is dropped, the following are too until the gap is reported, so that it is reported in place.
    fn push(&mut self, line: &[u8], bytes_max: usize) {
        if self.dropped > 0 || self.bytes.len() + line.len() > bytes_max {
            self.dropped += 1;
        } else {
            self.bytes.extend_from_slice(line);
        }
    }

    /// What is to be written next; `None`: nothing.
    fn take(&mut self) -> Option<Vec<u8>> {
        let mut bytes = std::mem::take(&mut self.bytes);
        if self.dropped > 0 {
            let lines = if self.dropped == 1 { "line was" } else { "lines were" };
            let gap = format!("({} {lines} dropped here: the output was not read in time)\n", self.dropped);
            bytes.extend_from_slice(gap.as_bytes());
            self.dropped = 0;
        }
        (!bytes.is_empty()).then_some(bytes)
    }
}

impl Lossy {
    /// Writes to `output` on a thread of its own until it fails.
    pub fn new(output: impl Write + Send + 'static) -> std::io::Result<Self> {
        let lossy = Self(Arc::new(Shared { waiting: Mutex::default(), changed: Condvar::new() }));
        let shared = lossy.0.clone();
        std::thread::Builder::new().name("output".into()).spawn(move || shared.write(output))?;
        Ok(lossy)
    }

    /// Adds one line or more, whole with their line feeds. Never waits for the reader.
    pub fn push(&self, lines: &[u8]) {
        let mut waiting = self.0.waiting.lock();
        if !waiting.is_closed {
            waiting.push(lines, WAITING_BYTES_MAX);
            self.0.changed.notify_all();
        }
    }

    /// Waits until everything is written, for no longer than `limit`.
    pub fn flush(&self, limit: Duration) {
        let until = Instant::now() + limit;
        let mut waiting = self.0.waiting.lock();
        while !waiting.is_written() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            self.0.changed.wait_for(&mut waiting, left);
        }
    }
}

impl Shared {
    fn write(&self, mut output: impl Write) {
        loop {
            let mut waiting = self.waiting.lock();
            waiting.is_writing = false;
            let bytes = loop {
                match waiting.take() {
                    Some(bytes) => break bytes,
                    None => {
                        self.changed.notify_all();
                        self.changed.wait(&mut waiting);
                    }
                }
            };
            waiting.is_writing = true;
            drop(waiting);
            if output.write_all(&bytes).and_then(|()| output.flush()).is_err() {
                self.waiting.lock().is_closed = true;
                self.changed.notify_all();
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn what_does_not_fit_is_counted_where_it_is_missing() {
        let mut waiting = Waiting::default();
        for line in ["one\n", "two\n", "three\n", "4\n"] {
            waiting.push(line.as_bytes(), 9);
        }
        let taken = String::from_utf8(waiting.take().unwrap()).unwrap();
        assert_eq!(taken, "one\ntwo\n(2 lines were dropped here: the output was not read in time)\n");
        assert!(waiting.take().is_none());
        waiting.push(b"five\n", 9);
        assert_eq!(waiting.take().as_deref(), Some(b"five\n".as_slice()));
    }

    /// Takes each write when it is allowed to.
    struct Slow {
        permits: mpsc::Receiver<()>,
        written: mpsc::Sender<Vec<u8>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.permits.recv().map_err(|_| std::io::ErrorKind::BrokenPipe)?;
            let _ = self.written.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_waits_for_a_reader_that_stops_and_its_return_is_noticed() {
        let (permit, permits) = mpsc::channel();
        let (written, writes) = mpsc::channel();
        let lossy = Lossy::new(Slow { permits, written }).unwrap();
        let line = vec![b'x'; 64 * 1_024];
        lossy.push(&line);
        // A thread that starts only when the queue is full would report two gaps.
        while !lossy.0.waiting.lock().is_writing {
            std::thread::yield_now();
        }
        for _ in 0..1_000 {
            lossy.push(&line);
        }
        lossy.flush(Duration::ZERO);
        let next = || {
            permit.send(()).unwrap();
            writes.recv_timeout(LONG).unwrap()
        };
        // What was being written when the queue was full, and the queue.
        let mut text = next();
        while !text.windows(7).any(|window| window == b"dropped") {
            text.extend(next());
        }
        assert!(text.len() < 3 * WAITING_BYTES_MAX);
        lossy.push(b"again\n");
        assert_eq!(next(), b"again\n");
        lossy.flush(LONG);
        // After the reader has gone, nothing waits and nothing is kept.
        drop(permit);
        lossy.push(b"unheard\n");
        lossy.flush(LONG);
        assert!(lossy.0.waiting.lock().is_closed);
    }
}
