//! Moments as people write them: so long ago, or a date and time.

use anyhow::{Context as _, bail};
use aws_sdk_kinesis::primitives::{DateTime, DateTimeFormat};
use std::str::FromStr;

/// `10m`, `90s`, `2h`, `1d`: so long before now. `2026-11-30T10:00:00Z`: then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Ago { ms: i64 },
    At { ms: i64 },
}

impl Moment {
    /// In milliseconds since the epoch.
    pub fn epoch_ms(self, now_ms: i64) -> i64 {
        match self {
            Self::Ago { ms } => now_ms.saturating_sub(ms),
            Self::At { ms } => ms,
        }
    }
}

impl FromStr for Moment {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        if text == "now" {
            return Ok(Self::Ago { ms: 0 });
        }
        if let Ok(time) = DateTime::from_str(text, DateTimeFormat::DateTimeWithOffset) {
            return Ok(Self::At { ms: time.to_millis().context("the time is out of range")? });
        }
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let unit_ms: i64 = match &text[digits.len()..] {
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => bail!("{text:?} is not a time: write 30s, 10m, 2h, 1d, now or 2026-11-30T10:00:00Z"),
        };
        let count: i64 = digits.parse().with_context(|| format!("{text:?} is not a time"))?;
        Ok(Self::Ago { ms: count.checked_mul(unit_ms).context("the time is out of range")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_write_them() {
        for (text, ms) in [
            ("now", Some(1_000_000_000)),
            ("30s", Some(999_970_000)),
            ("10m", Some(999_400_000)),
            ("2h", Some(992_800_000)),
            ("1d", Some(913_600_000)),
            ("1970-01-01T00:00:01Z", Some(1_000)),
            ("1970-01-01T01:00:01.5+01:00", Some(1_500)),
            ("", None),
            ("10", None),
            ("m", None),
            ("-1m", None),
            ("10 m", None),
            ("99999999999999999d", None),
            ("yesterday", None),
        ] {
            let found = text.parse::<Moment>().ok().map(|moment| moment.epoch_ms(1_000_000_000));
            assert_eq!(found, ms, "{text}");
        }
    }
}
