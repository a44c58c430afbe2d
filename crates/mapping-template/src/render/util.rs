//! `$util`: encodings.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::call::Call;
use super::input::borrow;
use super::{Renderer, Result};
use crate::methods::Type;
use crate::value::{Text, Value};
use json_text::{Json, minify};

impl<'s> Renderer<'s> {
    /// Calls a function of `$util`. Functions that only AppSync has (`qr`, `toJson`, …) are unknown.
    pub(super) fn util_method(&mut self, call: Call<'_, 's>) -> Result<Value<'s>> {
        let [argument] = call.arguments else { return self.no_method(Type::Util, call) };
        if matches!(argument, Value::Undefined) {
            return Ok(Value::Undefined);
        }
        let text = self.text(argument)?;
        self.charge_text(&text)?;
        match call.method {
            "escapeJavaScript" => {
                let escaped = escape_java_script(&text);
                self.built(escaped)
            }
            "base64Encode" => {
                let encoded = STANDARD.encode(text.as_bytes());
                self.built(encoded)
            }
            "base64Decode" => match STANDARD.decode(text.as_bytes()) {
                Ok(bytes) => self.built(String::from_utf8_lossy(&bytes).into_owned()),
                Err(_) => self.bad_argument("$util.base64Decode", "base64", &text),
            },
            "urlEncode" => {
                let encoded = url_encode(&text);
                self.built(encoded)
            }
            "urlDecode" => match url_decode(&text) {
                Some(decoded) => self.built(decoded),
                None => self.bad_argument("$util.urlDecode", "two hexadecimal digits after each %", &text),
            },
            "parseJson" => self.parse_json(&text),
            _ => self.no_method(Type::Util, call),
        }
    }

    fn parse_json(&mut self, text: &Text<'s>) -> Result<Value<'s>> {
        if minify(text).is_none() {
            return self.bad_argument("$util.parseJson", "JSON", text);
        }
        match text {
            Text::Borrowed(text) => self.load(Json::of_valid(text), &borrow, 0),
            Text::Owned(text) => self.load(Json::of_valid(text), &|text| Text::from(text.into_owned()), 0),
        }
    }
}

/// Escapes as Apache Commons does: `'` and `/` too, and characters outside of ASCII as `\uXXXX`.
fn escape_java_script(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for character in text.chars() {
        match character {
            '\'' | '"' | '\\' | '/' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '\u{8}' => escaped.push_str("\\b"),
            '\u{c}' => escaped.push_str("\\f"),
            ' '..='\u{7f}' => escaped.push(character),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(escaped, "\\u{unit:04X}");
                }
            }
        }
    }
    escaped
}

/// Form encoding as by `java.net.URLEncoder`: a blank is `+`.
fn url_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

/// Decodes form encoding; `None` if a `%` is not followed by two hexadecimal digits.
fn url_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                let digit =
                    |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                digit(digits[0])? * 16 + digit(digits[1])?
            }
            other => other,
        });
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
