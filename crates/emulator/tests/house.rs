//! The house's own rules, held over the `use` lines: nothing imports upwards, and no two files import each other in a
//! circle. ARCHITECTURE.md has the floors.

#[path = "house/paths.rs"]
mod paths;
#[path = "house/recipes.rs"]
mod recipes;
#[path = "house/repository.rs"]
mod repository;
#[path = "house/sizes.rs"]
mod sizes;
#[path = "house/words.rs"]
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms by floor, the top one first: those of DESIGN.md and of ARCHITECTURE.md, in more steps. `dispatch` gives each AWS
/// API call to its service; `package` reads bundles. A file imports from its own room and from floors below its own.
const FLOORS: [&[&str]; 11] = [
    &["lib"],
    &["provision"],
    &["emulator"],
    &["server"],
    &["dispatch"],
    &["services::apigateway"],
    &["services::lambda"],
    &["services::kinesis", "services::sqs", "services::dynamodb", "services::logs", "services::cloudwatch"],
    &["services::sts"],
    &["services::iam"],
    &["protocol", "storage", "fault_injection", "package"],
];
/// Below all floors: what every room may use.
const GROUND: &str = "core";

/// A source file: its module, and what it names outside of its tests.
struct File {
    module: String,
    path: PathBuf,
    /// Modules whose names it uses.
    uses: BTreeSet<String>,
    /// Names of the crate's root, whose modules are not known here.
    root_names: BTreeSet<String>,
}

fn floor(module: &str) -> usize {
    let is_in = |room: &str| module == room || module.starts_with(&format!("{room}::"));
    if is_in(GROUND) {
        return FLOORS.len();
    }
    let found = FLOORS.iter().position(|rooms| rooms.iter().any(|room| is_in(room)));
    found.unwrap_or_else(|| panic!("{module} is in no room: add it to FLOORS and to ARCHITECTURE.md"))
}

fn room(module: &str) -> &str {
    let rooms = FLOORS.iter().flat_map(|rooms| rooms.iter().copied()).chain([GROUND]);
    let mut rooms = rooms.filter(|room| module == *room || module.starts_with(&format!("{room}::")));
    rooms.next().unwrap_or(module)
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn module_of(path: &Path, root: &Path) -> String {
    let relative = path.strip_prefix(root).expect("below the root").with_extension("");
    let mut parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts.join("::")
}

/// Whether a module exists for tests alone.
fn is_test(module: &str) -> bool {
    module.split("::").any(|part| part == "tests" || part.ends_with("_tests") || part == "simulation")
}

/// The text of a file without comments and without its `mod tests`.
fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Every path that begins with `crate` or `super`, the trees of `use` flattened, as absolute segments.
fn paths(code: &str, module: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let is_word = code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':'));
            if !is_word {
                expand(&code[at..], &mut Vec::new(), &mut found);
            }
        }
    }
    found.into_iter().map(|path| absolute(&path, module)).collect()
}

/// Reads one tree such as `a::{b, c::d}`; answers how many bytes it took.
fn expand(text: &str, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    let depth = prefix.len();
    let mut at = 0;
    loop {
        let word = text[at..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len() - at);
        if word > 0 {
            prefix.push(text[at..at + word].to_owned());
            at += word;
        }
        if text[at..].starts_with("::{") {
            at += 3;
            while !text[at..].starts_with('}') && at < text.len() {
                let rest = text[at..].trim_start_matches([' ', '\n', ',']);
                at = text.len() - rest.len();
                if !rest.starts_with('}') {
                    at += expand(rest, prefix, found).max(1);
                }
            }
            at += 1;
            break;
        }
        if !text[at..].starts_with("::") {
            found.push(prefix.clone());
            break;
        }
        at += 2;
        if text[at..].starts_with(['<', '*']) {
            found.push(prefix.clone());
            at += 1;
            break;
        }
    }
    prefix.truncate(depth);
    at
}

fn absolute(path: &[String], module: &str) -> Vec<String> {
    if path[0] == "crate" {
        return path[1..].to_vec();
    }
    let ups = path.iter().take_while(|part| *part == "super").count();
    let mut parts: Vec<_> = module.split("::").map(str::to_owned).collect();
    parts.truncate(parts.len().saturating_sub(ups));
    parts.extend(path[ups..].iter().filter(|part| *part != "self").cloned());
    parts
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found);
    let modules: BTreeSet<_> = found.iter().map(|path| module_of(path, &root)).collect();
    let read = found.iter().map(|path| {
        let module = module_of(path, &root);
        let text = code(&fs::read_to_string(path).expect("a source"));
        let (mut uses, mut root_names) = (BTreeSet::new(), BTreeSet::new());
        for path in paths(&text, &module) {
            let mut prefixes = (1..=path.len()).rev().map(|length| path[..length].join("::"));
            match prefixes.find(|prefix| modules.contains(prefix)) {
                Some(used) if used == module || is_test(&used) => false,
                Some(used) => uses.insert(used),
                None => root_names.insert(path.join("::")),
            };
        }
        File { module, path: path.clone(), uses, root_names }
    });
    read.filter(|file| !is_test(&file.module)).collect()
}

#[test]
fn nothing_imports_upwards() {
    let mut wrong = Vec::new();
    for file in files() {
        for used in &file.uses {
            let is_own = room(used) == room(&file.module);
            if !is_own && floor(used) <= floor(&file.module) {
                wrong.push(format!("{} imports {used}", file.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "what is imported must lie below:\n{}", wrong.join("\n"));
}

/// A name that the crate's root exports again would hide the room that it comes from.
#[test]
fn names_are_imported_from_their_rooms() {
    let wrong = files().into_iter().filter(|file| file.module != "lib" && !file.root_names.is_empty());
    let wrong: Vec<_> = wrong.map(|file| format!("{}: {:?}", file.path.display(), file.root_names)).collect();
    assert!(
        wrong.is_empty(),
        "import these from their own modules, not from the root:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let files = files();
    let uses: BTreeMap<_, _> = files.iter().map(|file| (file.module.as_str(), &file.uses)).collect();
    let leads_back = |from: &str, to: &str| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(module) = open.pop() {
            if module == to {
                return true;
            }
            if seen.insert(module) {
                open.extend(uses.get(module).into_iter().flat_map(|used| used.iter().map(String::as_str)));
            }
        }
        false
    };
    let arrows = uses.iter().flat_map(|(module, used)| used.iter().map(move |used| (*module, used.as_str())));
    let circles: Vec<_> = arrows.filter(|(module, used)| leads_back(used, module)).collect();
    let circles: Vec<_> = circles.iter().map(|(module, used)| format!("{module} -> {used}")).collect();
    assert!(circles.is_empty(), "these import each other in a circle:\n{}", circles.join("\n"));
}

/// The library's locks and its poll are the business of the one folder that wraps it.
#[test]
fn one_folder_names_the_library_behind_kinesis() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the folder of crates");
    let mut found = Vec::new();
    sources(crates, &mut found);
    let name = ["ferro", "kinesis"].concat();
    found.retain(|path| fs::read_to_string(path).expect("a source").contains(&name));
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/services/kinesis/store");
    assert!(!found.is_empty(), "nobody names it: does this test look in the right place?");
    found.retain(|path| !path.starts_with(&store));
    assert!(found.is_empty(), "only services/kinesis/store may name it: {found:#?}");
}

#[test]
fn trees_of_paths_are_flattened() {
    let code = "use crate::a::{b, c::{self, D}, e::*};\nuse super::{x, y::Z};";
    let flat: BTreeSet<_> = paths(code, "p::q").iter().map(|path| path.join("::")).collect();
    assert_eq!(
        flat.into_iter().collect::<Vec<_>>(),
        ["a::b", "a::c::D", "a::c::self", "a::e", "p::x", "p::y::Z"]
    );
}
