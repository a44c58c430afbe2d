//! Faults on demand: what AWS does now and then, done when a user or a test asks for it.
//!
//! Each hop asks [`Faults::strike`] at its own occasions and does the rest itself. What a spec says and whether it
//! strikes is pure ([`spec`]); chance comes from a generator per fault, seeded, so that a run can be repeated.
//! Without faults an occasion costs one atomic load.

mod kind;
mod page;
mod slow;
pub mod spec;
mod swap;
#[cfg(test)]
mod tests;

pub use kind::Fault;
pub use page::PAGE;
pub use slow::SlowShard;
pub use spec::{FaultSpec, SpecError};
pub use swap::Held;

use arc_swap::ArcSwapOption;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use swap::Swaps;

/// Faults on one plane at once, at most.
pub const FAULTS_MAX: usize = 100;

/// Which faults there are to be, and the seed of their chances; without a seed one is drawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaultSettings {
    /// The faults.
    pub specs: Vec<FaultSpec>,
    /// The seed.
    pub seed: Option<u64>,
}

/// A plane's faults. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    active: Arc<ArcSwapOption<Active>>,
}

#[derive(Debug)]
struct Active {
    seed: u64,
    faults: Vec<Armed>,
    swaps: Swaps,
}

/// A fault, and what came of it so far.
#[derive(Debug)]
struct Armed {
    spec: FaultSpec,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    occasions: u64,
    struck: u64,
    chance: StdRng,
}

impl Faults {
    /// The faults that a plane begins with.
    pub fn new(settings: FaultSettings) -> Self {
        let faults = Self::default();
        faults.set(settings);
        faults
    }

    /// Replaces all faults; the counts begin anew.
    pub fn set(&self, settings: FaultSettings) {
        if settings.specs.is_empty() {
            return self.clear();
        }
        let seed = settings.seed.unwrap_or_else(|| rand::rng().random_range(1..1_000_000));
        let specs: Vec<_> = settings.specs.iter().map(ToString::to_string).collect();
        tracing::warn!(target: "flow", hop = "faults", "{} (--fault-seed {seed} repeats them)", specs.join("; "));
        let arm = |(place, spec)| {
            // A generator each: what one fault meets does not change another's chances.
            let chance = StdRng::seed_from_u64(seed.wrapping_add(place as u64));
            Armed { spec, state: Mutex::new(State { occasions: 0, struck: 0, chance }) }
        };
        let faults = settings.specs.into_iter().enumerate().map(arm).collect();
        self.active.store(Some(Arc::new(Active { seed, faults, swaps: Swaps::default() })));
    }

    /// No faults from now on.
    pub fn clear(&self) {
        if self.active.swap(None).is_some() {
            tracing::warn!(target: "flow", hop = "faults", "none from now on");
        }
    }

    /// An occasion for `fault` that concerns `whom`: whether it strikes, and then how long it takes.
    pub fn strike(&self, fault: Fault, whom: &str) -> Option<Duration> {
        self.active.load().as_ref()?.strike(fault, whom)
    }

    /// An occasion for [`Fault::PutSwapped`]: whether a record of this key is held back. None is while another is.
    pub fn hold(&self, key: &str) -> Option<Held> {
        let active = self.active.load();
        let active = active.as_ref()?;
        if active.swaps.holds(key) {
            return None;
        }
        let patience = active.strike(Fault::PutSwapped, key)?;
        Some(active.swaps.hold(key, patience))
    }

    /// A record of this key is in the stream: one that is held back may follow.
    pub fn release(&self, key: &str) {
        if let Some(active) = self.active.load().as_ref() {
            active.swaps.release(key);
        }
    }
}

impl Active {
    fn strike(&self, fault: Fault, whom: &str) -> Option<Duration> {
        let mut candidates = self.faults.iter().filter(|armed| armed.spec.fault == fault);
        let armed = candidates.find(|armed| armed.spec.concerns(whom) && armed.strikes())?;
        tracing::warn!(target: "flow", hop = "injected", fault = fault.name(), whom = short(whom));
        Some(armed.spec.delay.unwrap_or_default())
    }
}

impl Armed {
    fn strikes(&self) -> bool {
        let mut state = self.state();
        let chance = state.chance.random();
        let strikes = self.spec.strikes(state.occasions, state.struck, chance);
        state.occasions += 1;
        state.struck += u64::from(strikes);
        strikes
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A partition key may have 256 characters, whatever they are; a line of the log need not.
fn short(whom: &str) -> String {
    const CHARS_MAX: usize = 64;
    whom.chars().take(CHARS_MAX).map(|c| if c.is_control() { '.' } else { c }).collect()
}
