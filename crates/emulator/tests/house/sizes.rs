//! How large files and functions may become: what one can read at once.

use super::repository::text_files;

/// Lines of a file, at most.
const FILE_LINES_MAX: usize = 350;
/// Lines of a function, from `fn` to its last brace, at most, unless a comment above it says why it is longer.
const FUNCTION_LINES_MAX: usize = 60;
/// Begins the comment that says so.
const REASON: &str = "// long: ";

struct Function<'a> {
    line: usize,
    head: &'a str,
    lines: usize,
    has_reason: bool,
}

/// What stands before `fn`.
fn is_head(line: &str) -> bool {
    let Some((before, after)) = line.split_once("fn ") else { return false };
    let words = before.replace("(in ", "(").replace("extern \"C\"", "extern");
    let mut words = words.split_whitespace();
    let qualifies = |word: &str| {
        matches!(word, "pub" | "async" | "const" | "unsafe" | "extern" | "default")
            || word.starts_with("pub(")
    };
    words.all(qualifies) && after.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The functions of a source as rustfmt lays it out: a body ends with the first brace that stands where its head does.
fn functions(text: &str) -> Vec<Function<'_>> {
    let lines: Vec<_> = text.lines().collect();
    let heads = lines.iter().enumerate().filter(|(_, line)| is_head(line));
    let measured = heads.map(|(at, head)| {
        let indent = &head[..head.len() - head.trim_start().len()];
        let ends = |line: &str| {
            let own = line.strip_prefix(indent).filter(|own| !own.starts_with(' '));
            own.is_some_and(|own| own.starts_with('}') || own.ends_with([';', '}']))
        };
        let length = lines[at..].iter().position(|line| ends(line)).map_or(lines.len() - at, |end| end + 1);
        let above = lines[..at].iter().rev().map(|line| line.trim_start());
        let mut above = above.take_while(|line| line.starts_with("//") || line.starts_with("#["));
        let has_reason =
            above.any(|line| line.strip_prefix(REASON).is_some_and(|why| !why.trim().is_empty()));
        Function { line: at + 1, head: head.trim(), lines: length, has_reason }
    });
    measured.collect()
}

#[test]
fn no_file_is_too_long_to_read() {
    let files = text_files().into_iter().filter(super::repository::TextFile::is_rust);
    let long =
        files.map(|file| (file.text.lines().count(), file.path)).filter(|(lines, _)| *lines > FILE_LINES_MAX);
    let long: Vec<_> = long.map(|(lines, path)| format!("{path}: {lines} lines")).collect();
    assert!(long.is_empty(), "files have {FILE_LINES_MAX} lines at most:\n{}", long.join("\n"));
}

#[test]
fn long_functions_give_their_reason() {
    let mut wrong = Vec::new();
    for file in text_files().iter().filter(|file| file.is_rust()) {
        for function in functions(&file.text) {
            if function.lines > FUNCTION_LINES_MAX && !function.has_reason {
                wrong.push(format!(
                    "{}:{}: {} lines: {}",
                    file.path, function.line, function.lines, function.head
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "functions have {FUNCTION_LINES_MAX} lines at most, or a comment `{REASON}why` above:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn functions_are_measured() {
    let text = "\
trait T {
    fn declared(&self);
}
impl T for U {
    // long: a table
    #[inline]
    pub(crate) async fn first<F>(
        a: A,
    ) -> R
    where
        F: Fn(),
    {
        let fn_like = || {
            b();
        };
    }
    fn empty() {}
}
fn last() {
    match x {}
}
";
    let found: Vec<_> =
        functions(text).iter().map(|found| (found.line, found.lines, found.has_reason)).collect();
    assert_eq!(found, [(2, 1, false), (7, 10, true), (17, 1, false), (19, 3, false)]);
}
