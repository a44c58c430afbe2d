//! Faults on demand: what AWS does now and then, when a user or a test wants it.
//!
//! Each hop calls [`Faults::trigger`] at its own occasions and does the rest itself. Parsing a spec and deciding
//! whether it triggers is pure ([`spec`]). Each fault has its own seeded random generator, so that a run can be
//! repeated. Without faults an occasion costs one atomic load.

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
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::sync::Arc;
use std::time::Duration;
use swap::Swaps;

/// Faults of one emulator at a time, at most.
pub const FAULTS_MAX: usize = 100;

/// The faults, and the seed of their chances; without a seed, a random one is used.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaultSettings {
    pub specs: Vec<FaultSpec>,
    pub seed: Option<u64>,
}

/// An emulator's faults. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    active: Arc<ArcSwapOption<Active>>,
}

#[derive(Debug)]
struct Active {
    seed: u64,
    faults: Vec<ActiveFault>,
    swaps: Swaps,
}

#[derive(Debug)]
struct ActiveFault {
    spec: FaultSpec,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    occasions: u64,
    triggered: u64,
    chance: StdRng,
}

impl Faults {
    /// The faults that an emulator starts with.
    pub fn new(settings: FaultSettings) -> Self {
        let faults = Self::default();
        faults.set(settings);
        faults
    }

    /// Replaces all faults and resets their counts.
    pub fn set(&self, settings: FaultSettings) {
        if settings.specs.is_empty() {
            return self.clear();
        }
        let seed = settings.seed.unwrap_or_else(|| rand::rng().random_range(1..1_000_000));
        let specs: Vec<_> = settings.specs.iter().map(ToString::to_string).collect();
        tracing::warn!(target: "flow", hop = "faults", "{} (--fault-seed {seed} repeats them)", specs.join("; "));
        let arm = |(place, spec)| {
            // A generator for each fault, so that the occasions of one do not change the chances of another.
            let chance = StdRng::seed_from_u64(seed.wrapping_add(place as u64));
            ActiveFault { spec, state: Mutex::new(State { occasions: 0, triggered: 0, chance }) }
        };
        let faults = settings.specs.into_iter().enumerate().map(arm).collect();
        self.active.store(Some(Arc::new(Active { seed, faults, swaps: Swaps::default() })));
    }

    pub fn clear(&self) {
        if self.active.swap(None).is_some() {
            tracing::warn!(target: "flow", hop = "faults", "none from now on");
        }
    }

    /// An occasion for `fault` that concerns `target`: if it triggers, returns how long it takes.
    pub fn trigger(&self, fault: Fault, target: &str) -> Option<Duration> {
        self.active.load().as_ref()?.trigger(fault, target)
    }

    /// An occasion for [`Fault::PutSwapped`]: whether to hold back a record of this key. Each key has at most one.
    pub fn hold(&self, key: &str) -> Option<Held> {
        let active = self.active.load();
        let active = active.as_ref()?;
        if active.swaps.holds(key) {
            return None;
        }
        let patience = active.trigger(Fault::PutSwapped, key)?;
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
    fn trigger(&self, fault: Fault, target: &str) -> Option<Duration> {
        let mut candidates = self.faults.iter().filter(|armed| armed.spec.fault == fault);
        let armed = candidates.find(|armed| armed.spec.concerns(target) && armed.triggers())?;
        tracing::warn!(target: "flow", hop = "injected", fault = fault.name(), target = short(target));
        Some(armed.spec.delay.unwrap_or_default())
    }
}

impl ActiveFault {
    fn triggers(&self) -> bool {
        let mut state = self.state.lock();
        let chance = state.chance.random();
        let triggers = self.spec.triggers(state.occasions, state.triggered, chance);
        state.occasions += 1;
        state.triggered += u64::from(triggers);
        triggers
    }
}

/// A partition key may have 256 arbitrary characters; a log line should not.
fn short(target: &str) -> String {
    const CHARS_MAX: usize = 64;
    target.chars().take(CHARS_MAX).map(|c| if c.is_control() { '.' } else { c }).collect()
}
