//! Repair: saves every whole frame of a damaged log and keeps the bytes between them aside. It first only looks.

use super::StorageError;
use super::damage::{self, Flaw};
use super::entry::{self, Entry};
use super::folder::Folder;
use super::frame::{self, HEAD_BYTES};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Entries of a gap that are described, at most.
const DESCRIBED_MAX: usize = 5;

/// What a repair would do. As long as it exists, it holds the folder, so that nothing in it changes before
/// [`Repair::apply`].
#[derive(Debug)]
pub struct Repair {
    folder: Folder,
    gaps: Vec<Gap>,
    saved: Saved,
}

/// Bytes of a segment outside whole frames.
#[derive(Debug)]
struct Gap {
    number: u64,
    bytes: Range<usize>,
    flaw: Flaw,
    /// Its presumable content: it is damaged, so nothing is certain.
    seems: Vec<String>,
}

/// The content of whole frames.
#[derive(Debug, Default)]
struct Saved {
    /// By stream.
    records: BTreeMap<String, u64>,
    /// Of streams, mappings and the account.
    documents: u64,
}

impl Repair {
    /// Reads a data folder and plans the repair. Changes nothing. Fails if the folder does not exist, is in use, or has
    /// another format.
    pub fn look(path: &Path) -> Result<Self, StorageError> {
        // Opening would create it.
        fs::read_dir(path).map_err(StorageError::io(path))?;
        let folder = Folder::take(path)?;
        let numbers = folder.segments()?;
        let (mut gaps, mut saved) = (Vec::new(), Saved::default());
        for number in &numbers {
            let file = folder.segment(*number);
            let bytes = fs::read(&file).map_err(StorageError::io(&file))?;
            let is_last = Some(number) == numbers.last();
            let found = gaps_of(&bytes, |entries| entries.iter().for_each(|entry| saved.count(entry)));
            gaps.extend(found.into_iter().map(|gap| Gap {
                number: *number,
                flaw: damage::judge(&bytes, gap.start, is_last),
                seems: seems(&bytes[gap.clone()]),
                bytes: gap,
            }));
        }
        Ok(Self { folder, gaps, saved })
    }

    pub fn is_whole(&self) -> bool {
        self.gaps.is_empty()
    }

    /// Applies the plan: stores the bytes outside whole frames in files of their own, and rewrites the segments without
    /// them. Returns the files. Each segment is replaced whole or not at all. Fails if a file cannot be read or
    /// written; the segments not reached yet are unchanged.
    pub fn apply(self) -> Result<Vec<PathBuf>, StorageError> {
        let mut by_segment = BTreeMap::<u64, Vec<&Gap>>::new();
        for gap in &self.gaps {
            by_segment.entry(gap.number).or_default().push(gap);
        }
        let mut kept = Vec::new();
        for (number, gaps) in by_segment {
            let (file, fresh) = (self.folder.segment(number), self.folder.unfinished(number));
            let bytes = fs::read(&file).map_err(StorageError::io(&file))?;
            let mut whole = Vec::with_capacity(bytes.len());
            let mut from = 0;
            for gap in gaps {
                kept.extend(self.folder.keep_aside(number, gap.bytes.start, &bytes[gap.bytes.clone()])?);
                whole.extend_from_slice(&bytes[from..gap.bytes.start]);
                from = gap.bytes.end;
            }
            whole.extend_from_slice(&bytes[from..]);
            write(&fresh, &whole).map_err(StorageError::io(&fresh))?;
            fs::rename(&fresh, &file).and_then(|()| self.folder.sync()).map_err(StorageError::io(&file))?;
        }
        Ok(kept)
    }
}

impl Saved {
    fn count(&mut self, entry: &Entry<'_>) {
        match entry {
            Entry::Record(record) => match self.records.get_mut(record.stream) {
                Some(records) => *records += 1,
                None => drop(self.records.insert(record.stream.into(), 1)),
            },
            Entry::Set { .. } => self.documents += 1,
            Entry::Forget { stream } => drop(self.records.remove(*stream)),
            Entry::Tail { .. } | Entry::Unset { .. } => {}
        }
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_whole() {
            writeln!(f, "{}: nothing is damaged", self.folder.path().display())?;
        }
        for Gap { number, bytes, flaw, seems } in &self.gaps {
            let file = self.folder.segment(*number);
            writeln!(
                f,
                "{}: {} bytes from byte {} on cannot be saved: {flaw}",
                file.display(),
                bytes.len(),
                bytes.start
            )?;
            for entry in seems {
                writeln!(f, "  seems to hold {entry}")?;
            }
        }
        for (stream, records) in &self.saved.records {
            writeln!(f, "saved: {records} records of the stream {stream}")?;
        }
        write!(f, "saved: {} definitions and checkpoints, with their earlier versions", self.saved.documents)
    }
}

/// The stretches outside whole frames. `whole` gets the content of each frame.
fn gaps_of(bytes: &[u8], mut whole: impl FnMut(&[Entry<'_>])) -> Vec<Range<usize>> {
    let mut gaps = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let frame = frame::at(bytes, at);
        if let Some((payload, entries)) = frame.and_then(|payload| Some((payload, entry::decode(payload)?))) {
            whole(&entries);
            at += HEAD_BYTES + payload.len();
            continue;
        }
        let end = damage::next_whole(bytes, at + 1).unwrap_or(bytes.len());
        gaps.push(at..end);
        at = end;
    }
    gaps
}

/// The readable entries of a damaged frame.
fn seems(gap: &[u8]) -> Vec<String> {
    let entries = entry::decode_some(gap.get(HEAD_BYTES..).unwrap_or_default(), DESCRIBED_MAX);
    let describe = |entry: &Entry<'_>| match entry {
        Entry::Record(record) => format!(
            "the record {} of shard {} in the stream {}, partition key {:?}",
            record.sequence_number, record.shard, record.stream, record.partition_key
        ),
        Entry::Tail { stream, shard, .. } => format!("where shard {shard} of the stream {stream} stood"),
        Entry::Set { key, .. } => format!("what is kept under {key}"),
        Entry::Unset { key } => format!("that nothing is kept under {key} any more"),
        Entry::Forget { stream } => format!("that the stream {stream} was deleted"),
    };
    entries.iter().map(describe).collect()
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
