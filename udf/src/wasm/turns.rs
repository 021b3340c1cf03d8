//! The turns of one call: from tick to tick of the clock it runs, then it is looked at whether it goes on.

use std::time::{Duration, Instant};

use super::clock::Clock;
use super::guest::Stop;
use crate::Pulse;

/// How long a call has run, as far as its ticks show it: time is counted from the first, so that a call which sees none reads no clock.
#[derive(Default)]
pub(super) struct Turns {
    limit_ms: u64,
    ran: Duration,
    resumed: Option<Instant>,
}

impl Turns {
    /// Those of a call that may run for so long; 0 for ever.
    pub(super) fn limited(limit_ms: u64) -> Self {
        Turns {
            limit_ms,
            ..Turns::default()
        }
    }

    /// A turn is over. `pulse` says whether there is another, and takes the time that others have meanwhile.
    ///
    /// # Errors
    /// [`Stop::TimeLimit`], [`Stop::Killed`]
    pub(super) fn tick(
        &mut self,
        clock: &Clock,
        pulse: impl FnOnce() -> Pulse,
    ) -> Result<(), Stop> {
        clock.keep_going();
        let now = Instant::now();
        if let Some(resumed) = self.resumed {
            self.ran += now - resumed;
            clock.hurry();
        }
        if self.limit_ms > 0 && self.ran >= Duration::from_millis(self.limit_ms) {
            return Err(Stop::TimeLimit);
        }
        if pulse() == Pulse::Killed {
            return Err(Stop::Killed);
        }
        // Others may have had so long a turn that the clock has gone to sleep.
        clock.keep_going();
        self.resumed = Some(Instant::now());
        Ok(())
    }
}
