//! `$context`: templates look up values by path, so that the context is never copied as a whole.

use std::borrow::Cow;

/// A value below `$context`.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<'a> {
    /// A string.
    Text(Cow<'a, str>),
    /// A number, such as `requestTimeEpoch` in milliseconds.
    Number(i64),
    /// A boolean.
    Bool(bool),
    /// An object with its members in order.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// A borrowed string.
    #[must_use]
    pub fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

/// The properties of a request that templates read as `$context`.
///
/// ```
/// use mapping_template::{Context, Node, Scope, Template};
///
/// struct Frame { connection_id: String }
///
/// impl Context for Frame {
///     fn get(&self, path: &[&str]) -> Option<Node<'_>> {
///         match path {
///             [] => Some(Node::Object(vec![("connectionId".into(), Node::text(&self.connection_id))])),
///             ["connectionId"] => Some(Node::text(&self.connection_id)),
///             _ => None,
///         }
///     }
/// }
///
/// let frame = Frame { connection_id: "abc=".to_owned() };
/// let template = Template::parse("$context.connectionId $context").unwrap();
/// let rendered = template.render(&Scope::new("", &frame)).unwrap();
/// assert_eq!(rendered.text, "abc= {connectionId=abc=}");
/// ```
pub trait Context {
    /// The value at a path of names. The empty path is the whole context, as an object.
    ///
    /// `None` means undefined, which renders empty.
    fn get(&self, path: &[&str]) -> Option<Node<'_>>;
}

/// No context: every `$context` reference is undefined.
impl Context for () {
    fn get(&self, _path: &[&str]) -> Option<Node<'_>> {
        None
    }
}

/// A context as a tree, for tests, tools and recorded requests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContextTree(Vec<(Cow<'static, str>, Node<'static>)>);

impl ContextTree {
    /// An empty context.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value at a dotted path such as `authorizer.principalId`. A value at the path, or one on the way to it
    /// that is not an object, is replaced.
    #[must_use]
    pub fn with(mut self, path: &str, value: Node<'static>) -> Self {
        insert(&mut self.0, path, value);
        self
    }
}

fn insert(members: &mut Vec<(Cow<'static, str>, Node<'static>)>, path: &str, value: Node<'static>) {
    let (name, below) = path.split_once('.').map_or((path, None), |(name, below)| (name, Some(below)));
    let index = members.iter().position(|(found, _)| found == name).unwrap_or_else(|| {
        members.push((name.to_owned().into(), Node::Object(Vec::new())));
        members.len() - 1
    });
    let slot = &mut members[index].1;
    match (below, &mut *slot) {
        (None, _) => *slot = value,
        (Some(below), Node::Object(inner)) => insert(inner, below, value),
        (Some(below), _) => {
            let mut inner = Vec::new();
            insert(&mut inner, below, value);
            *slot = Node::Object(inner);
        }
    }
}

impl Context for ContextTree {
    fn get(&self, path: &[&str]) -> Option<Node<'_>> {
        let Some((last, above)) = path.split_last() else { return Some(Node::Object(self.0.clone())) };
        let mut members = &self.0;
        for name in above {
            match &members.iter().find(|(found, _)| found == name)?.1 {
                Node::Object(inner) => members = inner,
                _ => return None,
            }
        }
        Some(members.iter().find(|(found, _)| found == last)?.1.clone())
    }
}
