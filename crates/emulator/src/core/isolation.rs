//! Hides the emulator from functions as far as the system offers it cheaply. Functions run as the same user, so this
//! does not stop malicious code.

/// Keeps the user's other processes from reading this one's memory, environment and open files, and from tracing it.
/// Processes that it starts are not protected. The price: no core dumps, and no debugger that attaches later; a
/// debugger that starts the emulator works.
pub fn hide() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
    {
        tracing::warn!(%error, "failed to protect this process's memory: functions may read it");
    }
}
