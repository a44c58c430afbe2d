//! A fault's spec, such as `connections-429=10%`, and whether the fault triggers. Pure; chance is passed in.

use super::kind::Fault;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Longest duration of a fault.
pub const DELAY_MAX: Duration = Duration::from_secs(60);

/// One fault of a user.
///
/// `NAME`, or `NAME=` and terms separated by commas: how often (`10%`, `1/20`), how many times at most (`5 times`), how
/// long (`300ms`, `2s`), and last, the only target (`for=` and the rest of the text).
#[derive(Debug, Clone, PartialEq)]
pub struct FaultSpec {
    pub fault: Fault,
    pub share: Share,
    pub times_max: Option<u64>,
    /// How long; `None` for a fault without a duration.
    pub delay: Option<Duration>,
    /// A partition key, a connection or a function, as [`Fault::target`] has it; `None`: all of them.
    pub target: Option<String>,
}

/// On which occasions a fault triggers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Share {
    /// On every one.
    Always,
    /// On each with this chance, in percent.
    Percent(f64),
    /// On every nth.
    OneIn(u64),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    #[error("there is no fault {name:?}; there are {}", known())]
    Unknown { name: String },
    /// An unknown term.
    #[error(
        "{fault}: {term:?} is not understood; how often is 10% or 1/20, how many at most is 5 times{}, and on which {} alone is for=…",
        if fault.default_delay().is_some() { ", how long is 300ms" } else { "" },
        fault.target()
    )]
    Term { fault: Fault, term: String },
    /// A term repeats or contradicts an earlier one.
    #[error("{fault}: {term:?} says again what another term said")]
    Twice { fault: Fault, term: String },
    #[error("{fault}: {term:?} is out of range: {range}")]
    Range {
        fault: Fault,
        term: String,
        /// What is allowed.
        range: &'static str,
    },
}

fn known() -> String {
    Fault::ALL.map(Fault::name).join(", ")
}

impl FaultSpec {
    /// The fault on every occasion.
    pub const fn always(fault: Fault) -> Self {
        Self { fault, share: Share::Always, times_max: None, delay: fault.default_delay(), target: None }
    }

    /// Whether it applies to `target`.
    pub fn concerns(&self, target: &str) -> bool {
        self.target.as_deref().is_none_or(|named| named == target)
    }

    /// Whether the fault triggers on the occasion after `occasions` others, of which it took `triggered`. `chance` is a
    /// random number in `0.0..1.0`.
    pub fn triggers(&self, occasions: u64, triggered: u64, chance: f64) -> bool {
        if self.times_max.is_some_and(|times| triggered >= times) {
            return false;
        }
        match self.share {
            Share::Always => true,
            Share::Percent(percent) => chance * 100.0 < percent,
            Share::OneIn(every) => (occasions + 1).is_multiple_of(every),
        }
    }

    fn take(&mut self, term: &str, said: &mut Said) -> Result<(), SpecError> {
        let fault = self.fault;
        let unclear = || SpecError::Term { fault, term: term.into() };
        let out_of = |range| SpecError::Range { fault, term: term.into(), range };
        let is_news = if let Some(percent) = term.strip_suffix('%') {
            let percent: f64 = percent.trim_end().parse().map_err(|_| unclear())?;
            if !(percent > 0.0 && percent <= 100.0) {
                return Err(out_of("more than 0%, at most 100%"));
            }
            self.share = Share::Percent(percent);
            !std::mem::replace(&mut said.share, true)
        } else if let Some(every) = term.strip_prefix("1/") {
            let every = every.parse().map_err(|_| unclear())?;
            if every == 0 {
                return Err(out_of("1/1 is every one"));
            }
            self.share = Share::OneIn(every);
            !std::mem::replace(&mut said.share, true)
        } else if let Some(times) = term.strip_suffix("times").or_else(|| term.strip_suffix("time")) {
            let times = times.trim_end().parse().map_err(|_| unclear())?;
            if times == 0 {
                return Err(out_of("at least 1 time"));
            }
            self.times_max.replace(times).is_none()
        } else if let (Some(delay), Some(_)) = (duration(term), fault.default_delay()) {
            if delay.is_zero() || delay > DELAY_MAX {
                return Err(out_of("more than 0ms, at most 60s"));
            }
            self.delay = Some(delay);
            !std::mem::replace(&mut said.delay, true)
        } else {
            return Err(unclear());
        };
        if is_news { Ok(()) } else { Err(SpecError::Twice { fault, term: term.into() }) }
    }
}

/// The terms read so far.
#[derive(Default)]
struct Said {
    share: bool,
    delay: bool,
}

fn duration(term: &str) -> Option<Duration> {
    match term.strip_suffix("ms") {
        Some(ms) => ms.parse().ok().map(Duration::from_millis),
        None => term.strip_suffix('s')?.parse().ok().map(Duration::from_secs),
    }
}

impl FromStr for FaultSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let (name, mut rest) = match text.split_once('=') {
            Some((name, rest)) => (name.trim(), Some(rest)),
            None => (text.trim(), None),
        };
        let fault = Fault::named(name).ok_or_else(|| SpecError::Unknown { name: name.into() })?;
        let mut spec = Self::always(fault);
        let mut said = Said::default();
        while let Some(terms) = rest {
            // A connection id ends with '=' and a partition key may contain anything, so the last term takes the rest.
            if let Some(target) = terms.trim_start().strip_prefix("for=").filter(|target| !target.is_empty())
            {
                spec.target = Some(target.into());
                break;
            }
            let term;
            (term, rest) = match terms.split_once(',') {
                Some((term, rest)) => (term, Some(rest)),
                None => (terms, None),
            };
            spec.take(term.trim(), &mut said)?;
        }
        Ok(spec)
    }
}

/// The spec in its shortest form, which parses as the same spec.
impl fmt::Display for FaultSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut terms = Vec::new();
        match self.share {
            Share::Always => {}
            Share::Percent(percent) => terms.push(format!("{percent}%")),
            Share::OneIn(every) => terms.push(format!("1/{every}")),
        }
        terms
            .extend(self.times_max.map(|times| format!("{times} time{}", if times == 1 { "" } else { "s" })));
        if self.delay != self.fault.default_delay() {
            terms.extend(self.delay.map(|delay| format!("{}ms", delay.as_millis())));
        }
        terms.extend(self.target.as_ref().map(|target| format!("for={target}")));
        let equals = if terms.is_empty() { "" } else { "=" };
        write!(f, "{}{equals}{}", self.fault, terms.join(","))
    }
}
