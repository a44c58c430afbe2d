//! The status that a MOCK's request template renders, read as leniently as AWS reads it
//! (docs/aws-behaviour.md#apigateway-mock-lenient). Pure.

use json_text::{Json, Kind};

const STATUS: &str = "statusCode";

/// `statusCode` of an object, where it is a number.
///
/// Beside JSON, names may lack quotes, texts may have single quotes, and a comma may follow the last member. No recursion:
/// the template may have taken anything of a client's message into the request.
pub fn status(request: &str) -> Option<u16> {
    if let Ok(json) = Json::read(request) {
        return match json.member(STATUS)?.kind() {
            Kind::Number(digits) => digits.parse().ok(),
            _ => None,
        };
    }
    let mut reader = Reader { rest: request };
    let status = reader.object()?;
    reader.rest.trim().is_empty().then_some(status)?
}

/// What is still to be read.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// Reads an object to its end; the inner value is its status, if it has one that is a number.
    fn object(&mut self) -> Option<Option<u16>> {
        self.take('{')?;
        let mut status = None;
        loop {
            if self.take('}').is_some() {
                return Some(status);
            }
            let name = self.scalar()?;
            self.take(':')?;
            let value = self.value()?;
            if name.text == STATUS {
                status = value.filter(|value| !value.is_quoted).and_then(|value| value.text.parse().ok());
            }
            if self.take(',').is_none() {
                self.take('}')?;
                return Some(status);
            }
        }
    }

    /// Reads a value to its end; `None` inside for an array or an object, whose ends must match.
    fn value(&mut self) -> Option<Option<Scalar<'a>>> {
        let mut ends = Vec::new();
        loop {
            if self.take('{').is_some() {
                ends.push('}');
            } else if self.take('[').is_some() {
                ends.push(']');
            } else if ends.last().copied().is_some_and(|end| self.take(end).is_some()) {
                ends.pop();
                if ends.is_empty() {
                    return Some(None);
                }
            } else if ends.is_empty() {
                return self.scalar().map(Some);
            } else if self.take(',').is_none() && self.take(':').is_none() {
                self.scalar()?;
            }
        }
    }

    /// A quoted text, or a word up to what structures the object.
    fn scalar(&mut self) -> Option<Scalar<'a>> {
        self.rest = self.rest.trim_start();
        let quote = self.rest.chars().next().filter(|first| matches!(first, '"' | '\''));
        let Some(quote) = quote else {
            let end = self.rest.find([',', ':', '{', '}', '[', ']', '"', '\'']).unwrap_or(self.rest.len());
            let (word, rest) = self.rest.split_at(end);
            self.rest = rest;
            let text = word.trim_end();
            return (!text.is_empty()).then_some(Scalar { text, is_quoted: false });
        };
        let inside = &self.rest[1..];
        let mut is_escaped = false;
        let end = inside.find(|c| {
            let ends = c == quote && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            ends
        })?;
        self.rest = &inside[end + 1..];
        Some(Scalar { text: &inside[..end], is_quoted: true })
    }

    /// Takes a character, if it comes next.
    fn take(&mut self, expected: char) -> Option<()> {
        self.rest = self.rest.trim_start();
        self.rest = self.rest.strip_prefix(expected)?;
        Some(())
    }
}

#[derive(Debug, Clone, Copy)]
struct Scalar<'a> {
    text: &'a str,
    is_quoted: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_status_is_read_from_json_and_from_what_looks_like_it() {
        for request in [
            r#"{"statusCode":200}"#,
            "{statusCode: 200}",
            "{ statusCode : 200 }",
            "{'statusCode': 200}",
            r#"{"statusCode": 200,}"#,
            "{statusCode: 200,}",
            "{statusCode:200, other: 'it is'}",
            "{other: \"a, {b}: 'c'\", statusCode: 200}",
            r#"{'other': 'it\'s', 'statusCode': 200}"#,
            "{nested: {statusCode: 404, list: [1, [2,], {}]}, statusCode: 200}",
            "{list: [], object: {}, statusCode: 200}",
            "\n{\n  statusCode: 200\n}\n",
            "{statusCode: 404, statusCode: 200}",
            "{flag: true, nothing: null, statusCode: 200, minus: -1.5e3}",
        ] {
            assert_eq!(status(request), Some(200), "{request}");
        }
    }

    #[test]
    fn what_has_no_numeric_status_has_none() {
        for request in [
            "",
            "200",
            "statusCode: 200",
            "{",
            "{}",
            "{statusCode}",
            "{statusCode:}",
            "{statusCode: 200",
            "{statusCode: 200}}",
            "{statusCode: 200} more",
            "{statusCode: '200'}",
            r#"{"statusCode": "200"}"#,
            "{statusCode: 2e2}",
            "{statusCode: 200.0}",
            "{statusCode: -200}",
            "{statusCode: 99999}",
            "{statusCode: [200]}",
            "{statusCode: {a: 200}}",
            "{StatusCode: 200}",
            "{nested: {statusCode: 200}}",
            "{a: [}, statusCode: 200}",
            "{a: 'open, statusCode: 200}",
            "[{statusCode: 200}]",
            "{,statusCode: 200}",
            "{statusCode: 200,,}",
        ] {
            assert_eq!(status(request), None, "{request}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_an_end(text in r#"[{}\[\]:,'"\\a1 é]{0,64}"#) {
            let _ = status(&text);
        }

        #[test]
        fn what_is_json_is_read_as_json(number in any::<u16>(), other in any::<String>()) {
            let request = serde_json::json!({"other": other, "statusCode": number}).to_string();
            prop_assert_eq!(status(&request), Some(number));
        }
    }
}
