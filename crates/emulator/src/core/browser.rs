//! Whether a request comes from a web page, and from whose.
//!
//! A browser sends the page's origin with everything but plain GETs, and marks those with `Sec-Fetch-Site`. No page can
//! omit either or choose its value.

use http::HeaderMap;
use http::header::{self, HeaderName};
use std::str::FromStr;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// An origin that `--allowed-origin` admits, such as `http://localhost:3000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedOrigin(String);

impl std::fmt::Display for AllowedOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value of `--allowed-origin` that is not one origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an origin: give scheme, host and port, such as http://localhost:3000 (not *, and not null, which every sandboxed frame has)"
)]
pub struct NotAnOrigin(String);

impl FromStr for AllowedOrigin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let is_scheme_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        let is_host_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte);
        match text.split_once("://") {
            Some((scheme, host))
                if !scheme.is_empty()
                    && !host.is_empty()
                    && scheme.bytes().all(is_scheme_byte)
                    && host.bytes().all(is_host_byte) =>
            {
                Ok(Self(text.to_ascii_lowercase()))
            }
            _ => Err(NotAnOrigin(text.to_owned())),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A program, or a person who typed the address.
    Program,
    /// A page of the emulator itself.
    Own,
    /// A page of an origin that the user allowed.
    Allowed,
    /// Any other page.
    Foreign,
}

/// Who sends a request with these headers to `host`.
pub fn sender(headers: &HeaderMap, host: &str, allowed: &[AllowedOrigin]) -> Sender {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return sender_of_fetch(headers) };
    let Some(origin) = origin.to_str().ok().filter(|_| origins.next().is_none()) else {
        return Sender::Foreign;
    };
    if is_own(origin, host) {
        Sender::Own
    } else if allowed.iter().any(|allowed| allowed.0.eq_ignore_ascii_case(origin)) {
        Sender::Allowed
    } else {
        Sender::Foreign
    }
}

/// Whether a browser sent the request at all; for ports that no page has any business with.
pub fn is_of_a_page(headers: &HeaderMap) -> bool {
    sender(headers, "", &[]) != Sender::Program
}

/// Requests for images, frames and links have no origin.
fn sender_of_fetch(headers: &HeaderMap) -> Sender {
    let mut sites = headers.get_all(SEC_FETCH_SITE).iter().map(http::HeaderValue::as_bytes);
    match (sites.next(), sites.next()) {
        (None, _) | (Some(b"none"), None) => Sender::Program,
        (Some(b"same-origin"), None) => Sender::Own,
        _ => Sender::Foreign,
    }
}

/// `https` too: a proxy may add it.
fn is_own(origin: &str, host: &str) -> bool {
    let (scheme, authority) = origin.split_once("://").unwrap_or_default();
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let bare = |host: &str| host.strip_suffix(port).map_or(host.len(), str::len);
    authority[..bare(authority)].eq_ignore_ascii_case(&host[..bare(host)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const HOST: &str = "127.0.0.1:4566";

    fn of(headers: &[(&'static str, &str)]) -> Sender {
        let allowed = ["http://localhost:3000".parse().unwrap()];
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect();
        sender(&headers, HOST, &allowed)
    }

    #[test]
    fn a_sender_is_known_by_its_headers() {
        for (headers, expected) in [
            (&[][..], Sender::Program),
            (&[("sec-fetch-site", "none")], Sender::Program),
            (&[("sec-fetch-site", "same-origin")], Sender::Own),
            (&[("sec-fetch-site", "same-site")], Sender::Foreign),
            (&[("sec-fetch-site", "cross-site")], Sender::Foreign),
            (&[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")], Sender::Foreign),
            (&[("origin", "http://127.0.0.1:4566")], Sender::Own),
            (&[("origin", "https://127.0.0.1:4566")], Sender::Own),
            (&[("origin", "http://localhost:3000")], Sender::Allowed),
            (&[("origin", "HTTP://LOCALHOST:3000"), ("sec-fetch-site", "cross-site")], Sender::Allowed),
            (&[("origin", "http://localhost:4566")], Sender::Foreign),
            (&[("origin", "http://127.0.0.1:80")], Sender::Foreign),
            (&[("origin", "http://127.0.0.1")], Sender::Foreign),
            (&[("origin", "http://evil.example")], Sender::Foreign),
            (&[("origin", "http://evil.example"), ("sec-fetch-site", "none")], Sender::Foreign),
            (&[("origin", "http://evil.example/127.0.0.1:4566")], Sender::Foreign),
            (&[("origin", "chrome-extension://127.0.0.1:4566")], Sender::Foreign),
            (&[("origin", "null")], Sender::Foreign),
            (&[("origin", "")], Sender::Foreign),
            (&[("origin", "http://127.0.0.1:4566"), ("origin", "http://evil.example")], Sender::Foreign),
        ] {
            assert_eq!(of(headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn the_port_of_the_scheme_may_be_left_out() {
        assert!(is_own("http://localhost", "localhost:80"));
        assert!(is_own("https://abc.localhost", "abc.localhost:443"));
        assert!(!is_own("https://localhost", "localhost:80"));
    }

    #[test]
    fn what_is_not_one_origin_cannot_be_allowed() {
        for wrong in [
            "",
            "*",
            "null",
            "localhost:3000",
            "http://",
            "http://a/",
            "http://a/b",
            "http://*.a",
            "http://a b",
        ] {
            assert!(wrong.parse::<AllowedOrigin>().is_err(), "{wrong}");
        }
        for right in ["http://localhost:3000", "https://[::1]:3000", "chrome-extension://abcdef"] {
            assert!(right.parse::<AllowedOrigin>().is_ok(), "{right}");
        }
    }
}
