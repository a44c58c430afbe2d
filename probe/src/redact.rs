//! Removes from an answer what identifies an account, an API or a client, and what differs in every run.

use regex_lite::Regex;

/// What to look for, and the replacement.
#[derive(Debug)]
pub struct Redactor {
    literals: Vec<(String, &'static str)>,
    patterns: Vec<(Regex, &'static str)>,
}

/// Ids and numbers by their form. The first group is kept.
const PATTERNS: [(&str, &str); 7] = [
    (r"()[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "${1}{uuid}"),
    (r"(^|[^A-Za-z0-9_-])[A-Za-z0-9_-]{14,15}=", "${1}{id}"),
    (r"(^|[^0-9])[0-9]{40,}", "${1}{sequence number}"),
    (r"()\b1[0-9]{12}\b", "${1}{milliseconds}"),
    (r"(consumer/[A-Za-z0-9_.-]+:)[0-9]{10}", "${1}{seconds}"),
    (r"(arn:[a-z-]+:[a-z0-9-]*:[a-z0-9{}-]*:)[0-9]{12}", "${1}{account}"),
    (r"()\b(AKIA|ASIA)[A-Z0-9]{16}\b", "${1}{key}"),
];

impl Redactor {
    /// A redactor that also knows these names; longer ones come first in case one contains another.
    pub fn new(literals: Vec<(String, &'static str)>) -> Self {
        let patterns = PATTERNS.map(|(pattern, stands_for)| {
            (Regex::new(pattern).expect("the patterns are regular expressions"), stands_for)
        });
        Self { literals, patterns: patterns.into() }
    }

    /// The text without them.
    pub fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (literal, stands_for) in self.literals.iter().filter(|(literal, _)| !literal.is_empty()) {
            text = text.replace(literal, stands_for);
        }
        for (pattern, stands_for) in &self.patterns {
            text = pattern.replace_all(&text, *stands_for).into_owned();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_names_an_account_or_a_client_is_left() {
        let redactor = Redactor::new(vec![("y636io27lm".into(), "{api}")]);
        let clean = |text: &str| redactor.clean(text);
        assert_eq!(
            clean(
                r#"{"message": "Forbidden", "connectionId":"XDmENcnwIE0CFEQ=", "requestId":"XDmGEE2RoE0FRdQ="}"#
            ),
            r#"{"message": "Forbidden", "connectionId":"{id}", "requestId":"{id}"}"#
        );
        assert_eq!(
            clean("arn:aws:kinesis:us-east-1:123456789012:stream/s/consumer/c:1708326702"),
            "arn:aws:kinesis:us-east-1:{account}:stream/s/consumer/c:{seconds}"
        );
        assert_eq!(clean("wss://y636io27lm.execute-api"), "wss://{api}.execute-api");
        assert_eq!(
            clean(r#""SequenceNumber":"49590338271490256608559692538361571095921575989136588898""#),
            r#""SequenceNumber":"{sequence number}""#
        );
        assert_eq!(
            clean("connectedAt=1708326702789, AKIAIOSFODNN7EXAMPLE"),
            "connectedAt={milliseconds}, {key}"
        );
        let plain =
            r#"{"b":1.0,"big":12345678901234567890,"long":0.1234567890123456789,"s":"shardId-000000000000"}"#;
        assert_eq!(clean(plain), plain);
    }
}
