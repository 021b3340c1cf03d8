//! A tenant's rate of operations: a bucket of tokens that fills by the clock, kept as one point in time, so that all cores
//! share it without a lock.
//!
//! The point is when the bucket will be full minus what it holds when full: taking `n` tokens moves it `n` intervals on.
//! Who finds it in the future afterwards has to wait until then. It never lies further back than a burst lasts.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

const NANOS_PER_SECOND: u64 = 1_000_000_000;
/// Most tokens taken at a time: those of one batch.
const TAKEN_MAX: u64 = 32;

static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The bucket.
#[derive(Debug, Default)]
pub struct Rate {
    /// Time in which one token comes, in ns; 0 without a limit.
    interval: AtomicU64,
    /// Tokens it holds when full.
    burst: AtomicU64,
    /// See the file's header; ns since the first use.
    point: AtomicU64,
}

/// More was asked for than there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// Tokens that would be out.
    pub used: u64,
    /// Tokens the bucket holds.
    pub burst: u64,
}

impl Rate {
    /// Sets operations a second, 0 for no limit, and how many may come at once; a second's worth when 0.
    pub fn set(&self, ops: u64, burst: u64) {
        let interval = NANOS_PER_SECOND
            .checked_div(ops)
            .map_or(0, |nanos| nanos.max(1));
        let burst = if burst == 0 { ops } else { burst };
        self.burst.store(burst.max(1), Relaxed);
        self.interval.store(interval, Relaxed);
    }

    /// Whether there is a limit.
    pub fn is_limited(&self) -> bool {
        self.interval.load(Relaxed) != 0
    }

    /// How many of `wanted` tokens are taken at a time.
    pub fn portion(&self, wanted: u64) -> u64 {
        let most = (self.burst.load(Relaxed) / 4).clamp(1, TAKEN_MAX);
        wanted.clamp(1, most)
    }

    /// Takes tokens, and says how many ms to wait until they are there.
    pub fn take(&self, tokens: u64) -> u64 {
        let now = elapsed_nanos();
        let moved = |point| self.moved(point, tokens, now);
        let taken = self
            .point
            .fetch_update(Relaxed, Relaxed, |point| Some(moved(point)));
        let (Ok(before) | Err(before)) = taken;
        let wait = moved(before).saturating_sub(now);
        wait.div_ceil(1_000_000)
    }

    /// Takes tokens if they are there.
    pub fn try_take(&self, tokens: u64) -> Result<(), Exhausted> {
        let now = elapsed_nanos();
        let taken = self.point.fetch_update(Relaxed, Relaxed, |point| {
            Some(self.moved(point, tokens, now)).filter(|moved| *moved <= now)
        });
        taken.map(|_| ()).map_err(|point| {
            let interval = self.interval.load(Relaxed).max(1);
            let burst = self.burst.load(Relaxed);
            let over = self.moved(point, tokens, now).saturating_sub(now);
            Exhausted {
                used: burst + over.div_ceil(interval),
                burst,
            }
        })
    }

    fn moved(&self, point: u64, tokens: u64, now: u64) -> u64 {
        let interval = self.interval.load(Relaxed);
        let full = now.saturating_sub(self.burst.load(Relaxed) * interval);
        point.max(full) + tokens * interval
    }
}

/// Time since the first use and a day, so that a full bucket has a past.
fn elapsed_nanos() -> u64 {
    const DAY: u64 = 86_400 * NANOS_PER_SECOND;
    BEGUN.elapsed().as_nanos() as u64 + DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_bucket_gives_its_burst_and_then_one_an_interval() {
        let rate = Rate::default();
        assert!(!rate.is_limited());
        rate.set(10, 3);
        let tries: Vec<bool> = (0..5).map(|_| rate.try_take(1).is_ok()).collect();
        assert_eq!(tries, [true, true, true, false, false]);
        let refused = rate.try_take(1).unwrap_err();
        assert_eq!((refused.used, refused.burst), (4, 3));
        let waits: Vec<u64> = (0..3).map(|_| rate.take(1)).collect();
        assert!(
            (50..=100).contains(&waits[0]) && (250..=300).contains(&waits[2]),
            "{waits:?}"
        );
    }

    #[test]
    fn portions_suit_the_burst() {
        let rate = Rate::default();
        rate.set(10, 2);
        assert_eq!(rate.portion(32), 1);
        rate.set(100_000, 0);
        assert_eq!((rate.portion(500), rate.portion(5)), (32, 5));
    }
}
