//! Markdown tables, and the benchmarks' sections of `PERFORMANCE.md`.
//!
//! A section is between `<!-- NAME -->` and `<!-- /NAME -->`. A benchmark replaces its content, and leaves the rest of
//! the file unchanged; a missing section is added at the end.

use anyhow::{Context as _, ensure};
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::Path;

/// The beginning of a new file.
const TITLE: &str = "# Performance\n";

#[derive(Debug, Clone)]
pub struct Table {
    columns: usize,
    text: String,
}

impl Table {
    /// A table with these columns; the first has words, the others figures.
    pub fn new(columns: &[&str]) -> Self {
        let mut table = Self { columns: columns.len(), text: String::new() };
        table.row(columns);
        let rules: Vec<_> =
            (0..columns.len()).map(|column| if column == 0 { "---" } else { "---:" }).collect();
        table.row(&rules);
        table
    }

    /// Adds a row; missing cells at its end stay empty.
    pub fn row<S: AsRef<str>>(&mut self, cells: &[S]) {
        let cells: Vec<_> = cells.iter().map(AsRef::as_ref).collect();
        let missing = self.columns.saturating_sub(cells.len());
        let _ = writeln!(self.text, "| {} |{}", cells.join(" | "), "  |".repeat(missing));
    }

    /// The table's Markdown.
    pub fn markdown(&self) -> &str {
        &self.text
    }
}

/// Replaces the section `name` of the file at `path`, or adds it.
pub fn rewrite_section(path: &Path, name: &str, body: &str) -> anyhow::Result<()> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => TITLE.to_owned(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let text =
        with_section(&text, name, body).with_context(|| format!("cannot change {}", path.display()))?;
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn with_section(text: &str, name: &str, body: &str) -> anyhow::Result<String> {
    let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let section = format!("{begin}\n{}\n{end}", body.trim());
    let Some(from) = text.find(&begin) else {
        return Ok(format!("{}\n\n{section}\n", text.trim_end()));
    };
    let length = text[from..].find(&end);
    ensure!(length.is_some(), "the section {begin} has no end: add {end}");
    let to = from + length.unwrap_or_default() + end.len();
    Ok(format!("{}{section}{}", &text[..from], &text[to..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_added_once_and_then_replaced() {
        let first = with_section("# Performance\n\nProse.\n", "a", "one\n").unwrap();
        assert_eq!(first, "# Performance\n\nProse.\n\n<!-- a -->\none\n<!-- /a -->\n");
        let both = with_section(&first, "b", "two").unwrap();
        let changed = with_section(&both, "a", "three").unwrap();
        assert_eq!(changed, both.replace("one", "three"));
        assert!(with_section("<!-- a -->", "a", "").unwrap_err().to_string().contains("<!-- /a -->"));
    }

    #[test]
    fn short_rows_keep_the_tables_shape() {
        let mut table = Table::new(&["what", "a", "b"]);
        table.row(&["x", "1"]);
        assert_eq!(table.markdown(), "| what | a | b |\n| --- | ---: | ---: |\n| x | 1 |  |\n");
    }
}
