//! The emulator's temporary folder: functions' code and temporary files, gone at the latest when another one starts.
//!
//! A file in it is locked for as long as its process lives, by whatever end: who can lock it may remove the folder. That
//! file goes last: a second Ctrl-C may end the process while it removes the folder.

use rustix::process::geteuid;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

const PREFIX: &str = "sluicegate-";
const LOCK: &str = "lock";
/// The lock's name until it is locked: nobody ever sees a [`LOCK`] that its owner has not locked yet.
const UNLOCKED: &str = "lock.new";
const CODE: &str = "code";
/// A folder that is empty for longer is not about to be locked.
const EMPTY_MAX: Duration = Duration::from_secs(60);
/// Owner's permission to write.
const WRITE: u32 = 0o200;
/// Anybody's.
const ANY_WRITE: u32 = 0o222;

/// A folder of one emulator. Dropping it removes it.
#[derive(Debug)]
pub struct TempFolder {
    path: PathBuf,
    _lock: File,
}

impl TempFolder {
    /// A new one among the system's temporary files.
    ///
    /// # Errors
    /// Where it cannot be made or locked.
    pub fn create() -> io::Result<Self> {
        Self::create_in(&std::env::temp_dir())
    }

    fn create_in(root: &Path) -> io::Result<Self> {
        // Removed where one of the steps below fails.
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(root)?;
        let unlocked = folder.path().join(UNLOCKED);
        let lock = File::create_new(&unlocked)?;
        lock.lock()?;
        fs::rename(unlocked, folder.path().join(LOCK))?;
        fs::create_dir(folder.path().join(CODE))?;
        Ok(Self { path: folder.keep(), _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// For functions' code.
    pub fn code(&self) -> PathBuf {
        self.path.join(CODE)
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        if let Err(error) = remove_lock_last(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::debug!(folder = %self.path.display(), %error, "the temporary folder stays behind");
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
                    tracing::debug!(folder = %path.display(), %error, "a stale folder stays behind");
                }
            }
        }
    }
}

/// Removes an emulator's folder. Wherever this is cut off, the next start knows the rest by its lock, or by its emptiness.
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

/// Whether a folder is one of this user's emulators', and that one is dead. A folder without a lock is somebody else's,
/// unless it is empty and has been for longer than it takes to lock one.
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

/// Takes everybody's permission to change a folder and what is in it, as code is on Lambda. The owner can give it back:
/// this stops mistakes, not malice.
///
/// # Errors
/// Where a mode cannot be changed.
pub fn protect(folder: &Path) -> io::Result<()> {
    for_each(folder, &|path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode & !ANY_WRITE)))
}

/// Removes a folder, protected or not.
///
/// # Errors
/// Where something in it cannot be removed.
pub fn remove(folder: &Path) -> io::Result<()> {
    // Without permission to write to a folder nothing in it can be removed; a failure is the next line's.
    let _ = for_each(folder, &|path, mode| match mode & WRITE {
        0 => fs::set_permissions(path, fs::Permissions::from_mode(mode | WRITE)),
        _ => Ok(()),
    });
    fs::remove_dir_all(folder)
}

/// Visits a folder and all that is below it, links aside, the outer before the inner.
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
