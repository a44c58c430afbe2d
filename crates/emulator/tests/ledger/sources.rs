//! Each entry's source resolves: to an anchor of docs/aws-behaviour.md that is at least as certain, or to a link.

use super::{Mark, entries, project};
use std::collections::{BTreeMap, BTreeSet};

pub const DOCUMENT: &str = "docs/aws-behaviour.md";
const HOW_TO_ADD: &str = "to add a behaviour, write a line in a section of docs/aws-behaviour.md, such as\n  \
    - <a id=\"kinesis-put-limits\"></a>What AWS does. — *documented*: [page][key].\n\
    and name it in the ledger: source = \"docs/aws-behaviour.md#kinesis-put-limits\". The certainty is one of *documented*, \
    *observed*, *single source*, *unsure* and *tried here*. A source may also be an https:// link.";

/// What the document's lines say of each anchor; `None` where it is a heading or a note.
pub struct Document {
    text: String,
    pub anchors: BTreeMap<String, Option<Mark>>,
    wrong: Vec<String>,
}

pub fn document() -> Document {
    let text = std::fs::read_to_string(project().join(DOCUMENT)).expect("the document can be read");
    let mut anchors = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in text.lines() {
        for anchor in between(line, "<a id=\"", "\"></a>") {
            let is_behaviour = line.starts_with("- <a id=") && !anchor.starts_with("evidence-");
            let certainty = is_behaviour.then(|| certainty(line)).flatten();
            if is_behaviour && certainty.is_none() {
                wrong.push(format!("{DOCUMENT}#{anchor} does not end with its certainty"));
            }
            if certainty == Some(Mark::Documented) && !line.contains("][") {
                wrong.push(format!("{DOCUMENT}#{anchor} is documented and links to no page"));
            }
            if anchors.insert(anchor.to_owned(), certainty).is_some() {
                wrong.push(format!("{DOCUMENT}#{anchor} stands twice"));
            }
        }
    }
    Document { text, anchors, wrong }
}

fn certainty(line: &str) -> Option<Mark> {
    let (_, end) = line.rsplit_once(" — *")?;
    match end.split_once('*')?.0 {
        "documented" => Some(Mark::Documented),
        "observed" | "tried here" => Some(Mark::Observed),
        "single source" => Some(Mark::Single),
        "unsure" => Some(Mark::Unsure),
        _ => None,
    }
}

/// All texts that stand between two marks, from left to right.
fn between<'a>(text: &'a str, begin: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(begin).skip(1).filter_map(move |rest| rest.split_once(end).map(|(inner, _)| inner))
}

fn is_link(text: &str) -> bool {
    let uri = text.split('#').next().unwrap_or_default().parse::<http::Uri>();
    let is_web = |uri: &http::Uri| {
        uri.scheme_str() == Some("https") && uri.host().is_some_and(|host| host.contains('.'))
    };
    uri.is_ok_and(|uri| is_web(&uri))
}

/// Why a source does not hold an entry of this mark.
fn unresolved(source: &str, mark: &Mark, document: &Document) -> Option<String> {
    if source.starts_with("https://") {
        return (!is_link(source)).then(|| format!("\"{source}\" is not a well-formed link"));
    }
    let Some(anchor) = source.strip_prefix(DOCUMENT).and_then(|rest| rest.strip_prefix('#')) else {
        return Some(format!("\"{source}\" is neither an anchor of {DOCUMENT} nor a link"));
    };
    match document.anchors.get(anchor) {
        None => Some(format!("{DOCUMENT} has no anchor {anchor}")),
        Some(None) => Some(format!("{source} is a heading: name one behaviour")),
        Some(Some(certainty)) if mark < certainty => {
            Some(format!("its mark is more certain ({mark:?}) than {source} ({certainty:?})"))
        }
        Some(Some(_)) => None,
    }
}

#[test]
fn every_source_resolves() {
    let document = document();
    let mut wrong = Vec::new();
    for (file, entry) in entries() {
        if let Some(what) = unresolved(&entry.source, &entry.mark, &document) {
            wrong.push(format!("{file} {}: {what}", entry.id));
        }
    }
    assert!(wrong.is_empty(), "{}\n{HOW_TO_ADD}", wrong.join("\n"));
}

#[test]
fn the_document_is_whole() {
    let Document { text, anchors, mut wrong } = document();
    let definitions: Vec<_> =
        text.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: ")).collect();
    wrong.extend(
        definitions
            .iter()
            .filter(|(_, link)| !is_link(link))
            .map(|(key, link)| format!("[{key}] is not a well-formed link: {link}")),
    );
    let defined: BTreeSet<_> = definitions.iter().map(|(key, _)| *key).collect();
    let used: BTreeSet<_> = between(&text, "][", "]").collect();
    wrong.extend(used.difference(&defined).map(|key| format!("[{key}] is used and not defined")));
    wrong.extend(defined.difference(&used).map(|key| format!("[{key}] is defined and not used")));
    let headings: BTreeSet<_> =
        text.lines().filter_map(|line| Some(slug(line.strip_prefix("## ")?))).collect();
    wrong.extend(
        between(&text, "](#", ")")
            .filter(|anchor| !anchors.contains_key(*anchor) && !headings.contains(*anchor))
            .map(|anchor| format!("#{anchor} is linked to and does not exist")),
    );
    assert!(wrong.is_empty(), "{}\n{HOW_TO_ADD}", wrong.join("\n"));
}

/// The anchor that a heading gets by itself.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

#[test]
fn wrong_sources_are_found() {
    let document = Document {
        text: String::new(),
        anchors: BTreeMap::from([("heading".into(), None), ("rumour".into(), Some(Mark::Single))]),
        wrong: Vec::new(),
    };
    let is_wrong = |source: &str, mark: Mark| unresolved(source, &mark, &document).is_some();
    for source in
        ["A10", "", "docs/aws-behaviour.md", "docs/aws-behaviour.md#nothing", "docs/aws-behaviour.md#heading"]
    {
        assert!(is_wrong(source, Mark::Unsure), "{source}");
    }
    for link in ["https://", "https://localhost/x", "https://example.com/a b"] {
        assert!(is_wrong(link, Mark::Unsure), "{link}");
    }
    assert!(is_wrong("docs/aws-behaviour.md#rumour", Mark::Documented));
    assert!(!is_wrong("docs/aws-behaviour.md#rumour", Mark::Single));
    assert!(!is_wrong("docs/aws-behaviour.md#rumour", Mark::Unsure));
    assert!(!is_wrong("https://example.com/page#part", Mark::Documented));
}
