//! Connection, request and message ids: 16 characters, URL-safe base64 of 11 bytes, ending in `=`
//! (docs/aws-behaviour.md#apigateway-context).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE};

/// Characters of an id.
pub const ID_CHARS: usize = 16;

/// Reads ids of any maker: the last character before the `=` may have bits that no byte needs.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// A new id. Its first bytes follow the clock, so that ids of one run sort roughly by time, as AWS's seem to.
pub fn id(now_ms: u64) -> String {
    let mut bytes = [0; 11];
    // 40 bits of milliseconds wrap after 34 years.
    bytes[..5].copy_from_slice(&now_ms.to_be_bytes()[3..]);
    bytes[5..].copy_from_slice(&rand::random::<[u8; 6]>());
    URL_SAFE.encode(bytes)
}

/// Whether a text has the form of an id. Others are refused with 400, not 410
/// (docs/aws-behaviour.md#apigateway-connections).
pub fn is_well_formed(text: &str) -> bool {
    text.len() == ID_CHARS && LENIENT.decode(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_form_that_aws_ids_have() {
        let id = id(1_708_326_702_789);
        assert_eq!(id.len(), ID_CHARS);
        assert!(id.ends_with('='));
        assert!(is_well_formed(&id));
        for captured in ["Qyi07eCbtjMCJKw=", "JC1dgf9yoAMCK-g=", "RYG0LEicPHcFo_A="] {
            assert!(is_well_formed(captured));
        }
        // The last one's tail is not what an encoder writes; AWS answers 410 for it.
        for never_connected in
            ["AAAAAAAAAAAAAAA=", "_-_-_-_-_-_-_-8=", "Qyi07eCbtjMCJKx=", "H111mc0HywMCEEf="]
        {
            assert!(is_well_formed(never_connected), "{never_connected}");
        }
        for malformed in ["", "abc", "Qyi07eCbtjMCJKw", "Qyi07eCbtjMCJ/w=", "Qyi07eCbtjMCJKwQyi07eCbtjMCJKw="]
        {
            assert!(!is_well_formed(malformed), "{malformed}");
        }
    }
}
