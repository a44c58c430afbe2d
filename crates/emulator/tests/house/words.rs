//! One word for each thing: those of the first edition do not come back.

use super::repository::text_files;
use regex_lite::Regex;

/// Where the old words are history or another's.
const EXEMPT: [&str; 4] =
    ["CHANGELOG.md", "docs/verification.md", "docs/aws-behaviour.md", "crates/emulator/tests/house/words.rs"];

/// Words that stand nowhere, and what to say instead.
const WORDS: [(&str, &str); 6] = [
    (r"(?i)\bfault[ _-]queues?\b", "dead-letter queue"),
    (r"(?i)\bfaults (list|replay)\b", "dlq list, dlq redrive"),
    (r"(?i)\bpoisoned (connection|client|record|key)s?\b", "quarantined"),
    (r"\bcalm_down\b", "reset_backoff"),
    (r"(?i)\bbad[ _-]company\b", "hostile clients"),
    (r"(?i)\blanes?\b", "partition queue"),
];

/// What no file of Rust declares: types, modules, functions, variables, fields.
const NAMES: [(&str, &str); 9] = [
    ("Surroundings|Placing", "Deps or Context, PendingRecord"),
    ("Told|Asked|Ended|Verdict", "what it is: ProcessEnv, RecordRequest, InvocationResult, BatchOutcome"),
    ("PutError", "KinesisError"),
    ("Patience", "RetryPolicy or Timeouts"),
    ("Lane|lane|lanes|poisoned", "partition queue, quarantined"),
    ("strike|strikes|struck", "trigger"),
    ("whom", "target"),
    ("told|tells", "reported, logged"),
    ("door|Door|behind|Behind", "client side, backend"),
];

/// What a line has one of, without regard to case, before any pattern is tried on it: patterns are slow.
const STEMS: [&str; 16] = [
    "fault", "poisoned", "calm", "company", "lane", "surround", "placing", "told", "tells", "asked", "ended",
    "verdict", "puterror", "patience", "struck", "strike",
];
const NAME_STEMS: [&str; 3] = ["whom", "door", "behind"];

/// A name where it is declared.
fn declaration(names: &str) -> Regex {
    let keyword = r"\b(?:struct|enum|trait|type|mod|fn|const|static|let)\s+(?:mut\s+)?";
    let field = r"^\s*(?:pub(?:\([a-z: ]*\))?\s+)?";
    Regex::new(&format!(r"(?m){keyword}(?:{names})\b|{field}(?:{names}): ")).expect("a pattern")
}

/// Whether "plane" stands for the emulator: AWS's own control plane and data plane keep the word.
fn plane(line: &str) -> bool {
    let line = line.to_lowercase();
    if !line.contains("plane") {
        return false;
    }
    let kept = Regex::new(r"\b(control|data)([ _-]?|( plane)?s? and (the )?(control|data)[ _-])planes?\b");
    let rest = kept.expect("a pattern").replace_all(&line, "");
    Regex::new(r"\b(local[ _]?)?planes?\b").expect("a pattern").is_match(&rest)
}

#[test]
fn old_words_stay_away() {
    let words: Vec<_> =
        WORDS.iter().map(|(word, new)| (Regex::new(word).expect("a pattern"), *new)).collect();
    let names: Vec<_> = NAMES.iter().map(|(names, new)| (declaration(names), *new)).collect();
    let mut found = Vec::new();
    for file in text_files().iter().filter(|file| !EXEMPT.contains(&file.path.as_str())) {
        for (number, line) in (1..).zip(file.text.lines()) {
            let lower = line.to_lowercase();
            if !STEMS.iter().chain(&NAME_STEMS).any(|stem| lower.contains(stem)) {
                continue;
            }
            let said = words.iter().chain(names.iter().filter(|_| file.is_rust()));
            let said = said.filter(|(pattern, _)| pattern.is_match(line)).map(|(_, new)| *new);
            let said = said.chain(plane(line).then_some("emulator; or say which plane, control or data"));
            found.extend(said.map(|new| format!("{}:{number}: {} (now: {new})", file.path, line.trim())));
        }
    }
    assert!(found.is_empty(), "words of the first edition:\n{}", found.join("\n"));
}

#[test]
fn the_planes_that_aws_has_keep_their_name() {
    for kept in
        ["the control plane", "a data-plane call", "ControlPlane", "control_plane", "control and data planes"]
    {
        assert!(!plane(kept), "{kept}");
    }
    for old in ["the plane", "local plane", "three planes", "Plane"] {
        assert!(plane(old), "{old}");
    }
}
