//! Which keys an expression can come to, so that a template that nothing selects is seen when it is created.

use super::{Part, SelectionExpression};

impl SelectionExpression {
    /// Whether some message makes the expression's value this key. What a client or an authorizer decides may be anything.
    pub fn can_yield(&self, key: &str) -> bool {
        // The ends of `key` that the parts so far can leave; one part after another moves them on.
        let mut ends = vec![0];
        for part in &self.parts {
            let mut next: Vec<usize> = ends.iter().flat_map(|end| part.ends(key, *end)).collect();
            next.sort_unstable();
            next.dedup();
            ends = next;
        }
        ends.contains(&key.len())
    }
}

impl Part {
    /// Where in `key` this part can end that begins at `start`.
    fn ends(&self, key: &str, start: usize) -> Vec<usize> {
        let rest = &key[start..];
        let after = |length: usize| start + length;
        match self {
            Self::Literal(text) => {
                rest.starts_with(text.as_str()).then(|| after(text.len())).into_iter().collect()
            }
            Self::Body(_) | Self::Context(_) => {
                rest.char_indices().map(|(at, _)| after(at)).chain([key.len()]).collect()
            }
            Self::Status => {
                let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
                (1..=digits).map(after).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/aws-behaviour.md#apigateway-request-template-selection
    #[test]
    fn a_key_is_within_reach_of_an_expression_or_not() {
        for (expression, reached, missed) in [
            ("\\$default", &["$default"][..], &["\\$default", "default", ""][..]),
            ("default", &["default"], &["$default", "Default", "default "]),
            ("application/json", &["application/json"], &["application", "json"]),
            ("$request.body.kind", &["A", "", "\\$default", "é/x"], &[]),
            ("${request.body.a}/${request.body.b}", &["chat/join", "/", "a/b/c", "/join"], &["chat", ""]),
            ("v${request.body.n}-beta", &["v1-beta", "v-beta"], &["v1", "1-beta", "v1-beta2"]),
            ("$integration.response.statuscode", &["200", "404"], &["default", "20x", "", "$default"]),
            ("${integration.response.statuscode}-x", &["200-x"], &["200", "-x"]),
            ("$context.authorizer.tier", &["gold"], &[]),
            ("", &[""], &["x"]),
        ] {
            let parsed = SelectionExpression::parse(expression).unwrap();
            for key in reached {
                assert!(parsed.can_yield(key), "{expression:?} does not come to {key:?}");
            }
            for key in missed {
                assert!(!parsed.can_yield(key), "{expression:?} comes to {key:?}");
            }
        }
    }
}
