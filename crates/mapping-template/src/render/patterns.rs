//! Methods of strings that take a regular expression.

use std::borrow::Cow;

use regex_lite::Regex;

use super::call::Call;
use super::{Renderer, Result};
use crate::methods::Type;
use crate::pattern::{self, next_search};
use crate::value::{ListKind, Text, Value};

/// The text after a match that counts as one step, for patterns that can read to the end of the
/// text for each match: their time grows with the square of the text's length.
const LOOK_AHEAD_BYTES_PER_STEP: usize = 4;

impl<'s> Renderer<'s> {
    pub(super) fn pattern_method(&mut self, text: &Text<'s>, call: Call<'_, 's>) -> Result<Value<'s>> {
        let [pattern, others @ ..] = call.arguments else { return self.no_method(Type::Text, call) };
        let pattern = self.text_argument(call.method, pattern)?;
        match (call.method, others) {
            ("matches", []) => {
                let regex = self.regex(text, &pattern, call)?;
                Ok(Value::Bool(regex.is_match(text)))
            }
            ("split", []) => self.split(text, &pattern, 0, call),
            ("split", [limit]) => {
                let limit = self.int_argument("split", limit)?;
                self.split(text, &pattern, limit, call)
            }
            ("replaceAll" | "replaceFirst", [replacement]) => {
                let replacement = self.text_argument(call.method, replacement)?;
                self.replace_pattern(text, &pattern, &replacement, call)
            }
            _ => self.no_method(Type::Text, call),
        }
    }

    /// Splits as Java does: a positive limit is the maximum number of parts, and a limit of 0 omits empty parts at the
    /// end.
    fn split(&mut self, text: &str, pattern: &str, limit: i64, call: Call<'_, 's>) -> Result<Value<'s>> {
        let regex = self.regex(text, pattern, call)?;
        let reads_ahead = pattern::reads_ahead(pattern);
        let most = usize::try_from(limit).ok().filter(|most| *most > 0).unwrap_or(usize::MAX);
        let mut parts: Vec<&str> = Vec::new();
        let (mut end, mut search) = (0, Some(0));
        while let Some(found) =
            search.filter(|_| parts.len() + 1 < most).and_then(|at| regex.find_at(text, at))
        {
            let left = if reads_ahead { (text.len() - found.start()) / LOOK_AHEAD_BYTES_PER_STEP } else { 0 };
            self.charge(1 + left)?;
            search = next_search(text, found.start(), found.end());
            // An empty match at the beginning does not split.
            if found.end() > 0 {
                parts.push(&text[end..found.start()]);
                end = found.end();
            }
        }
        let unsplit = parts.is_empty();
        parts.push(&text[end..]);
        while limit == 0 && !unsplit && parts.last().is_some_and(|part| part.is_empty()) {
            parts.pop();
        }
        let parts = parts.into_iter().map(|part| self.built(part.to_owned())).collect::<Result<_>>()?;
        Ok(self.heap.add_list(parts, ListKind::Fixed))
    }

    fn replace_pattern(
        &mut self,
        text: &str,
        pattern: &str,
        replacement: &str,
        call: Call<'_, 's>,
    ) -> Result<Value<'s>> {
        let most = if call.method == "replaceFirst" { 1 } else { usize::MAX };
        if let Some(literal) = pattern::literal(pattern)
            && !replacement.contains(['$', '\\'])
        {
            return self.replace(text, &literal, replacement, most);
        }
        let regex = self.regex(text, pattern, call)?;
        let reads_ahead = pattern::reads_ahead(pattern);
        let mut replaced = String::with_capacity(text.len());
        let (mut end, mut search, mut count) = (0, Some(0), 0);
        while let Some(captures) = search.filter(|_| count < most).and_then(|at| regex.captures_at(text, at))
        {
            let Some(found) = captures.get(0) else { break };
            search = next_search(text, found.start(), found.end());
            count += 1;
            replaced.push_str(&text[end..found.start()]);
            end = found.end();
            self.charge(1 + replacement.len() / 64)?;
            if reads_ahead {
                self.charge((text.len() - end) / LOOK_AHEAD_BYTES_PER_STEP)?;
            }
            if pattern::expand(replacement, &captures, &mut replaced).is_none() {
                return self.bad_argument(call.method, "a replacement whose groups exist", replacement);
            }
            self.write("", &mut replaced)?;
        }
        replaced.push_str(&text[end..]);
        self.built(replaced)
    }

    /// The compiled pattern of a call. Literals have been compiled with the template.
    fn regex<'c>(&mut self, text: &str, pattern: &str, call: Call<'c, 's>) -> Result<Cow<'c, Regex>> {
        // A longer pattern takes more time per byte.
        self.charge((1 + text.len() / 64).saturating_mul(1 + pattern.len() / 16))?;
        match call.pattern {
            Some(regex) => Ok(Cow::Borrowed(regex)),
            None => match pattern::compile(call.method, pattern) {
                Ok(regex) => Ok(Cow::Owned(regex)),
                Err(_) => self.bad_argument(
                    call.method,
                    "a regular expression without look-around and back-references",
                    pattern,
                ),
            },
        }
    }
}
