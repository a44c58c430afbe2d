//! The emulator's temporary folder, for functions' code and temporary files. It is removed at the end, or by the next
//! emulator that starts.
//!
//! A lock file in it is locked while its process lives, so whoever can lock it may remove the folder. The lock file is
//! deleted last, because a second Ctrl-C may end the process during the removal.

use rustix::process::geteuid;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

const PREFIX: &str = "sluicegate-";
const LOCK: &str = "lock";
/// The lock file's name until it is locked: nobody sees a [`LOCK`] that its owner has not locked yet.
const UNLOCKED: &str = "lock.new";
const CODE: &str = "code";
/// A folder that is empty for longer will not be locked any more.
const EMPTY_MAX: Duration = Duration::from_secs(60);
/// Write permission of the owner.
const WRITE: u32 = 0o200;
/// Write permission of everybody.
const ANY_WRITE: u32 = 0o222;

/// A folder of one emulator. Dropping it removes it.
#[derive(Debug)]
pub struct TempFolder {
    path: PathBuf,
    _lock: File,
}

impl TempFolder {
    /// Creates one among the system's temporary files. Fails if it cannot be created or locked.
    pub fn create() -> io::Result<Self> {
        Self::create_in(&std::env::temp_dir())
    }

    fn create_in(root: &Path) -> io::Result<Self> {
        // Removed if one of the steps below fails.
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(root)?;
        let unlocked = folder.path().join(UNLOCKED);
        let lock = File::create_new(&unlocked)?;
        lock.lock()?;
        fs::rename(unlocked, folder.path().join(LOCK))?;
        fs::create_dir(folder.path().join(CODE))?;
        Ok(Self { path: folder.keep(), _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn code(&self) -> PathBuf {
        self.path.join(CODE)
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        if let Err(error) = remove_lock_last(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::debug!(folder = %self.path.display(), %error, "failed to remove the temporary folder");
        }
    }
}

/// Removes this user's folders whose emulators are dead. Blocks.
pub fn remove_stale() {
    remove_stale_in(&std::env::temp_dir());
}

fn remove_stale_in(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) && is_stale(&path) {
            match remove_lock_last(&path) {
                Ok(()) => {
                    tracing::debug!(folder = %path.display(), "removed what a killed emulator left");
                }
                Err(error) => {
                    tracing::debug!(folder = %path.display(), %error, "failed to remove a stale folder");
                }
            }
        }
    }
}

/// Removes an emulator's folder. If this is interrupted, the next start recognises the rest by its lock, or because it
/// is empty.
fn remove_lock_last(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name() == LOCK {
            continue;
        }
        let path = entry.path();
        if entry.file_type()?.is_dir() { remove(&path)? } else { fs::remove_file(&path)? }
    }
    remove(folder)
}

/// Whether a folder belongs to one of this user's emulators that is dead. A folder without a lock is somebody else's,
/// unless it has been empty for longer than locking takes.
fn is_stale(path: &Path) -> bool {
    let Ok(found) = fs::symlink_metadata(path) else { return false };
    if !found.is_dir() || found.uid() != geteuid().as_raw() {
        return false;
    }
    let is_old = || found.modified().is_ok_and(|at| at.elapsed().is_ok_and(|age| age > EMPTY_MAX));
    let is_empty = || fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    if is_old() && is_empty() {
        return true;
    }
    OpenOptions::new().write(true).open(path.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok())
}

/// Takes away everybody's permission to change a folder and its content, as on Lambda. The owner can restore it: this
/// prevents mistakes, not malice. Fails if a mode cannot be changed.
pub fn protect(folder: &Path) -> io::Result<()> {
    for_each(folder, &|path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode & !ANY_WRITE)))
}

/// Removes a folder, protected or not. Fails if something in it cannot be removed.
pub fn remove(folder: &Path) -> io::Result<()> {
    // Without write permission on a folder nothing in it can be removed. If this fails, so does the next line.
    let _ = for_each(folder, &|path, mode| match mode & WRITE {
        0 => fs::set_permissions(path, fs::Permissions::from_mode(mode | WRITE)),
        _ => Ok(()),
    });
    fs::remove_dir_all(folder)
}

/// Visits a folder and everything below it except links, outer folders first.
fn for_each(path: &Path, visit: &impl Fn(&Path, u32) -> io::Result<()>) -> io::Result<()> {
    let found = fs::symlink_metadata(path)?;
    if found.is_symlink() {
        return Ok(());
    }
    visit(path, found.mode())?;
    if found.is_dir() {
        for entry in fs::read_dir(path)? {
            for_each(&entry?.path(), visit)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_emulators_folder_is_removed_and_a_living_ones_is_not() {
        let root = tempfile::tempdir().unwrap();
        let alive = TempFolder::create_in(root.path()).unwrap();
        let dead = root.path().join("sluicegate-dead");
        fs::create_dir_all(dead.join("code/x")).unwrap();
        File::create_new(dead.join(LOCK)).unwrap();
        protect(&dead.join("code")).unwrap();
        let foreign = root.path().join("sluicegate-foreign");
        fs::create_dir(&foreign).unwrap();
        let emptied = root.path().join("sluicegate-emptied");
        fs::create_dir(&emptied).unwrap();
        let then = std::time::SystemTime::now() - EMPTY_MAX * 2;
        File::open(&emptied).unwrap().set_modified(then).unwrap();
        remove_stale_in(root.path());
        let exist = [alive.path(), &dead, &foreign, &emptied].map(Path::exists);
        assert_eq!(exist, [true, false, true, false]);
        let path = alive.path().to_owned();
        drop(alive);
        assert!(!path.exists());
    }

    #[test]
    fn protected_code_can_be_run_and_removed_but_not_changed() {
        let root = tempfile::tempdir().unwrap();
        let code = root.path().join("code");
        fs::create_dir_all(code.join("lib")).unwrap();
        fs::write(code.join("bootstrap"), "x").unwrap();
        fs::set_permissions(code.join("bootstrap"), fs::Permissions::from_mode(0o755)).unwrap();
        protect(&code).unwrap();
        let mode = |path: &str| fs::metadata(code.join(path)).unwrap().mode() & 0o777;
        assert_eq!([mode("bootstrap"), mode("lib") & ANY_WRITE, mode("") & ANY_WRITE], [0o555, 0, 0]);
        remove(&code).unwrap();
        assert!(!code.exists());
    }
}
