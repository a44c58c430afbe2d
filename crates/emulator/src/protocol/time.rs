//! Timestamps as the services write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: u64 = 86_400;

/// Seconds since the epoch, with milliseconds as a fraction.
pub fn epoch_seconds(time: SystemTime) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit 53 bits for 285,000 years")]
    let milliseconds = epoch_milliseconds(time) as f64;
    milliseconds / 1_000.0
}

/// Milliseconds since the epoch.
pub fn epoch_milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    since.as_secs() * 1_000 + u64::from(since.subsec_millis())
}

/// `2026-11-23T05:00:00Z`
pub fn iso8601(time: SystemTime) -> String {
    let seconds = epoch_milliseconds(time) / 1_000;
    format!("{}Z", date_and_time(seconds))
}

/// `2026-11-23T05:00:00.000+0000`, Lambda's `LastModified`.
pub fn lambda_timestamp(time: SystemTime) -> String {
    let milliseconds = epoch_milliseconds(time);
    format!("{}.{:03}+0000", date_and_time(milliseconds / 1_000), milliseconds % 1_000)
}

fn date_and_time(seconds: u64) -> String {
    let (year, month, day) = civil_date(seconds / SECONDS_PER_DAY);
    let second = seconds % SECONDS_PER_DAY;
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// The Gregorian date of a day since 1970-01-01. Years are counted from March, so that the leap day is
/// the last of its year, and eras of 400 years all have 146,097 days.
fn civil_date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468; // days from 0000-03-01 to 1970-01-01
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
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
