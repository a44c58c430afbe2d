//! FilterLogEvents' patterns: only terms. Patterns for fields and regular expressions are refused.

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct FilterPattern {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl FilterPattern {
    /// Parses `error -debug "two words" ?this ?that`; `None` for other kinds of patterns.
    pub fn parse(text: &str) -> Option<Self> {
        let mut pattern = Self::default();
        let mut rest = text.trim();
        if rest.starts_with(['{', '[', '%']) {
            return None;
        }
        while !rest.is_empty() {
            let (list, term) = match rest.split_at(1) {
                ("?", term) => (&mut pattern.any, term),
                ("-", term) => (&mut pattern.none, term),
                _ => (&mut pattern.all, rest),
            };
            let (term, after) = match term.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => term.split_once(char::is_whitespace).unwrap_or((term, "")),
            };
            list.push(term.to_owned());
            rest = after.trim_start();
        }
        Some(pattern)
    }

    /// Whether a message matches; an empty pattern matches all.
    pub fn matches(&self, message: &str) -> bool {
        let has = |term: &String| message.contains(term.as_str());
        self.all.iter().all(has)
            && !self.none.iter().any(has)
            && (self.any.is_empty() || self.any.iter().any(has))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_must_all_be_there_unless_marked() {
        let matches = |pattern: &str, message: &str| FilterPattern::parse(pattern).unwrap().matches(message);
        assert!(matches("", "anything"));
        assert!(matches("ERROR timeout", "ERROR: a timeout") && !matches("ERROR timeout", "ERROR"));
        assert!(matches("?a ?b", "b") && !matches("?a ?b", "c"));
        assert!(!matches("ERROR -retry", "ERROR retry"));
        assert!(matches("\"two words\"", "has two words") && !matches("\"two words\"", "words two"));
        assert_eq!(FilterPattern::parse("{ $.level = \"ERROR\" }"), None);
        assert_eq!(FilterPattern::parse("\"open"), None);
    }
}
