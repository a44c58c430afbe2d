//! What a run is to do.

use crate::entry::Entry;
use std::net::IpAddr;
use std::time::Duration;

/// What decides when the next message goes out.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Load {
    /// The clock, whatever comes back: as many clients behave who know nothing of each other.
    Open {
        /// Messages per second of all connections together, above 0.
        rate_per_s: f64,
    },
    /// The answers: as one client behaves that waits for each.
    Closed {
        /// Messages of each connection that may be unanswered at once, above 0.
        in_flight: u64,
    },
}

#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to connect.
    pub entry: Entry,
    /// Connections, above 0.
    pub connections: usize,
    /// Connections opened per second.
    pub connects_per_s: f64,
    /// Addresses of this machine that connections take turns in; none leaves them to the system.
    pub sources: Vec<IpAddr>,
    /// What decides when messages go out.
    pub load: Load,
    pub size: usize,
    /// Seconds of rising load before the measurement.
    pub ramp_s: f64,
    /// Seconds of the measurement.
    pub duration_s: f64,
    /// How long an answer is waited for once sending has ended; and, in a closed loop, how long a silence may
    /// last until what is out is written off.
    pub answer_within: Duration,
}
