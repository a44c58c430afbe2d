//! Where the open LocalStack runs its half: in an image of our own, or as a process on this machine.

use super::arguments::Requested;
use super::choice::{Machine, no_docker, no_terraform};

/// A way to run it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Image,
    Process,
}

/// Where to run it, and what to do if it cannot run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Half {
    /// The first that can be installed is taken.
    pub places: Vec<Place>,
    /// Why others are not among them.
    pub reasons: Vec<String>,
    /// Whether it fails if it cannot run. Else it counts as ignored.
    pub is_named: bool,
}

/// Plans the half; `None` if it was not asked for.
pub fn half(asked: Requested, machine: &Machine) -> Option<Half> {
    let places = match asked {
        Requested::LocalStackOpen | Requested::Auto => vec![Place::Image, Place::Process],
        Requested::LocalStackOpenImage => vec![Place::Image],
        Requested::LocalStackOpenProcess => vec![Place::Process],
        _ => return None,
    };
    let is_named = places.len() == 1;
    if !machine.has_terraform {
        return Some(Half { places: Vec::new(), reasons: vec![no_terraform()], is_named });
    }
    let mut half = Half { places, reasons: Vec::new(), is_named };
    let why_no_image = match (&machine.docker, &machine.containers_here) {
        (Err(error), _) => Some(no_docker(error)),
        (_, here) => here.clone().err(),
    };
    if let Some(reason) = why_no_image.filter(|_| half.places.contains(&Place::Image)) {
        half.places.retain(|place| *place != Place::Image);
        half.reasons.push(reason);
    }
    Some(half)
}

impl Half {
    /// The first place where `install` succeeds, and why those before it cannot be.
    pub fn settle(
        self,
        install: impl Fn(Place) -> Result<(), String>,
    ) -> Result<(Place, Vec<String>), Vec<String>> {
        let mut reasons = self.reasons;
        for place in self.places {
            match install(place) {
                Ok(()) => return Ok((place, reasons)),
                Err(reason) => reasons.push(reason),
            }
        }
        Err(reasons)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Machine = Machine {
        has_token: false,
        docker: Ok(()),
        containers_here: Ok(()),
        has_terraform: true,
        has_deployed: false,
    };

    fn places(asked: Requested, machine: &Machine) -> Vec<Place> {
        half(asked, machine).expect("it was asked for").places
    }

    #[test]
    fn the_image_comes_first_where_it_can_run() {
        use Place::{Image, Process};
        let no_docker =
            Machine { docker: Err("refused".into()), containers_here: Err("refused".into()), ..FULL };
        let elsewhere = Machine { containers_here: Err("another network".into()), ..FULL };
        for asked in [Requested::Auto, Requested::LocalStackOpen] {
            assert_eq!(places(asked, &FULL), [Image, Process], "{asked:?}");
            for machine in [&no_docker, &elsewhere] {
                assert_eq!(places(asked, machine), [Process], "{asked:?}, {machine:?}");
            }
        }
        let half = half(Requested::LocalStackOpenImage, &no_docker).unwrap();
        assert!(half.places.is_empty() && half.reasons == ["no running Docker engine found: refused"]);
        assert_eq!(places(Requested::LocalStackOpenProcess, &no_docker), [Process]);
    }

    #[test]
    fn a_named_place_fails_and_any_other_is_ignored() {
        let is_named = |asked| half(asked, &FULL).unwrap().is_named;
        assert!(is_named(Requested::LocalStackOpenImage) && is_named(Requested::LocalStackOpenProcess));
        assert!(!is_named(Requested::LocalStackOpen) && !is_named(Requested::Auto));
        assert_eq!(half(Requested::Image, &FULL), None);
        let bare = Machine { has_terraform: false, ..FULL };
        assert!(places(Requested::LocalStackOpen, &bare).is_empty());
    }

    #[test]
    fn the_first_that_can_be_installed_is_taken_and_the_reason_kept() {
        let half = || half(Requested::LocalStackOpen, &FULL).unwrap();
        assert_eq!(half().settle(|_| Ok(())), Ok((Place::Image, Vec::new())));
        let no_image = |place| if place == Place::Image { Err("no base".to_owned()) } else { Ok(()) };
        assert_eq!(half().settle(no_image), Ok((Place::Process, vec!["no base".to_owned()])));
        let nowhere = half().settle(|place| Err(format!("{place:?}")));
        assert_eq!(nowhere, Err(vec!["Image".to_owned(), "Process".to_owned()]));
    }
}
