//! All processes that one program has started, directly or not, and the addresses that they listen on.
//!
//! They are recognised by an environment variable that each inherits. The data is read from `/proc`, so there are none on
//! systems other than Linux.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const MARK: &str = "SLUICEGATE_TEST_RUN";
/// Shortest and longest interval between two looks. Looks become rarer, as a process that is slow to start listens late.
const LOOK_EVERY: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(500)];
/// The interval before a look is this part of the time since the first look.
const LOOK_PART: u32 = 50;
/// States of sockets in `/proc/net`: a TCP socket that listens, and a UDP socket that is not connected.
const LISTENS: [&str; 2] = ["0A", "07"];

/// All processes that have inherited one variable.
#[derive(Debug, Clone)]
pub struct Family {
    value: String,
}

/// A process of a family.
#[derive(Debug)]
pub struct Member {
    /// The process id.
    pub id: u32,
    /// The command line.
    pub command: String,
}

impl Family {
    /// Named after something that no other family has.
    pub fn of(name: &str) -> Self {
        Self { value: name.to_owned() }
    }

    /// The variable that the processes inherit.
    pub fn mark(&self) -> [(&'static str, &str); 1] {
        [(MARK, &self.value)]
    }

    /// The running processes. A zombie has no environment and is not one of them.
    pub fn members(&self) -> Vec<Member> {
        let mark = format!("{MARK}={}", self.value).into_bytes();
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let is_one = |id: &u32| {
            let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == mark)
        };
        let member = |id| {
            let command = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).trim_end_matches('\0').replace('\0', " ");
            Member { id, command }
        };
        ids.filter(is_one).map(member).collect()
    }
}

/// Addresses that a family has listened on.
#[derive(Debug, Default)]
pub struct Seen {
    /// Addresses that only this machine reaches.
    pub on_loopback: BTreeSet<String>,
    /// All other addresses, each with its process.
    pub elsewhere: BTreeSet<String>,
}

impl Seen {
    fn look(&mut self, members: &[Member]) {
        // The tables are read after the members. The next look sees a process that has started in between.
        let open = listeners();
        for member in members {
            let sockets = sockets(member.id);
            for (address, _) in open.iter().filter(|(_, inode)| sockets.contains(inode)) {
                if address.0.is_loopback() {
                    self.on_loopback.insert(format!("{}:{}", address.0, address.1));
                } else {
                    self.elsewhere.insert(format!("{}:{} by {}", address.0, address.1, member.command));
                }
            }
        }
    }
}

/// Looks repeatedly at the addresses that a family listens on, until it is dropped.
pub struct Watch {
    owner: Arc<()>,
    thread: JoinHandle<Seen>,
}

impl Watch {
    /// Starts the watch.
    pub fn start(family: Family) -> Self {
        let owner = Arc::new(());
        let watched = Arc::downgrade(&owner);
        let thread = std::thread::spawn(move || {
            let (mut seen, begun) = (Seen::default(), Instant::now());
            while watched.strong_count() > 0 {
                seen.look(&family.members());
                std::thread::sleep((begun.elapsed() / LOOK_PART).clamp(LOOK_EVERY[0], LOOK_EVERY[1]));
            }
            seen
        });
        Self { owner, thread }
    }

    /// Stops the watch; returns everything that it has seen.
    pub fn finish(self) -> Seen {
        drop(self.owner);
        self.thread.join().unwrap_or_default()
    }
}

type Address = (IpAddr, u16);

/// Every address that a socket listens on, and the socket's inode.
fn listeners() -> Vec<(Address, String)> {
    let tables = ["tcp", "tcp6", "udp", "udp6"].map(|name| fs::read_to_string(format!("/proc/net/{name}")));
    tables.iter().flatten().flat_map(|table| table.lines().skip(1).filter_map(listener)).collect()
}

/// One line of such a table: `sl local_address rem_address st … inode …`.
fn listener(line: &str) -> Option<(Address, String)> {
    let words: Vec<_> = line.split_whitespace().collect();
    let (address, port) = words.get(1)?.split_once(':')?;
    if !LISTENS.contains(words.get(3)?) {
        return None;
    }
    let inode = (*words.get(9)?).to_owned();
    Some(((ip(address)?, u16::from_str_radix(port, 16).ok()?), inode))
}

/// Words of 32 bits in hexadecimal, as this machine orders their bytes.
fn ip(text: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(text.get(at * 8..at * 8 + 8)?, 16).ok().map(u32::to_ne_bytes);
    if text.len() == 8 {
        return Some(Ipv4Addr::from(word(0)?).into());
    }
    let bytes = [word(0)?, word(1)?, word(2)?, word(3)?].concat();
    let address = Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?);
    Some(address.to_canonical())
}

/// Inodes of a process's sockets.
fn sockets(process: u32) -> BTreeSet<String> {
    let entries = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    let targets = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
    let inode =
        |target: &Path| Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned());
    targets.filter_map(|target| inode(&target)).collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::net::{TcpListener, UdpSocket};
    use std::process::{Command, Stdio};

    #[test]
    fn a_listener_is_seen_with_its_address() {
        let (inside, outside) =
            (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("0.0.0.0:0").unwrap());
        let datagrams = UdpSocket::bind("0.0.0.0:0").unwrap();
        let mut seen = Seen::default();
        seen.look(&[Member { id: std::process::id(), command: "this".into() }]);
        assert!(seen.on_loopback.contains(&inside.local_addr().unwrap().to_string()), "{seen:?}");
        for open in [outside.local_addr().unwrap(), datagrams.local_addr().unwrap()] {
            let address = format!("{}:{} by this", open.ip(), open.port());
            assert!(seen.elsewhere.contains(&address), "{address} in {seen:?}");
        }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn addresses_are_read_as_the_kernel_writes_them() {
        assert_eq!(ip("0100007F"), Some("127.0.0.1".parse().unwrap()));
        assert_eq!(ip("00000000000000000000000001000000"), Some("::1".parse().unwrap()));
        assert_eq!(ip("0000000000000000FFFF00000100007F"), Some("127.0.0.1".parse().unwrap()));
        assert_eq!(ip("0100"), None);
    }

    #[test]
    fn what_a_program_starts_is_of_its_family_and_nothing_else_is() {
        let name = format!("a family of {}", std::process::id());
        let (family, other) = (Family::of(&name), Family::of("another"));
        let mut shell = Command::new("sh");
        // The shell waits; `cat` is the process that it has started.
        shell.args(["-c", "cat; true"]).envs(family.mark()).stdin(Stdio::piped());
        let mut shell = shell.spawn().unwrap();
        let end = Instant::now() + crate::PATIENCE;
        while family.members().len() < 2 {
            assert!(Instant::now() < end, "{:?}", family.members());
            std::thread::yield_now();
        }
        assert!(other.members().is_empty());
        drop(shell.stdin.take());
        shell.wait().unwrap();
        assert!(family.members().is_empty(), "{:?}", family.members());
    }
}
