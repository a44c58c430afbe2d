//! Removes from a report what identifies an account, an API or its owner.

/// Digits of an account's id.
const ACCOUNT_DIGITS: usize = 12;
/// Characters of an API's id.
const API_CHARS: usize = 10;
/// Characters of an access key's id, with its prefix.
const KEY_CHARS: usize = 20;
/// A shorter secret could be part of any word.
const SECRET_CHARS_MIN: usize = 8;

/// What to look for besides forms of ids.
#[derive(Debug, Default)]
pub struct Redactor {
    /// Texts and what stands for them, such as a secret of the environment.
    pub literals: Vec<(String, &'static str)>,
    pub keeps_account: bool,
}

impl Redactor {
    /// Knows the caller's secrets and folders.
    pub fn from_environment(keeps_account: bool) -> Self {
        let variables = [
            ("AWS_SECRET_ACCESS_KEY", "{secret}"),
            ("AWS_SESSION_TOKEN", "{secret}"),
            ("AWS_ACCESS_KEY_ID", "{key}"),
            ("HOME", "~"),
        ];
        let read = |(name, stands_for)| Some((std::env::var(name).ok()?, stands_for));
        Self { literals: variables.into_iter().filter_map(read).collect(), keeps_account }
    }

    pub fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let literals = self.literals.iter().filter(|(literal, stands_for)| {
            literal.len() >= SECRET_CHARS_MIN || (*stands_for == "~" && literal.len() > 1)
        });
        for (literal, stands_for) in literals {
            text = text.replace(literal, stands_for);
        }
        words(&text, |word, next, before| {
            let is_digits = word.bytes().all(|byte| byte.is_ascii_digit());
            let is_account =
                word.len() == ACCOUNT_DIGITS && is_digits && word.bytes().any(|byte| byte != b'0');
            let is_key = word.len() == KEY_CHARS && (word.starts_with("AKIA") || word.starts_with("ASIA"));
            let is_api = word.len() == API_CHARS
                && (next.starts_with(".execute-api")
                    || before.ends_with("execute-api/")
                    || before.ends_with("/apis/"));
            match (is_account, is_key, is_api) {
                (true, ..) if !self.keeps_account => Some("{account}"),
                (_, true, _) => Some("{key}"),
                (_, _, true) => Some("{api}"),
                _ => None,
            }
        })
    }
}

/// Replaces words of letters and digits; `stands_for` gets each with the text behind and before it.
fn words(text: &str, stands_for: impl Fn(&str, &str, &str) -> Option<&'static str>) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let is_word = |character: char| character.is_ascii_alphanumeric();
        let length = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
        let (word, next) = rest.split_at(length);
        let before = &text[..text.len() - rest.len()];
        clean.push_str(stands_for(word, next, before).unwrap_or(word));
        let other = next.find(is_word).unwrap_or(next.len());
        clean.push_str(&next[..other]);
        rest = &next[other..];
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_names_an_account_or_its_owner_is_left() {
        let literals = vec![
            ("sec/ret+value".to_owned(), "{secret}"),
            ("/home/me".to_owned(), "~"),
            (String::new(), "~"),
        ];
        let redactor = Redactor { literals, keeps_account: false };
        for (text, expected) in [
            ("arn:aws:iam::123456789012:role/x", "arn:aws:iam::{account}:role/x"),
            ("000000000000 is the emulator's", "000000000000 is the emulator's"),
            ("1234567890123 is a time", "1234567890123 is a time"),
            (
                "wss://abcdefghij.execute-api.eu-west-1.amazonaws.com/v1",
                "wss://{api}.execute-api.eu-west-1.amazonaws.com/v1",
            ),
            (
                "http://127.0.0.1:1/_aws/execute-api/abcdefghij/v1",
                "http://127.0.0.1:1/_aws/execute-api/{api}/v1",
            ),
            ("AKIAIOSFODNN7EXAMPLE: sec/ret+value in /home/me/x — é", "{key}: {secret} in ~/x — é"),
        ] {
            assert_eq!(redactor.clean(text), expected);
        }
        let keeps = Redactor { keeps_account: true, ..Redactor::default() };
        assert_eq!(keeps.clean("123456789012"), "123456789012");
    }
}
