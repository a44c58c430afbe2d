//! A benchmark's arguments: `cargo bench --bench NAME -- [--quick]`.

use crate::report::rewrite_section;
use crate::{project, roles};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything, often enough for `PERFORMANCE.md`.
    Full,
    /// Everything, once and briefly: to see that it works, and roughly the result.
    Quick,
}

/// A benchmark's `main`: plays the role that this process was started for, or measures.
pub fn bench<F: Future<Output = anyhow::Result<()>>>(
    command: &str,
    measure: impl FnOnce(Extent) -> F,
) -> anyhow::Result<()> {
    if roles::play()? {
        return Ok(());
    }
    let Some(extent) = Extent::asked() else {
        println!("nothing was measured: run `{command}`");
        return Ok(());
    };
    roles::threads()?.block_on(measure(extent))
}

impl Extent {
    /// The requested extent; `None` if `cargo test --all-targets` only checks that a benchmark starts.
    pub fn asked() -> Option<Self> {
        let has = |flag: &str| std::env::args().any(|argument| argument == flag);
        has("--bench").then(|| if has("--quick") { Self::Quick } else { Self::Full })
    }

    /// One of two values.
    pub fn pick<T>(self, full: T, quick: T) -> T {
        if self == Self::Full { full } else { quick }
    }

    /// Prints a section, and writes it into `PERFORMANCE.md` after a full measurement.
    pub fn publish(self, section: &str, body: &str) -> anyhow::Result<()> {
        println!("\n{body}");
        if self == Self::Full {
            let path = project().join("PERFORMANCE.md");
            rewrite_section(&path, section, body)?;
            println!("rewrote the section {section} of {}", path.display());
        } else {
            println!("PERFORMANCE.md is as it was: --quick measures too little for it");
        }
        Ok(())
    }

    /// Writes a chart below `docs/performance/` after a full measurement; returns the Markdown line that shows it.
    pub fn publish_chart(self, file: &str, what: &str, svg: &str) -> anyhow::Result<String> {
        if self == Self::Full {
            let folder = project().join("docs/performance");
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join(file), svg)?;
        }
        Ok(format!("![{what}](docs/performance/{file})"))
    }
}
