//! JSONPath as mapping templates use it: names, indexes, slices, unions, wildcards and `..`.
//!
//! Filters (`?(…)`) and functions fail; AWS's own examples use none.

use json_text::Json;

use crate::limits::VALUE_LEVELS_MAX;

/// A parsed path.
#[derive(Debug)]
pub(crate) struct Path(Vec<Selector>);

#[derive(Debug)]
enum Selector {
    Names(Vec<String>),
    Indexes(Vec<i64>),
    /// `[from:to]`; negative bounds count from the end.
    Slice(Option<i64>, Option<i64>),
    All,
    /// `..`: the rest of the path applies to the node and to everything below it.
    Descendants,
}

/// The result of a path.
#[derive(Debug)]
pub(crate) enum Selection<N> {
    Nothing,
    /// The node of a path that can select only one.
    One(N),
    /// The nodes of a path that can select several, in the order of the text.
    Many(Vec<N>),
}

/// A node that a path selects from: the JSON text of a message, or the values loaded from it.
pub(crate) trait Node: Clone {
    /// The cost of a pass over the node: its length in elements, or in units of 64 bytes of text.
    fn weight(&self) -> usize;
    /// The member of that name; `None` if the node is not an object or does not have it.
    fn member(&self, name: &str) -> Option<Self>;
    /// The elements of an array; empty for other nodes.
    fn elements(&self) -> Vec<Self>;
    /// The values of an object's members; empty for other nodes.
    fn members(&self) -> Vec<Self>;
}

impl Node for Json<'_> {
    fn weight(&self) -> usize {
        self.as_str().len() / 64
    }

    fn member(&self, name: &str) -> Option<Self> {
        (*self).member(name)
    }

    fn elements(&self) -> Vec<Self> {
        (*self).elements().collect()
    }

    fn members(&self) -> Vec<Self> {
        (*self).members().map(|(_, value)| value).collect()
    }
}

/// The selection took more steps than were left.
#[derive(Debug)]
pub(crate) struct OutOfSteps;

impl Path {
    /// Parses a path. As in Jayway's JSONPath, a path without `$` starts at the root.
    pub(crate) fn parse(path: &str) -> Result<Self, &'static str> {
        let path = path.trim();
        let mut rest = path.strip_prefix('$').unwrap_or(path);
        let mut selectors = Vec::new();
        let mut bare = !path.starts_with('$') && !path.starts_with('[');
        while bare || !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[').filter(|_| !bare) {
                let close = closing(inside).ok_or("a JSONPath whose brackets are closed")?;
                selectors.push(bracket(inside[..close].trim())?);
                rest = &inside[close + 1..];
                continue;
            }
            if let Some(below) = rest.strip_prefix("..").filter(|_| !bare) {
                selectors.push(Selector::Descendants);
                if below.starts_with('[') {
                    rest = below;
                    continue;
                }
                rest = below;
            } else if !bare {
                rest = rest.strip_prefix('.').ok_or("a JSONPath such as $.name[0]")?;
            }
            bare = false;
            let length = rest.find(['.', '[']).unwrap_or(rest.len());
            let name = &rest[..length];
            if name.is_empty() || name.ends_with(')') {
                return Err("a JSONPath of names and indexes, such as $.name[0]");
            }
            selectors.push(if name == "*" { Selector::All } else { Selector::Names(vec![name.to_owned()]) });
            rest = &rest[length..];
        }
        Ok(Self(selectors))
    }

    /// Whether the path is `$`: the whole text.
    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the path selects at most one node.
    fn is_definite(&self) -> bool {
        self.0.iter().all(|selector| match selector {
            Selector::Names(names) => names.len() == 1,
            Selector::Indexes(indexes) => indexes.len() == 1,
            Selector::Slice(..) | Selector::All | Selector::Descendants => false,
        })
    }

    /// Selects from a node. `steps` is the work left, in units of [`Node::weight`].
    pub(crate) fn select<N: Node>(&self, root: N, steps: &mut usize) -> Result<Selection<N>, OutOfSteps> {
        let mut nodes = vec![root];
        for selector in &self.0 {
            let mut selected = Vec::new();
            for node in &nodes {
                charge(node, steps)?;
                selector.apply(node, &mut selected, steps)?;
            }
            nodes = selected;
        }
        if !self.is_definite() {
            return Ok(Selection::Many(nodes));
        }
        Ok(nodes.pop().map_or(Selection::Nothing, Selection::One))
    }
}

impl Selector {
    fn apply<N: Node>(&self, node: &N, into: &mut Vec<N>, steps: &mut usize) -> Result<(), OutOfSteps> {
        match self {
            Self::Names(names) => {
                for name in names {
                    charge(node, steps)?;
                    into.extend(node.member(name));
                }
            }
            Self::Indexes(indexes) => {
                let elements = node.elements();
                let found = |index: &i64| elements.get(from_end(*index, elements.len())?).cloned();
                into.extend(indexes.iter().filter_map(found));
            }
            Self::Slice(from, to) => {
                let elements = node.elements();
                let bound = |bound: Option<i64>, default: usize| match bound {
                    Some(bound) if bound < 0 => from_end(bound, elements.len()).unwrap_or(0),
                    Some(bound) => usize::try_from(bound).unwrap_or(usize::MAX).min(elements.len()),
                    None => default,
                };
                let (from, to) = (bound(*from, 0), bound(*to, elements.len()));
                into.extend_from_slice(elements.get(from..to).unwrap_or_default());
            }
            Self::All => {
                into.extend(node.elements());
                into.extend(node.members());
            }
            Self::Descendants => descend(node, into, steps, 0)?,
        }
        Ok(())
    }
}

/// The node and everything below it, depth first.
fn descend<N: Node>(node: &N, into: &mut Vec<N>, steps: &mut usize, level: usize) -> Result<(), OutOfSteps> {
    charge(node, steps)?;
    if level >= VALUE_LEVELS_MAX {
        return Err(OutOfSteps);
    }
    into.push(node.clone());
    for below in node.elements().iter().chain(&node.members()) {
        descend(below, into, steps, level + 1)?;
    }
    Ok(())
}

fn charge<N: Node>(node: &N, steps: &mut usize) -> Result<(), OutOfSteps> {
    *steps = steps.checked_sub(1 + node.weight()).ok_or(OutOfSteps)?;
    Ok(())
}

/// An index into `length` elements, negative ones from the end.
fn from_end(index: i64, length: usize) -> Option<usize> {
    if index >= 0 {
        return usize::try_from(index).ok();
    }
    length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
}

/// The offset of the closing bracket for one that was opened before `inside`. Brackets in quotes do not count.
fn closing(inside: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, character) in inside.char_indices() {
        match (quote, character) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), found) if open == found => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, ']') => return Some(at),
            _ => {}
        }
    }
    None
}

/// The selector in brackets: `*`, quoted names, indexes or a slice.
fn bracket(inside: &str) -> Result<Selector, &'static str> {
    const EXPECTED: &str = "a JSONPath whose brackets hold a quoted name, an index, a slice or `*`";
    if inside == "*" {
        return Ok(Selector::All);
    }
    if inside.starts_with(['\'', '"']) {
        return names(inside).map(Selector::Names).ok_or(EXPECTED);
    }
    let number = |text: &str| text.trim().parse::<i64>().map_err(|_| EXPECTED);
    if let Some((from, to)) = inside.split_once(':') {
        let bound = |text: &str| if text.trim().is_empty() { Ok(None) } else { number(text).map(Some) };
        return Ok(Selector::Slice(bound(from)?, bound(to)?));
    }
    inside.split(',').map(number).collect::<Result<_, _>>().map(Selector::Indexes)
}

/// Quoted names, separated by commas; a backslash escapes the next character.
fn names(inside: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut characters = inside.chars();
    loop {
        let quote = characters.by_ref().find(|c| !c.is_whitespace()).filter(|c| matches!(c, '\'' | '"'))?;
        let mut name = String::new();
        loop {
            match characters.next()? {
                '\\' => name.push(characters.next()?),
                close if close == quote => break,
                other => name.push(other),
            }
        }
        names.push(name);
        match characters.by_ref().find(|c| !c.is_whitespace()) {
            None => return Some(names),
            Some(',') => {}
            Some(_) => return None,
        }
    }
}
