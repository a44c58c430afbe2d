//! Timestamps in the services' forms.

use crate::core::clock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since the epoch, with milliseconds as a fraction.
pub fn epoch_seconds(time: SystemTime) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit 53 bits for 285,000 years")]
    let milliseconds = epoch_milliseconds(time) as f64;
    milliseconds / 1_000.0
}

pub fn epoch_milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    since.as_secs() * 1_000 + u64::from(since.subsec_millis())
}

/// `2026-11-23T05:00:00Z`
pub fn iso8601(time: SystemTime) -> String {
    clock::iso_8601_seconds(epoch_milliseconds(time))
}

/// `2026-11-23T05:00:00.000+0000`, Lambda's `LastModified`.
pub fn lambda_timestamp(time: SystemTime) -> String {
    clock::iso_8601(epoch_milliseconds(time)).replace('Z', "+0000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let at = |seconds: u64| UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(iso8601(at(0)), "1970-01-01T00:00:00Z");
        assert_eq!(iso8601(at(951_782_400)), "2000-02-29T00:00:00Z");
        assert_eq!(iso8601(at(1_735_689_599)), "2024-12-31T23:59:59Z");
        assert_eq!(iso8601(at(4_107_542_400)), "2100-03-01T00:00:00Z");
        let precise = UNIX_EPOCH + Duration::from_millis(1_708_326_702_789);
        assert_eq!(lambda_timestamp(precise), "2024-02-19T07:11:42.789+0000");
    }
}
