//! The settings of a run.

use crate::entry::Entry;
use std::net::IpAddr;
use std::time::Duration;

/// The trigger for the next message.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Load {
    /// The clock, independent of answers, like many independent clients.
    Open {
        /// Messages per second of all connections together, above 0.
        rate_per_s: f64,
    },
    /// The answers, like clients that wait for them.
    Closed {
        /// Maximum unanswered messages of each connection, above 0.
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
    /// Addresses of this machine that connections use in turn; if empty, the system chooses.
    pub sources: Vec<IpAddr>,
    /// The trigger for messages.
    pub load: Load,
    pub size: usize,
    /// Seconds of rising load before the measurement.
    pub ramp_s: f64,
    /// Seconds of the measurement.
    pub duration_s: f64,
    /// Maximum wait for answers after sending has ended. In a closed loop, also the silence after which unanswered messages
    /// are written off.
    pub answer_within: Duration,
}
