//! What is observed of commands as they run: how long each took, the slow ones, spikes, and MONITOR.
//!
//! ```text
//! command ends ─▶ Meter     one reading of the cycle counter: the end of this command, the start of the next
//!                  ├▶ CommandTime    the core's own sum and histogram of the command, merged when somebody asks
//!                  └▶ took longer than anybody wants to hear of? (one branch, mostly never)
//!                       ├▶ SlowLog     arguments, who, when, how long
//!                       ├▶ Spikes      the worst of every second, by kind of event
//!                       └▶ Monitors    a line to every client that said MONITOR
//! ```
//!
//! The usual way of a command takes no lock, allocates nothing and writes to nothing that another core writes to.

mod cycles;
mod histogram;
mod meter;
mod monitors;
mod redact;
mod slow_log;
mod spikes;

use std::sync::OnceLock;

use crate::server::Counter;

pub use cycles::Cycles;
pub use histogram::{Histogram, Merged};
pub use meter::Meter;
pub use monitors::Monitors;
pub use slow_log::{SlowEntry, SlowLog};
pub use spikes::{Analysis, Event, SAMPLES_MAX, Sample, Series, Spikes};

/// What one core has measured of one command.
#[derive(Debug, Default)]
pub struct CommandTime {
    /// Time spent in it, in ns.
    pub nanos: Counter,
    /// Its latencies; none before the first.
    pub latencies: OnceLock<Box<Histogram>>,
}

impl CommandTime {
    /// Back to nothing; a measurement at that very moment may survive.
    pub fn reset(&self) {
        self.nanos.reset();
        if let Some(latencies) = self.latencies.get() {
            latencies.reset();
        }
    }
}
