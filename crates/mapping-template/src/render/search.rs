//! Searches in strings: `indexOf`, `lastIndexOf` and `startsWith`, also from an index.

use super::call::Call;
use super::strings::{number, units};
use super::{Renderer, Result};
use crate::methods::Type;
use crate::value::{Text, Value};

impl<'s> Renderer<'s> {
    pub(super) fn search_method(&mut self, text: &Text<'s>, call: Call<'_, 's>) -> Result<Value<'s>> {
        let (wanted, from) = match call.arguments {
            [wanted] => (wanted, None),
            [wanted, from] => (wanted, Some(self.int_argument(call.method, from)?)),
            _ => return self.no_method(Type::Text, call),
        };
        let wanted = match wanted {
            // Java also takes the number of a character, even one that no text can contain.
            Value::Int(code) if call.method != "startsWith" => {
                match u32::try_from(*code).ok().and_then(char::from_u32) {
                    Some(character) => Text::from(character.to_string()),
                    None => return Ok(Value::Int(-1)),
                }
            }
            other => self.text_argument(call.method, other)?,
        };
        let found = match call.method {
            "startsWith" => {
                let within =
                    from.map_or(Some(0), |from| usize::try_from(from).ok()).and_then(|at| byte_of(text, at));
                return Ok(Value::Bool(within.is_some_and(|at| text[at..].starts_with(&*wanted))));
            }
            "indexOf" => {
                let from = usize::try_from(from.unwrap_or(0)).unwrap_or(0);
                let at = byte_of(text, from).unwrap_or(text.len());
                text[at..].find(&*wanted).map(|found| at + found)
            }
            _ => match usize::try_from(from.unwrap_or(i64::MAX)) {
                Ok(from) => {
                    let last = byte_of(text, from).unwrap_or(text.len());
                    let end = text.len().min(last.saturating_add(wanted.len()));
                    let end = (end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
                    text[..end].rmatch_indices(&*wanted).map(|(at, _)| at).find(|at| *at <= last)
                }
                Err(_) => None,
            },
        };
        Ok(found.map_or(Value::Int(-1), |at| number(units(&text[..at]))))
    }
}

/// The byte offset of a unit. For the second half of a character, it is that of the next character; `None` after the end.
fn byte_of(text: &str, unit: usize) -> Option<usize> {
    if text.is_ascii() {
        return Some(unit).filter(|unit| *unit <= text.len());
    }
    let mut units = 0;
    for (at, character) in text.char_indices() {
        if units >= unit {
            return Some(at);
        }
        units += character.len_utf16();
    }
    Some(text.len()).filter(|_| units >= unit)
}
