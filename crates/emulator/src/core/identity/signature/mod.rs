//! Signature Version 4: what a request claims, and whether a given secret made its signature.
//!
//! The signature's time is not checked: functions may run with another clock, and whoever can replay a request on this
//! machine can also make one.

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::request::Parts;
use http::{HeaderMap, header};
use parking_lot::Mutex;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::fmt::Write as _;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The end of a credential scope.
const SCOPE_END: &str = "aws4_request";
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// Characters that a canonical query does not escape.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Characters that a canonical path does not escape.
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');
/// Signing keys kept for one access key, at most: one for each service and day.
const SIGNING_KEYS_MAX: usize = 8;

type HmacSha256 = Hmac<Sha256>;

/// What a signed request claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The access key whose secret signed it.
    pub access_key_id: String,
    pub session_token: Option<String>,
    /// `{date}/{region}/{service}/aws4_request`
    scope: String,
    signed_headers: String,
    signature: String,
    time: String,
    is_in_query: bool,
}

/// A signature that lacks a part. The text is AWS's for `IncompleteSignature`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' parameters.")]
pub struct Incomplete;

impl Claim {
    /// Reads a request's signature from its header or query; `None`: it has none. Fails with [`Incomplete`] if a part
    /// is missing.
    pub fn read(request: &Parts) -> Result<Option<Self>, Incomplete> {
        let header = |name: &str| text(&request.headers, name);
        if let Some(authorization) = header(header::AUTHORIZATION.as_str()) {
            let Some(parameters) = authorization.strip_prefix(ALGORITHM) else { return Ok(None) };
            let parameter = |name: &str| {
                let mut pairs = parameters.split(',').filter_map(|pair| pair.trim().split_once('='));
                pairs.find(|(key, _)| *key == name).map(|(_, value)| value.into())
            };
            let time = header("x-amz-date").or_else(|| header("date")).unwrap_or_default().to_owned();
            let token = header("x-amz-security-token").map(str::to_owned);
            return Self::of(&parameter, ["Credential", "SignedHeaders", "Signature"], time, token, false);
        }
        let query = request.uri.query().unwrap_or_default();
        let parameter = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| decoded(value))
        };
        if parameter("X-Amz-Algorithm").is_none_or(|algorithm| algorithm != ALGORITHM) {
            return Ok(None);
        }
        let time = parameter("X-Amz-Date").unwrap_or_default().into_owned();
        let token = parameter("X-Amz-Security-Token").map(Cow::into_owned);
        Self::of(
            &parameter,
            ["X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature"],
            time,
            token,
            true,
        )
    }

    fn of<'a>(
        parameter: &dyn Fn(&str) -> Option<Cow<'a, str>>,
        [credential, signed_headers, signature]: [&str; 3],
        time: String,
        session_token: Option<String>,
        is_in_query: bool,
    ) -> Result<Option<Self>, Incomplete> {
        let needed = |name: &str| parameter(name).filter(|value| !value.is_empty()).ok_or(Incomplete);
        let credential = needed(credential)?;
        let (access_key_id, scope) = credential.split_once('/').ok_or(Incomplete)?;
        if access_key_id.is_empty() || scope.split('/').count() != 4 || !scope.ends_with(SCOPE_END) {
            return Err(Incomplete);
        }
        Ok(Some(Self {
            access_key_id: access_key_id.to_owned(),
            session_token,
            scope: scope.to_owned(),
            signed_headers: needed(signed_headers)?.into_owned(),
            signature: needed(signature)?.into_owned(),
            time,
            is_in_query,
        }))
    }

    /// Whether the secret of `keys` signed this request.
    pub fn is_made_with(&self, keys: &SigningKeys, request: &Parts, host: &str, body: &[u8]) -> bool {
        let Some(canonical) = self.canonical_request(request, host, body) else { return false };
        let mut to_sign = format!("{ALGORITHM}\n{}\n{}\n", self.time, self.scope);
        push_hex(&mut to_sign, &Sha256::digest(canonical.as_bytes()));
        let mut signature = [0; 32];
        if !read_hex(&self.signature, &mut signature) || !self.time.starts_with(self.day()) {
            return false;
        }
        let mut mac = keyed(&keys.of_scope(&self.scope));
        mac.update(to_sign.as_bytes());
        mac.verify_slice(&signature).is_ok()
    }

    fn day(&self) -> &str {
        self.scope.split('/').next().unwrap_or_default()
    }

    /// The region that it is signed for.
    pub fn region(&self) -> &str {
        self.scope.split('/').nth(1).unwrap_or_default()
    }

    /// The service that it is signed for, by its signing name.
    pub fn service(&self) -> &str {
        self.scope.split('/').nth(2).unwrap_or_default()
    }

    /// `None` if a signed header is missing, or the body is not the one that was signed.
    fn canonical_request(&self, request: &Parts, host: &str, body: &[u8]) -> Option<String> {
        let mut canonical = String::with_capacity(1_024);
        canonical.push_str(request.method.as_str());
        canonical.push('\n');
        push_path(&mut canonical, request.uri.path());
        canonical.push('\n');
        push_query(&mut canonical, request.uri.query().unwrap_or_default());
        canonical.push('\n');
        for name in self.signed_headers.split(';') {
            canonical.push_str(name);
            canonical.push(':');
            if name == "host" {
                canonical.push_str(host);
            } else {
                push_header(&mut canonical, &request.headers, name)?;
            }
            canonical.push('\n');
        }
        canonical.push('\n');
        canonical.push_str(&self.signed_headers);
        canonical.push('\n');
        match text(&request.headers, "x-amz-content-sha256").filter(|_| !self.is_in_query) {
            Some(UNSIGNED_PAYLOAD) => canonical.push_str(UNSIGNED_PAYLOAD),
            reported => {
                let start = canonical.len();
                push_hex(&mut canonical, &Sha256::digest(body));
                reported.is_none_or(|reported| reported == &canonical[start..]).then_some(())?;
            }
        }
        Some(canonical)
    }
}

/// A secret and the keys derived from it, so that each request does not compute four hashes again.
pub struct SigningKeys {
    secret: String,
    derived: Mutex<Vec<(String, [u8; 32])>>,
}

impl SigningKeys {
    pub fn new(secret: String) -> Self {
        Self { secret, derived: Mutex::default() }
    }

    fn of_scope(&self, scope: &str) -> [u8; 32] {
        let mut derived = self.derived.lock();
        if let Some((_, key)) = derived.iter().find(|(known, _)| known == scope) {
            return *key;
        }
        let (day, rest) = scope.split_once('/').unwrap_or((scope, ""));
        let key = mac(format!("AWS4{}", self.secret).as_bytes(), day);
        let key = rest.split('/').fold(key, |key, part| mac(&key, part));
        if derived.len() == SIGNING_KEYS_MAX {
            derived.remove(0);
        }
        derived.push((scope.to_owned(), key));
        key
    }
}

fn keyed(key: &[u8]) -> HmacSha256 {
    HmacSha256::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"))
}

fn mac(key: &[u8], message: &str) -> [u8; 32] {
    let mut mac = keyed(key);
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().into()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// The path as sent, normalised and encoded once more.
fn push_path(canonical: &mut String, path: &str) {
    if !path.contains("//") && !path.contains("/.") {
        canonical.extend(utf8_percent_encode(path, PATH));
        return;
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    for segment in &segments {
        canonical.push('/');
        canonical.extend(utf8_percent_encode(segment, PATH));
    }
    if segments.is_empty() || ["/", "/.", "/.."].iter().any(|end| path.ends_with(end)) {
        canonical.push('/');
    }
}

fn push_query(canonical: &mut String, query: &str) {
    let encoded = |text: &str| utf8_percent_encode(&decoded(text), UNRESERVED).to_string();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut pairs: Vec<_> = pairs
        .filter(|(name, _)| *name != "X-Amz-Signature")
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    pairs.sort();
    for (index, (name, value)) in pairs.iter().enumerate() {
        let separator = if index == 0 { "" } else { "&" };
        let _ = write!(canonical, "{separator}{name}={value}");
    }
}

/// Every value of a header without white space at its ends and with single spaces; `None` if there is none.
fn push_header(canonical: &mut String, headers: &HeaderMap, name: &str) -> Option<()> {
    let mut values = headers.get_all(name).iter().peekable();
    values.peek()?;
    for (index, value) in values.enumerate() {
        if index > 0 {
            canonical.push(',');
        }
        let value = value.to_str().ok()?.trim();
        if !value.contains("  ") {
            canonical.push_str(value);
            continue;
        }
        for (index, word) in value.split(' ').filter(|word| !word.is_empty()).enumerate() {
            canonical.push_str(if index == 0 { "" } else { " " });
            canonical.push_str(word);
        }
    }
    Some(())
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)].into());
        text.push(DIGITS[usize::from(byte & 15)].into());
    }
}

fn read_hex(text: &str, bytes: &mut [u8; 32]) -> bool {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.len() == 2 * bytes.len()
        && text.as_bytes().chunks_exact(2).zip(bytes).all(|(pair, byte)| {
            match (digit(pair[0]), digit(pair[1])) {
                (Some(high), Some(low)) => {
                    *byte = high << 4 | low;
                    true
                }
                _ => false,
            }
        })
}

#[cfg(test)]
mod tests;
