//! What an entry remembers of its accesses, in 24 bits.
//!
//! ```text
//! recency     | seconds, modulo 2^24                                  |
//! frequency   | minutes of the last access, modulo 2^16 | counter u8  |
//! ```
//! Which of the two it is follows from the eviction policy, not from the entry: after a change of policy the bits of the
//! old one are misread until the key is accessed again. The counter grows by chance, the less likely the larger it is,
//! and is lowered by one for each period without access, as Redis documents its LFU policy. No clock and no randomness
//! of its own: a command brings both.

/// What accesses leave behind, by eviction policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tracking {
    /// When the last one was.
    #[default]
    Recency,
    /// How often they come.
    Frequency {
        /// `lfu-log-factor`: how slowly the counter saturates.
        log_factor: u32,
        /// `lfu-decay-time`: minutes after which the counter is lowered by one; 0 never.
        decay_minutes: u32,
    },
}

/// The counter of a new key: high enough not to go before it had a chance.
const COUNTER_NEW: u32 = 5;
const COUNTER_MAX: u32 = 255;
/// Minutes are kept modulo this.
const MINUTES_MASK: u32 = 0xffff;
/// Seconds are kept modulo this.
const SECONDS_MASK: u32 = 0xff_ffff;
/// A log factor no configuration has.
const NOT_COUNTED: u32 = u32::MAX;

/// One moment's access: passed by value, in two registers.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// The bits of an entry accessed now, but for the counter.
    clock: u32,
    random: u32,
    log_factor: u32,
    decay_minutes: u32,
}

impl Access {
    /// An access at this time. `random` is asked for bits only when they are needed.
    #[inline]
    pub fn new(tracking: Tracking, now_ms: u64, random: impl FnOnce() -> u64) -> Access {
        match tracking {
            Tracking::Recency => Access::recency((now_ms / 1000) as u32),
            Tracking::Frequency {
                log_factor,
                decay_minutes,
            } => Access {
                clock: ((now_ms / 60_000) as u32 & MINUTES_MASK) << 8,
                random: random() as u32,
                log_factor,
                decay_minutes,
            },
        }
    }

    /// An access of which only the second counts.
    pub const fn recency(seconds: u32) -> Access {
        Access {
            clock: seconds,
            random: 0,
            log_factor: NOT_COUNTED,
            decay_minutes: 0,
        }
    }

    #[inline]
    fn counts(self) -> bool {
        self.log_factor != NOT_COUNTED
    }

    /// Other random bits for the next access.
    #[inline]
    pub fn step(&mut self) {
        if self.counts() {
            // A full-period generator modulo 2^32; its high bits are what decides.
            self.random = self
                .random
                .wrapping_mul(1_664_525)
                .wrapping_add(1_013_904_223);
        }
    }

    /// The bits of a new entry.
    #[inline]
    pub fn fresh(self) -> u32 {
        if self.counts() {
            self.clock | COUNTER_NEW
        } else {
            self.clock
        }
    }

    /// The bits of an entry that had `old` and is accessed.
    #[inline]
    pub fn after(self, old: u32) -> u32 {
        if self.counts() {
            self.counted(old)
        } else {
            self.clock
        }
    }

    #[cold]
    fn counted(self, old: u32) -> u32 {
        let counter = self.counter_of(old);
        let above = u64::from(counter.saturating_sub(COUNTER_NEW));
        let odds = above * u64::from(self.log_factor) + 1;
        let grows = counter < COUNTER_MAX && u64::from(self.random) * odds < 1 << 32;
        self.clock | (counter + u32::from(grows))
    }

    /// The counter of an entry with these bits, lowered for the time since its last access.
    pub fn counter_of(self, bits: u32) -> u32 {
        let idle = self.idle_minutes(bits);
        let periods = idle.checked_div(self.decay_minutes).unwrap_or(0);
        (bits & COUNTER_MAX).saturating_sub(periods)
    }

    fn idle_minutes(self, bits: u32) -> u32 {
        ((self.clock >> 8).wrapping_sub(bits >> 8)) & MINUTES_MASK
    }

    /// Seconds since the last access of an entry with these bits.
    pub fn idle_seconds(self, bits: u32) -> u32 {
        self.clock.wrapping_sub(bits) & SECONDS_MASK
    }

    /// The bits of an entry last accessed so many seconds ago; none where frequency is kept.
    pub fn seconds_ago(self, seconds: u64) -> Option<u32> {
        let idle = seconds.min(u64::from(SECONDS_MASK)) as u32;
        (!self.counts()).then(|| self.clock.wrapping_sub(idle))
    }

    /// The bits of an entry accessed just now that has been accessed so often; none where only the time is kept.
    pub fn with_counter(self, counter: u8) -> Option<u32> {
        self.counts().then(|| self.clock | u32::from(counter))
    }

    /// How little an entry with these bits is worth keeping: larger is less.
    pub fn dispensable(self, bits: u32) -> u64 {
        if self.counts() {
            let rarely = u64::from(COUNTER_MAX - self.counter_of(bits));
            rarely << 16 | u64::from(self.idle_minutes(bits))
        } else {
            u64::from(self.idle_seconds(bits))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LFU: Tracking = Tracking::Frequency {
        log_factor: 10,
        decay_minutes: 1,
    };
    const MINUTE_MS: u64 = 60_000;

    #[test]
    fn recency_is_the_time() {
        let at = |now_ms| Access::new(Tracking::Recency, now_ms, || unreachable!());
        let bits = at(5_000).fresh();
        assert_eq!(at(9_999).idle_seconds(bits), 4);
        assert_eq!(at(9_999).after(bits), 9);
        assert!(at(20_000).dispensable(bits) > at(20_000).dispensable(at(9_000).fresh()));
    }

    #[test]
    fn the_counter_grows_ever_more_slowly() {
        let mut access = Access::new(LFU, MINUTE_MS, || 7);
        let mut hits_needed = Vec::new();
        let mut bits = access.fresh();
        for hit in 0..100_000 {
            access.step();
            bits = access.after(bits);
            while access.counter_of(bits) >= 10 * (hits_needed.len() as u32 + 1) {
                hits_needed.push(hit);
            }
        }
        // Redis's table for factor 10: some 10 after 100 hits, 18 after 1000, 142 after 100,000.
        assert!((20..300).contains(&hits_needed[0]), "{hits_needed:?}");
        let counter = access.counter_of(bits);
        assert!((125..160).contains(&counter), "{counter}");
        assert!(hits_needed.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn the_counter_decays_with_time() {
        let bits = Access::new(LFU, 0, || 0).fresh();
        let at = |minutes| Access::new(LFU, minutes * MINUTE_MS, || 0);
        assert_eq!(
            [0, 1, 4, 5, 60].map(|m| at(m).counter_of(bits)),
            [5, 4, 1, 0, 0]
        );
        assert!(at(3).dispensable(bits) > at(1).dispensable(bits));
    }
}
