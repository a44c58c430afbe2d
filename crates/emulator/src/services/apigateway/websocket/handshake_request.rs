//! A client's opening handshake: headers and query, as templates and authorizers see them.

use crate::protocol::query;
use http::{HeaderMap, Uri};
use mapping_template::Params;
use std::collections::BTreeMap;

/// A handshake's headers and query; only known while `$connect` runs.
#[derive(Debug, Default)]
pub struct HandshakeRequest {
    /// Names in the case of [`title_case`], in the order of the request.
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
}

impl HandshakeRequest {
    /// Reads a handshake. Headers that are not text are left out.
    pub fn new(headers: &HeaderMap, uri: &Uri) -> Self {
        let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            Some((title_case(name.as_str()), value.to_str().ok()?.to_owned()))
        };
        let query = uri.query().map(query::pairs).unwrap_or_default();
        Self { headers: headers.iter().filter_map(text).collect(), query }
    }

    /// Adds a header of the gateway's own.
    pub fn with_header(mut self, name: &str, value: String) -> Self {
        self.headers.push((name.to_owned(), value));
        self
    }

    /// A header's last value, regardless of case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .rev()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// A query parameter's last value.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Every header's values by name.
    pub fn headers(&self) -> BTreeMap<&str, Vec<&str>> {
        by_name(&self.headers)
    }

    /// Every query parameter's values by name.
    pub fn queries(&self) -> BTreeMap<&str, Vec<&str>> {
        by_name(&self.query)
    }

    /// `$input.params()`; a repeated name has its last value.
    pub fn params(&self) -> Params {
        Params {
            querystring: self.query.iter().cloned().collect(),
            header: self.headers.iter().cloned().collect(),
            ..Params::default()
        }
    }
}

fn by_name(pairs: &[(String, String)]) -> BTreeMap<&str, Vec<&str>> {
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for (name, value) in pairs {
        all.entry(name.as_str()).or_default().push(value.as_str());
    }
    all
}

/// A header's name as clients usually write it: `Sec-WebSocket-Key`, `X-Api-Key`. The client's own case is lost,
/// because parsed header names have none.
fn title_case(name: &str) -> String {
    let mut title = String::with_capacity(name.len());
    let mut at_start = true;
    for character in name.chars() {
        title.push(if at_start { character.to_ascii_uppercase() } else { character });
        at_start = character == '-';
    }
    title.replace("Websocket", "WebSocket")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_is_known_by_its_headers_and_its_query() {
        let mut headers = HeaderMap::new();
        headers.insert("sec-websocket-key", "k".parse().unwrap());
        headers.append("x-a", "1".parse().unwrap());
        headers.append("x-a", "2".parse().unwrap());
        let opening = HandshakeRequest::new(&headers, &"/v1?token=a%2Bb+c&t&token=last".parse().unwrap());
        assert_eq!((opening.header("SEC-WEBSOCKET-key"), opening.header("X-A")), (Some("k"), Some("2")));
        assert_eq!(opening.headers()["X-A"], ["1", "2"]);
        assert!(opening.headers().contains_key("Sec-WebSocket-Key"));
        assert_eq!(opening.queries()["token"], ["a+b c", "last"]);
        assert_eq!(
            (opening.query("token"), opening.query("t"), opening.query("x")),
            (Some("last"), Some(""), None)
        );
    }
}
