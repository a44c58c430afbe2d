//! The log: segments of frames, appended at the end, dropped from the beginning.

use super::StorageError;
use super::damage::{self, Flaw};
use super::entry::{self, Entry, Head, KeptRecord};
use super::folder::Folder;
use super::frame::{self, Frames};
use super::replay::{self, Replay, Segment};
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Approximate bytes of a segment; a check that finds more begins the next one.
const SEGMENT_BYTES: u64 = 64 * 1_024 * 1_024;
/// Approximate bytes of a head's frame.
const HEAD_FRAME_BYTES: usize = 1_024 * 1_024;

pub struct Log {
    folder: Folder,
    head: Head,
    /// In order; the last one is written to.
    segments: Vec<Segment>,
    file: File,
    bytes: u64,
    synced_bytes: u64,
    buffer: Vec<u8>,
    /// Set when the file's end may not be whole: nothing more is written.
    broken: bool,
}

impl Log {
    /// Reads a folder's log, cuts off an unfinished write at its end, and prepares it for appends.
    pub fn open(path: &Path) -> Result<(Self, Vec<KeptRecord>), StorageError> {
        let folder = Folder::take(path)?;
        let mut numbers = folder.segments()?;
        if numbers.is_empty() {
            File::create_new(folder.segment(1)).map_err(StorageError::io(&folder.segment(1)))?;
            numbers.push(1);
        }
        let mut replay = Replay::default();
        for number in &numbers {
            let is_last = number == &numbers[numbers.len() - 1];
            replay.begin(*number);
            read(&folder, *number, is_last, &mut replay)?;
        }
        let Replay { head, records, segments } = replay;
        let file = folder.segment(segments[segments.len() - 1].number);
        let open = File::options().append(true).open(&file).map_err(StorageError::io(&file))?;
        let bytes = open.metadata().map_err(StorageError::io(&file))?.len();
        let log = Self {
            folder,
            head,
            segments,
            file: open,
            bytes,
            synced_bytes: bytes,
            buffer: Vec::new(),
            broken: false,
        };
        Ok((log, records))
    }

    /// The current documents and tails.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Writes changes, all or none. After this they survive the process.
    pub fn append(&mut self, entries: &[Entry<'_>]) -> Result<(), StorageError> {
        if self.broken {
            return Err(StorageError::Broken(self.active()));
        }
        frame::begin(&mut self.buffer);
        let encoded = entry::encode(entries, &mut self.buffer).is_ok() && frame::finish(&mut self.buffer);
        if !encoded {
            return Err(StorageError::io(&self.active())(ErrorKind::InvalidInput.into()));
        }
        if let Err(error) = self.file.write_all(&self.buffer) {
            // A part of the frame may be in the file: anything after it would be lost with it.
            self.broken = self.file.set_len(self.bytes).is_err();
            return Err(StorageError::io(&self.active())(error));
        }
        self.bytes += self.buffer.len() as u64;
        for entry in entries {
            self.head.apply(entry);
            if let Some(segment) = self.segments.last_mut() {
                segment.apply(entry);
            }
            if let Entry::Forget { stream } = entry {
                replay::forget(&mut self.segments, stream);
            }
        }
        Ok(())
    }

    /// The file written to since the last sync, which the caller can sync without holding the log.
    pub fn unsynced(&mut self) -> Result<Option<(PathBuf, File)>, StorageError> {
        if self.synced_bytes == self.bytes {
            return Ok(None);
        }
        let path = self.active();
        let file = self.file.try_clone().map_err(StorageError::io(&path))?;
        self.synced_bytes = self.bytes;
        Ok(Some((path, file)))
    }

    pub fn is_full(&self) -> bool {
        self.bytes >= SEGMENT_BYTES
    }

    /// Begins the next segment with the head, so that it replaces all earlier segments but for their records.
    pub fn roll(&mut self) -> Result<(), StorageError> {
        let number = self.segments.last().map_or(1, |segment| segment.number + 1);
        let (unfinished, finished) = (self.folder.unfinished(number), self.folder.segment(number));
        self.file.sync_data().map_err(StorageError::io(&self.active()))?;
        let (file, bytes) = self.begin(&unfinished).map_err(StorageError::io(&unfinished))?;
        fs::rename(&unfinished, &finished)
            .and_then(|()| self.folder.sync())
            .map_err(StorageError::io(&finished))?;
        self.segments.push(Segment::new(number));
        (self.file, self.bytes, self.synced_bytes) = (file, bytes, bytes);
        Ok(())
    }

    fn begin(&mut self, path: &Path) -> std::io::Result<(File, u64)> {
        let _ = fs::remove_file(path);
        let mut file = File::options().append(true).create_new(true).open(path)?;
        let mut bytes = 0;
        let mut entries = self.head.entries().into_iter().peekable();
        while entries.peek().is_some() {
            frame::begin(&mut self.buffer);
            while let Some(entry) = entries.next_if(|_| self.buffer.len() < HEAD_FRAME_BYTES) {
                entry::encode(&[entry], &mut self.buffer).map_err(std::io::Error::other)?;
            }
            frame::finish(&mut self.buffer);
            file.write_all(&self.buffer)?;
            bytes += self.buffer.len() as u64;
        }
        file.sync_data()?;
        Ok((file, bytes))
    }

    /// Drops the oldest segments as long as all their records are expired. Returns how many.
    pub fn reclaim(&mut self, is_expired: impl Fn(&str, u64) -> bool) -> Result<usize, StorageError> {
        let sealed = self.segments.len() - 1;
        let expired = self.segments[..sealed].iter().take_while(|segment| {
            segment.newest_ms.iter().all(|(stream, newest_ms)| is_expired(stream, *newest_ms))
        });
        let expired = expired.count();
        for segment in self.segments.drain(..expired) {
            let file = self.folder.segment(segment.number);
            fs::remove_file(&file).map_err(StorageError::io(&file))?;
        }
        Ok(expired)
    }

    /// Closes the log: nothing more is written, and the folder is released.
    pub fn close(&mut self) {
        if let Err(error) = self.file.sync_data() {
            tracing::warn!(%error, "failed to sync {}", self.active().display());
        }
        self.broken = true;
        self.folder.release();
    }

    fn active(&self) -> PathBuf {
        self.folder.segment(self.segments.last().map_or(1, |segment| segment.number))
    }
}

/// Reads one segment. An unfinished write at the end of the last one is cut off and stored beside it; damage is an
/// error.
fn read(folder: &Folder, number: u64, is_last: bool, replay: &mut Replay) -> Result<(), StorageError> {
    let file = folder.segment(number);
    let bytes = fs::read(&file).map_err(StorageError::io(&file))?;
    let mut frames = Frames::new(&bytes);
    let mut whole = 0;
    while let Some(entries) = frames.next().and_then(entry::decode) {
        whole = frames.whole();
        for missing in entries.iter().filter_map(|entry| replay.apply(entry)) {
            let replay::Missing { stream, shard, through } = missing;
            tracing::error!(
                stream,
                shard,
                "records are missing before {}, the last of them {through}: a file before it was cut or repaired",
                file.display()
            );
        }
    }
    if whole == bytes.len() {
        return Ok(());
    }
    if let Flaw::Damaged(evidence) = damage::judge(&bytes, whole, is_last) {
        return Err(StorageError::Damaged { file, at: whole, evidence, folder: folder.path().to_owned() });
    }
    let kept = folder.keep_aside(number, whole, &bytes[whole..])?;
    let end = File::options().write(true).open(&file).and_then(|file| file.set_len(whole as u64));
    end.map_err(StorageError::io(&file))?;
    let cut = bytes.len() - whole;
    match kept {
        Some(kept) => tracing::warn!(
            "cut {cut} bytes off {}: their write was not finished; they are kept in {}",
            file.display(),
            kept.display()
        ),
        None => tracing::warn!("cut {cut} zeros off {}: nothing was written there", file.display()),
    }
    Ok(())
}
