//! A shard whose records become visible late.

use super::{Fault, Faults};

/// When a shard may be read again after [`Fault::ShardSlow`] has triggered. Time is passed in.
#[derive(Debug, Default)]
pub struct SlowShard {
    until_ms: Option<u64>,
}

impl SlowShard {
    /// There are records to read. If they are not visible yet: when to come back for them. Each delay triggers once;
    /// all records there at its end are read.
    pub fn hold_until(&mut self, faults: &Faults, function: &str, now_ms: u64) -> Option<u64> {
        match self.until_ms {
            Some(until_ms) if now_ms < until_ms => return self.until_ms,
            Some(_) => self.until_ms = None,
            None => {
                let delay = faults.trigger(Fault::ShardSlow, function)?;
                self.until_ms = Some(now_ms + delay.as_millis() as u64);
            }
        }
        self.until_ms
    }
}
