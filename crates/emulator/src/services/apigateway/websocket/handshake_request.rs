//! A client's opening handshake: headers and query, as templates and authorizers see them.

use super::header_names;
use crate::protocol::query;
use http::request::Parts;
use mapping_template::Params;
use std::collections::BTreeMap;

/// A handshake's headers and query; only known while `$connect` runs.
#[derive(Debug, Default)]
pub struct HandshakeRequest {
    /// Names as the client wrote them, those of one name together.
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
}

impl HandshakeRequest {
    /// Takes a handshake apart.
    pub fn new(request: &Parts) -> Self {
        let query = request.uri.query().map(query::pairs).unwrap_or_default();
        Self { headers: header_names::as_sent(request), query }
    }

    /// Adds a header of the gateway's own after the client's headers of that name, and spells them all alike: a function that
    /// looks the name up must not get the client's value alone because of its case.
    pub fn with_header(mut self, name: &str, value: String) -> Self {
        for (found, _) in self.headers.iter_mut().filter(|(found, _)| found.eq_ignore_ascii_case(name)) {
            name.clone_into(found);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_is_known_by_its_headers_and_its_query() {
        let request = http::Request::get("/v1?token=a%2Bb+c&t&token=last")
            .header("sec-websocket-key", "k")
            .header("x-a", "1")
            .header("x-a", "2")
            .body(());
        let opening = HandshakeRequest::new(&request.unwrap().into_parts().0);
        assert_eq!((opening.header("SEC-WEBSOCKET-key"), opening.header("X-A")), (Some("k"), Some("2")));
        assert_eq!(opening.headers()["x-a"], ["1", "2"]);
        assert_eq!(opening.queries()["token"], ["a+b c", "last"]);
        assert_eq!(
            (opening.query("token"), opening.query("t"), opening.query("x")),
            (Some("last"), Some(""), None)
        );
    }

    #[test]
    fn what_the_gateway_adds_stands_behind_the_clients_own() {
        let request = http::Request::get("/v1").header("x-forwarded-for", "203.0.113.9").body(());
        let opening = HandshakeRequest::new(&request.unwrap().into_parts().0)
            .with_header("X-Forwarded-For", "127.0.0.1".into());
        assert_eq!(opening.headers()["X-Forwarded-For"], ["203.0.113.9", "127.0.0.1"]);
        assert_eq!(opening.headers().len(), 1);
        assert_eq!(opening.params().header["X-Forwarded-For"], "127.0.0.1");
    }
}
