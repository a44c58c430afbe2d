//! The `sluicegate` program; everything it does is in the library of the same name.

/// The emulator keeps millions of small records, and glibc's allocator slows down as their number grows: see PERFORMANCE.md,
/// how cost grows.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    sluicegate::main()
}
