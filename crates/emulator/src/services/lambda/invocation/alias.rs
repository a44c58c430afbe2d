//! An alias's choice of a version for each invocation. Pure; the random number is passed in.

/// An alias's versions, by their names in the function host.
#[derive(Debug, Clone, PartialEq)]
pub struct AliasRoute {
    /// Its version: `echo`, which is `$LATEST`, or `echo:1`.
    pub main: String,
    /// Another version and its share of the invocations, from 0 to 1.
    pub second: Option<(String, f64)>,
}

impl AliasRoute {
    /// The version to run for a random number from 0 to 1; for 1, always the main version.
    pub fn choose(&self, dice: f64) -> &str {
        match &self.second {
            Some((second, share)) if dice < *share => second,
            _ => &self.main,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn route(share: f64) -> AliasRoute {
        AliasRoute { main: "echo:1".into(), second: Some(("echo:2".into(), share)) }
    }

    #[test]
    fn without_a_second_version_the_first_always_runs() {
        let route = AliasRoute { main: "echo".into(), second: None };
        assert!([0.0, 0.5, 0.999].iter().all(|dice| route.choose(*dice) == "echo"));
    }

    #[test]
    fn no_share_is_none_and_a_whole_share_is_all() {
        assert!([0.0, 0.5, 0.999].iter().all(|dice| route(0.0).choose(*dice) == "echo:1"));
        assert!([0.0, 0.5, 0.999].iter().all(|dice| route(1.0).choose(*dice) == "echo:2"));
        assert_eq!(route(0.9).choose(1.0), "echo:1");
    }

    proptest! {
        /// Of evenly spread dice, the second version gets its share, to within one throw.
        #[test]
        fn the_second_version_gets_its_share(share in 0.0_f64..=1.0, throws in 1_u32..1_000) {
            let route = route(share);
            let dice = (0..throws).map(|throw| f64::from(throw) / f64::from(throws));
            let second = dice.filter(|dice| route.choose(*dice) == "echo:2").count();
            prop_assert!((second as f64 - share * f64::from(throws)).abs() <= 1.0);
        }
    }
}
