//! Identifiers in the forms of AWS's resources.

use rand::Rng as _;

const LOWERCASE: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const UPPERCASE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Ten lowercase letters and digits, for an API.
pub fn api() -> String {
    random(LOWERCASE, 10)
}

/// Seven lowercase letters and digits, for a resource of an API.
pub fn api_resource() -> String {
    random(LOWERCASE, 7)
}

/// A prefix and so many capitals and digits.
pub fn access_key(prefix: &str, random_chars: usize) -> String {
    format!("{prefix}{}", random(UPPERCASE, random_chars))
}

/// A prefix such as `AROA`, and sixteen capitals and digits.
pub fn iam(prefix: &str) -> String {
    format!("{prefix}{}", random(UPPERCASE, 16))
}

/// A secret of `length` letters and digits.
pub fn secret(length: usize) -> String {
    random(LOWERCASE, length)
}

fn random(alphabet: &[u8], length: usize) -> String {
    let mut rng = rand::rng();
    (0..length).map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())])).collect()
}
