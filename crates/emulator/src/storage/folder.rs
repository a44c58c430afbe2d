//! The data folder: one process at a time, one format, and the files in it.

use super::StorageError;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// The version of the format; this program reads no other.
pub const FORMAT: u32 = 1;

const LOCK: &str = "lock";
const VERSION: &str = "format";
const SEGMENT_SUFFIX: &str = ".log";
/// A segment whose beginning is not written yet; leftovers are removed.
const UNFINISHED_SUFFIX: &str = ".log.new";

/// A folder that this process owns until it drops it or ends.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    lock: File,
}

impl Folder {
    /// Takes a folder, and creates it if necessary.
    pub fn take(path: &Path) -> Result<Self, StorageError> {
        fs::create_dir_all(path).map_err(StorageError::io(path))?;
        let version = path.join(VERSION);
        let found = match fs::read_to_string(&version) {
            // Empty: a process was killed while it created the folder.
            Ok(found) => Some(found.trim().to_owned()).filter(|found| !found.is_empty()),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(StorageError::io(&version)(error)),
        };
        if found.is_none() {
            check_unused(path)?;
        }
        let lock = lock(path)?;
        match found {
            None => fs::write(&version, format!("{FORMAT}\n")).map_err(StorageError::io(&version))?,
            Some(found) if found != FORMAT.to_string() => {
                return Err(StorageError::Format { folder: path.to_owned(), found });
            }
            Some(_) => {}
        }
        Ok(Self { path: path.to_owned(), lock })
    }

    pub fn release(&self) {
        let _ = self.lock.unlock();
    }

    pub fn segment(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:016}{SEGMENT_SUFFIX}"))
    }

    /// The path of a segment that is being begun.
    pub fn unfinished(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:016}{UNFINISHED_SUFFIX}"))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Stores bytes that are cut off a segment at a position in a file of their own, and returns its name. Zeros are
    /// not stored.
    pub fn keep_aside(&self, number: u64, at: usize, bytes: &[u8]) -> Result<Option<PathBuf>, StorageError> {
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let name = format!("{number:016}.cut-{at}");
        // The same position may be cut again: earlier files are not overwritten.
        for again in 0_u32.. {
            let suffix = if again == 0 { String::new() } else { format!("-{again}") };
            let path = self.path.join(format!("{name}{suffix}"));
            let written = File::create_new(&path).and_then(|mut file| {
                file.write_all(bytes)?;
                file.sync_all()
            });
            match written {
                Ok(()) => return Ok(Some(path)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(StorageError::io(&path)(error)),
            }
        }
        Ok(None)
    }

    /// The numbers of all segments, in order. Unfinished ones are removed.
    pub fn segments(&self) -> Result<Vec<u64>, StorageError> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(StorageError::io(&self.path))? {
            let entry = entry.map_err(StorageError::io(&self.path))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.ends_with(UNFINISHED_SUFFIX) {
                fs::remove_file(entry.path()).map_err(StorageError::io(&entry.path()))?;
            } else {
                numbers.extend(segment_number(&name));
            }
        }
        numbers.sort_unstable();
        match numbers.windows(2).find(|pair| pair[1] != pair[0] + 1) {
            Some(pair) => Err(StorageError::Missing(self.segment(pair[0] + 1))),
            None => Ok(numbers),
        }
    }

    /// Makes new names survive a power cut.
    pub fn sync(&self) -> std::io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

/// A folder without a format file must be in the making: otherwise its content is somebody else's, or data whose format
/// is lost.
fn check_unused(path: &Path) -> Result<(), StorageError> {
    let mut is_foreign = false;
    for entry in fs::read_dir(path).map_err(StorageError::io(path))? {
        let name = entry.map_err(StorageError::io(path))?.file_name();
        if segment_number(&name.to_string_lossy()).is_some() {
            return Err(StorageError::FormatLost(path.join(VERSION)));
        }
        is_foreign |= name != LOCK && name != VERSION;
    }
    if is_foreign { Err(StorageError::Foreign(path.to_owned())) } else { Ok(()) }
}

fn segment_number(name: &str) -> Option<u64> {
    name.strip_suffix(SEGMENT_SUFFIX)?.parse().ok()
}

fn lock(path: &Path) -> Result<File, StorageError> {
    let file = path.join(LOCK);
    let mut lock = File::options().create(true).append(true).open(&file).map_err(StorageError::io(&file))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let holder = fs::read_to_string(&file).unwrap_or_default();
            return Err(StorageError::InUse { folder: path.to_owned(), holder: holder.trim().to_owned() });
        }
        Err(TryLockError::Error(error)) => return Err(StorageError::io(&file)(error)),
    }
    let reported = lock.set_len(0).and_then(|()| writeln!(lock, "process {}", std::process::id()));
    reported.map_err(StorageError::io(&file))?;
    Ok(lock)
}
