//! What keeps functions from the emulator, where the system offers it cheaply. They run as the same user: against code
//! that is malicious this is no wall.

/// Lets no other process of the user read this one's memory, environment and open files, or trace it. Processes that it
/// starts are as visible as ever. The price: no core dumps, and no debugger that attaches later; one that starts the
/// emulator works.
pub fn hide() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
    {
        tracing::warn!(%error, "functions may read this process's memory: it cannot be hidden");
    }
}
