//! The one region of an emulator: given when it starts, or that of the first signed call.

use std::str::FromStr;
use std::sync::{Arc, OnceLock};

/// The region that AWS tools default to, and the one that global services sign for.
const DEFAULT: &str = "us-east-1";
/// Services that have one endpoint for all regions, signed for [`DEFAULT`]. SDKs with an endpoint of their own sign for
/// the region that they are set to instead.
const GLOBAL_SERVICES: [&str; 2] = ["iam", "sts"];
/// Characters of a region's name, at most.
const CHARS_MAX: usize = 32;

/// The name of a region of AWS's commercial partition, such as `eu-west-1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region(String);

/// Not such a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a region such as eu-west-1; regions of other partitions (China, GovCloud) are not supported"
)]
pub struct NotARegion(String);

impl FromStr for Region {
    type Err = NotARegion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('-').collect();
        let is_region = text.len() <= CHARS_MAX
            && matches!(parts[..], [area, place, number]
                if area.len() == 2 && area != "cn" && is_all(area, u8::is_ascii_lowercase)
                    && is_all(place, u8::is_ascii_lowercase) && is_all(number, u8::is_ascii_digit));
        is_region
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| NotARegion(text.chars().take(CHARS_MAX).collect()))
    }
}

fn is_all(text: &str, fits: fn(&u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(|byte| fits(&byte))
}

impl Default for Region {
    fn default() -> Self {
        Self(DEFAULT.into())
    }
}

impl std::fmt::Display for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A region that is known from the start, or becomes known once. Clones are the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegionCell(Arc<OnceLock<Region>>);

/// A call that is signed for another region than the emulator's, in AWS's words and with the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Credential should be scoped to a valid region, not '{asked}'. This emulator is in {own}: set AWS_REGION={own}, or start it \
     with --region {asked}"
)]
pub struct OtherRegion {
    /// As the caller wrote it.
    pub asked: String,
    pub own: String,
}

impl RegionCell {
    /// The region if it is known.
    pub fn known(&self) -> Option<&Region> {
        self.0.get()
    }

    /// The region's name. Nothing that has a region exists before it is known, so that the default then says nothing.
    pub fn name(&self) -> &str {
        self.known().map_or(DEFAULT, |region| &region.0)
    }

    /// Settles on a region, unless it is known; returns the one that holds. Of several callers at once, one decides.
    pub fn settle(&self, region: Region) -> &Region {
        self.0.get_or_init(|| region)
    }

    /// Checks the region that a call is signed for. The first call decides, if nothing did before.
    ///
    /// # Errors
    /// The call is for another region, or for none.
    pub fn check(&self, asked: &str, service: &str) -> Result<(), OtherRegion> {
        // A global service's region does not say where its caller is.
        if asked == DEFAULT && GLOBAL_SERVICES.contains(&service) {
            return Ok(());
        }
        let other = |own: &str| OtherRegion { asked: asked.to_owned(), own: own.to_owned() };
        let region = Region::from_str(asked).map_err(|_| other(self.name()))?;
        let own = self.settle(region);
        if own.0 == asked { Ok(()) } else { Err(other(&own.0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(region: &str) -> RegionCell {
        let cell = RegionCell::default();
        cell.settle(region.parse().unwrap());
        cell
    }

    #[test]
    fn regions_are_those_of_the_commercial_partition() {
        for region in ["us-east-1", "eu-west-1", "ap-southeast-7", "mx-central-1", "il-central-1"] {
            assert_eq!(region.parse::<Region>().unwrap().to_string(), region);
        }
        for other in [
            "",
            "local",
            "eu-west",
            "cn-north-1",
            "us-gov-east-1",
            "eusc-de-east-1",
            "us-iso-east-1",
            "eu-west-1/",
            "EU-WEST-1",
            "eu-west-x",
            "eu--1",
            "aws-global",
            "eu-west-11111111111111111111111111111",
        ] {
            let error = other.parse::<Region>().unwrap_err().to_string();
            assert!(error.contains("is not a region such as eu-west-1"), "{other}: {error}");
        }
    }

    #[test]
    fn the_first_signed_call_decides_and_others_are_refused() {
        let cell = RegionCell::default();
        assert_eq!((cell.known(), cell.name()), (None, "us-east-1"));
        assert!(cell.check("nowhere", "kinesis").is_err() && cell.known().is_none());
        for global in ["iam", "sts"] {
            assert_eq!(cell.check("us-east-1", global), Ok(()));
        }
        assert_eq!(cell.known(), None, "a global service's region decides nothing");
        assert_eq!(cell.check("eu-west-1", "sts"), Ok(()));
        for (region, service, is_accepted) in [
            ("eu-west-1", "kinesis", true),
            ("eu-west-1", "iam", true),
            ("us-east-1", "iam", true),
            ("us-east-1", "sts", true),
            ("us-east-1", "kinesis", false),
            ("eu-west-2", "iam", false),
            ("", "lambda", false),
        ] {
            assert_eq!(cell.check(region, service).is_ok(), is_accepted, "{region} {service}");
        }
    }

    #[test]
    fn a_refusal_names_both_regions_and_the_way_out() {
        let error = cell("us-east-1").check("eu-west-1", "lambda").unwrap_err().to_string();
        assert_eq!(
            error,
            "Credential should be scoped to a valid region, not 'eu-west-1'. This emulator is in us-east-1: set \
             AWS_REGION=us-east-1, or start it with --region eu-west-1"
        );
    }

    #[test]
    fn of_many_first_calls_one_decides_for_all() {
        let cell = RegionCell::default();
        let regions: Vec<_> = (1..=8).map(|number| format!("eu-west-{number}")).collect();
        let accepted = std::thread::scope(|scope| {
            let calls: Vec<_> =
                regions.iter().map(|region| scope.spawn(|| cell.check(region, "kinesis").is_ok())).collect();
            calls.into_iter().map(|call| call.join().unwrap()).filter(|ok| *ok).count()
        });
        assert_eq!(accepted, 1);
        assert!(regions.iter().any(|region| region == cell.name()));
    }
}
