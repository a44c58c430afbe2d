//! Whether one connection fails for a reason of its own: a statistical test. Pure.
//!
//! The question is put as a test of a hypothesis: the connection is like the others, and only has bad luck. Calls to
//! the others failed `failures` times in `attempts`; by Laplace's rule of succession the next one fails with
//! probability `(failures + 1) / (attempts + 2)`, and if it does that is one failure more that is known of. So `own`
//! failures in a row have the product of `own` such fractions as their likelihood. It needs no assumption about how
//! often calls fail: where half of all do, 20 failures in a row are no proof, and where none of 64 did, 5 are.

use crate::limits::{QUARANTINE_FAILURES_MIN, QUARANTINE_LIKELIHOOD, SUSPECT_LIKELIHOOD};

/// What the first attempts at other connections' records came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Others {
    pub attempts: u32,
    pub failures: u32,
}

/// What a connection's failures in a row say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Others fail as it does, or too little is known.
    Nothing,
    /// It may be its own fault: find out soon.
    Suspect,
    /// It is its own fault, beyond reasonable doubt.
    Own,
}

/// How likely a connection like the others fails so often in a row.
pub(crate) fn likelihood(own: u32, others: Others) -> f64 {
    let (failures, attempts) = (f64::from(others.failures), f64::from(others.attempts));
    (0..own).map(|n| (failures + 1.0 + f64::from(n)) / (attempts + 2.0 + f64::from(n))).product()
}

/// Judges a connection that has failed so often in a row.
pub(crate) fn judge(own: u32, others: Others) -> Finding {
    match likelihood(own, others) {
        likelihood if likelihood < QUARANTINE_LIKELIHOOD && own >= QUARANTINE_FAILURES_MIN => Finding::Own,
        likelihood if likelihood < SUSPECT_LIKELIHOOD => Finding::Suspect,
        _ => Finding::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Failures in a row that it takes, by what others met: attempts, failures.
    #[test]
    fn the_more_others_fail_the_more_failures_it_takes() {
        let needed = |attempts, failures| {
            let others = Others { attempts, failures };
            (1..1_000).find(|own| judge(*own, others) == Finding::Own)
        };
        let table = [
            ((64, 0), Some(5)),
            ((64, 6), Some(8)),
            ((64, 32), Some(25)),
            ((64, 51), Some(99)),
            ((15, 0), Some(9)),
            ((6, 0), Some(21)),
            ((2, 0), Some(180)), // more than all deliveries of a record have
            ((0, 0), None),      // nothing is known
            ((64, 64), None),
        ];
        let found = table.map(|(others, _)| (others, needed(others.0, others.1)));
        assert_eq!(found, table);
    }

    #[test]
    fn the_first_failure_among_others_that_get_through_is_suspect() {
        assert_eq!(judge(1, Others { attempts: 64, failures: 0 }), Finding::Suspect);
        assert_eq!(judge(1, Others { attempts: 10, failures: 0 }), Finding::Nothing);
        assert_eq!(judge(1, Others { attempts: 64, failures: 30 }), Finding::Nothing);
    }

    proptest! {
        /// More failures of its own say more, more failures of others less, and it is always a probability.
        #[test]
        fn evidence_adds_up(own in 0u32..200, attempts in 0u32..200, failures in 0u32..200) {
            let others = Others { attempts, failures: failures.min(attempts) };
            let likely = likelihood(own, others);
            prop_assert!((0.0..=1.0).contains(&likely));
            prop_assert!(likelihood(own + 1, others) <= likely);
            let worse = Others { attempts: attempts + 1, failures: others.failures + 1 };
            prop_assert!(likelihood(own, worse) >= likely);
        }
    }
}
