"""The resources of a process: memory, descriptors, children, folders."""

import os
import pathlib
import time

# The name of that shell in its own arguments: crates/emulator/src/services/lambda/invocation/watcher.rs.
WATCHER = b"sluicegate-watcher"


def memory_bytes(pid):
    """Resident memory that does not belong to files."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1_024
    raise SystemExit(f"/proc/{pid}/status has no RssAnon")


def at_rest_bytes(pid, looks=10, every_s=0.5, timeout_s=60):
    """Memory when it has not fallen by a hundredth for some checks: allocators release it late."""
    least, since, deadline = memory_bytes(pid), 0, time.monotonic() + timeout_s
    while since < looks and time.monotonic() < deadline:
        time.sleep(every_s)
        now = memory_bytes(pid)
        since = 0 if now < least * 0.99 else since + 1
        least = min(least, now)
    return least


def descriptors(pid):
    """Open files."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def children(pid):
    """The processes that it has started, as pairs of id and state: `Z` is one that nobody has waited for.

    Without the shell that ends an emulator's functions after it, as long as the emulator lives."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = pathlib.Path(f"/proc/{entry}/stat").read_text()
                arguments = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            state, parent = stat.rsplit(")", 1)[1].split()[:2]
            if int(parent) == pid and WATCHER not in arguments:
                found.append((int(entry), state))
    return found


def child_in(pid, name):
    """The child whose working folder has a function's code: its name, a dot, and what makes it unique."""
    for child, _ in children(pid):
        try:
            if f"/{name}." in os.readlink(f"/proc/{child}/cwd"):
                return child
        except OSError:
            continue
    return None


def folders(root):
    """Folders below a folder, except those at its top, which come and go with the emulator."""
    return sorted(str(path.relative_to(root)) for path in pathlib.Path(root).rglob("*") if path.is_dir())
