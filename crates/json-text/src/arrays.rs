//! Arrays within arrays, in one pass over their text.

use crate::{Json, next_value};

/// What is met on the way through an array and the arrays in it.
#[derive(Debug, Clone, Copy)]
pub enum ArrayPart<'a> {
    /// An array begins.
    Begin,
    /// An array ends.
    End,
    /// The comma between two elements.
    Comma,
    /// An element that is not an array.
    Value(Json<'a>),
}

impl<'a> Json<'a> {
    /// The parts of an array and of all arrays in it, in the order of the text; of any other value, itself.
    pub fn array_parts(self) -> impl Iterator<Item = ArrayPart<'a>> + use<'a> {
        let mut rest = self.as_str();
        std::iter::from_fn(move || {
            rest = rest.trim_start_matches(crate::is_blank);
            let part = match rest.as_bytes().first()? {
                b'[' => ArrayPart::Begin,
                b']' => ArrayPart::End,
                b',' => ArrayPart::Comma,
                _ => return next_value(&mut rest).map(ArrayPart::Value),
            };
            rest = &rest[1..];
            Some(part)
        })
    }

    /// The values that are reached through arrays alone: an array's elements and those of the arrays in it; of any
    /// other value, itself. An empty array is such a value.
    pub fn leaves(self) -> impl Iterator<Item = Self> + use<'a> {
        let mut parts = self.array_parts();
        let mut has_begun = false;
        std::iter::from_fn(move || {
            loop {
                let is_behind_begin = std::mem::take(&mut has_begun);
                match parts.next()? {
                    ArrayPart::Begin => has_begun = true,
                    ArrayPart::End if is_behind_begin => return Some(Self("[]")),
                    ArrayPart::End | ArrayPart::Comma => {}
                    ArrayPart::Value(value) => return Some(value),
                }
            }
        })
    }
}
