//! Ends functions that the emulator could not end itself, with a small shell that outlives it.
//!
//! A killed process cleans nothing up, and a function may have started programs of its own. The shell reads the process
//! groups that come and go from a pipe. However the emulator ends, the system closes the pipe; the shell then kills the
//! remaining groups, removes the emulator's temporary folder, and ends. It works wherever there is a `sh`. Linux's
//! parent-death signal would not reach grandchildren, does not exist on macOS, and needs unsafe code.

use parking_lot::{Mutex, MutexGuard};
use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

/// How long the emulator waits for the shell's end when it stops.
const END_MAX: Duration = Duration::from_secs(1);

/// `+ GROUP` and `- GROUP`, a line each. It ignores the signals that end the emulator, and ends with the pipe.
const SCRIPT: &str = r#"
trap '' HUP INT QUIT TERM PIPE
groups=' '
while read -r change group; do
    case $change in
        +) groups="$groups$group " ;;
        -) case $groups in
            *" $group "*) groups="${groups%%" $group "*} ${groups#*" $group "}" ;;
        esac ;;
    esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
[ -n "$1" ] || exit
chmod -R u+w -- "$1" 2>/dev/null
rm -rf -- "$1" 2>/dev/null
"#;

/// The shell, started with the first function: an emulator without functions has none.
#[derive(Debug, Default)]
pub(super) struct Watcher {
    /// The folder that it removes at the end, if there is one.
    folder: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    groups: BTreeSet<i32>,
    shell: Option<Shell>,
    /// Whether the lack of a shell was logged.
    is_reported: bool,
}

#[derive(Debug)]
struct Shell {
    process: Child,
    pipe: ChildStdin,
}

impl Watcher {
    /// Watches for an emulator with this temporary folder.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder: Some(folder), state: Mutex::default() }
    }

    /// Starts the shell unless it runs. Called before a process starts, so that afterwards only one write to a pipe is
    /// left, during which the emulator is hardly ever killed.
    pub fn prepare(&self) {
        let mut state = self.state();
        if state.shell.is_none() {
            self.restart(&mut state);
        }
    }

    pub fn began(&self, group: i32) {
        let mut state = self.state();
        state.groups.insert(group);
        self.report(&mut state, &format!("+ {group}\n"));
    }

    pub fn ended(&self, group: i32) {
        let mut state = self.state();
        if state.groups.remove(&group) {
            self.report(&mut state, &format!("- {group}\n"));
        }
    }

    /// Ends the shell and waits for it: nothing is left to watch.
    pub async fn close(&self) {
        let Some(Shell { mut process, pipe }) = self.state().shell.take() else { return };
        drop(pipe);
        let ended = tokio::task::spawn_blocking(move || process.wait());
        let _ = tokio::time::timeout(END_MAX, ended).await;
    }

    fn report(&self, state: &mut State, line: &str) {
        if let Some(shell) = &mut state.shell {
            if shell.pipe.write_all(line.as_bytes()).is_ok() {
                return;
            }
            // Somebody killed it: the next one gets every group that is left.
            if let Some(mut shell) = state.shell.take() {
                let _ = shell.process.wait();
            }
        }
        if !state.groups.is_empty() {
            self.restart(state);
        }
    }

    fn restart(&self, state: &mut State) {
        let lines: String = state.groups.iter().map(|group| format!("+ {group}\n")).collect();
        match self.start(&lines) {
            Ok(shell) => state.shell = Some(shell),
            Err(error) if !state.is_reported => {
                state.is_reported = true;
                tracing::warn!(
                    %error,
                    "failed to start sh, which ends the functions if this process is killed: they would keep running then"
                );
            }
            Err(_) => {}
        }
    }

    fn start(&self, lines: &str) -> io::Result<Shell> {
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
        let mut process = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "sluicegate-watcher"])
            .arg(self.folder.as_deref().unwrap_or(Path::new("")))
            .env_clear()
            .env("PATH", path)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Signals from a terminal or supervisor to the emulator's group do not reach it.
            .process_group(0)
            .spawn()?;
        let mut pipe = process.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        pipe.write_all(lines.as_bytes())?;
        Ok(Shell { process, pipe })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    /// A program in its own group that does not end by itself.
    fn endless() -> Child {
        Command::new("sleep").arg("1000").process_group(0).spawn().unwrap()
    }

    fn group(process: &Child) -> i32 {
        process.id().try_into().unwrap()
    }

    #[test]
    fn what_is_left_ends_with_the_pipe_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let mine = folder.path().join("mine");
        std::fs::create_dir_all(mine.join("code")).unwrap();
        let watcher = Watcher::new(mine.clone());
        let [mut left, mut gone, mut later] = [endless(), endless(), endless()];
        for process in [&left, &gone] {
            watcher.began(group(process));
        }
        watcher.ended(group(&gone));
        // Its shell is killed, and the next one knows everything that the first one knew.
        let mut state = watcher.state();
        state.shell.as_mut().unwrap().process.kill().unwrap();
        state.shell.as_mut().unwrap().process.wait().unwrap();
        drop(state);
        watcher.began(group(&later));
        let mut shell = watcher.state().shell.take().unwrap();
        drop(shell.pipe);
        shell.process.wait().unwrap();
        for process in [&mut left, &mut later] {
            assert_eq!(process.wait().unwrap().signal(), Some(9));
        }
        assert!(gone.try_wait().unwrap().is_none(), "whoever had ended is left alone");
        gone.kill().unwrap();
        gone.wait().unwrap();
        assert!(!mine.exists());
    }
}
