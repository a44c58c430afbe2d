//! Overrides: the assignments of a template below `$context.requestOverride` and `responseOverride`.

/// The assignments of a rendering, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides(Vec<Override>);

/// One assignment, such as `#set($context.requestOverride.header.X = 'v')`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The path below `$context`, such as `["requestOverride", "header", "X"]` or
    /// `["responseOverride", "status"]`.
    pub path: Vec<String>,
    /// The rendered text of the assigned value.
    pub value: String,
}

impl Overrides {
    /// All assignments.
    pub fn iter(&self) -> impl Iterator<Item = &Override> {
        self.0.iter()
    }

    /// Whether nothing was assigned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value assigned to a path.
    #[must_use]
    pub fn get(&self, path: &[&str]) -> Option<&str> {
        self.0.iter().find(|entry| entry.path.iter().eq(path)).map(|entry| entry.value.as_str())
    }

    pub(crate) fn push(&mut self, path: &[&str], value: String) {
        self.0.push(Override { path: path.iter().map(|name| (*name).to_owned()).collect(), value });
    }
}
