//! The current time, and the forms in which AWS writes times.

use std::time::{SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

const CLF: &[BorrowedFormatItem<'_>] =
    format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
const ISO_8601: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const ISO_8601_SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
const DATE_PATH: &[BorrowedFormatItem<'_>] = format_description!("[year]/[month]/[day]");

/// Milliseconds since the epoch.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// `19/Feb/2024:07:21:46 +0000`, as `$context.requestTime`.
pub fn clf(ms: u64) -> String {
    format(ms, CLF)
}

/// `2024-02-19T07:21:46.123Z`
pub fn iso_8601(ms: u64) -> String {
    format(ms, ISO_8601)
}

/// `2024-02-19T07:21:46Z`
pub fn iso_8601_seconds(ms: u64) -> String {
    format(ms, ISO_8601_SECONDS)
}

/// `2024/02/19`, as log streams' names begin.
pub fn date_path(ms: u64) -> String {
    format(ms, DATE_PATH)
}

/// Milliseconds since the epoch of a time such as `2026-01-31T12:00:00Z`.
pub fn parse_rfc_3339(text: &str) -> Option<u64> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    u64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
}

fn format(ms: u64, form: &[BorrowedFormatItem<'_>]) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .ok()
        .and_then(|time| time.format(form).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The instant of a captured `$connect` event (docs/aws-behaviour.md#apigateway-context).
    const CAPTURED_MS: u64 = 1_708_327_306_706;

    #[test]
    fn times_read_as_aws_writes_them() {
        assert_eq!(clf(CAPTURED_MS), "19/Feb/2024:07:21:46 +0000");
        assert_eq!(iso_8601(CAPTURED_MS), "2024-02-19T07:21:46.706Z");
        assert_eq!(date_path(CAPTURED_MS), "2024/02/19");
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        assert_eq!(parse_rfc_3339("2024-02-19T07:21:46.706Z"), Some(CAPTURED_MS));
        assert_eq!(parse_rfc_3339("2024-02-19T08:21:46.706+01:00"), Some(CAPTURED_MS));
        assert_eq!(parse_rfc_3339("yesterday"), None);
    }
}
