//! The processor's cycle counter as a clock: a reading takes half the time of one of the system's clock.
//!
//! How fast the counter goes is found by comparing both clocks, at first over the time since the process began. So nothing
//! waits for a calibration; the figure is right to 0.01 % when the first command runs, and better after the first
//! [`Cycles::tune`] that has a second behind it. A processor whose counter stands still or changes its pace is left to the
//! system's clock, as is every other architecture.

use std::cell::Cell;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Bits behind the point of `nanos_per_cycle`.
const FRACTION_BITS: u32 = 32;
/// The least time over which the clocks are compared at first.
const COMPARED_FIRST: Duration = Duration::from_millis(1);
/// The least time from then on, always the last: what suspending or moving a machine does to one of them is soon forgotten.
const COMPARED_MIN: Duration = Duration::from_secs(1);

static HAS_COUNTER: LazyLock<bool> = LazyLock::new(has_steady_counter);
/// As early in the process's life as somebody asks.
static BEGINNING: LazyLock<Moment> = LazyLock::new(Moment::now);

/// Both clocks at once.
#[derive(Clone, Copy)]
struct Moment {
    at: Instant,
    /// 0 without a counter.
    count: u64,
}

impl Moment {
    fn now() -> Self {
        Moment {
            at: Instant::now(),
            count: if *HAS_COUNTER { read_counter() } else { 0 },
        }
    }
}

/// One core's view of the counter.
pub struct Cycles {
    has_counter: bool,
    /// With [`FRACTION_BITS`] behind the point.
    nanos_per_cycle: Cell<u64>,
    /// Where the next comparison begins.
    compared: Cell<Moment>,
}

impl Cycles {
    /// Marks the time from which the clocks are compared. Call it early: [`Cycles::ready`] waits until that is a millisecond ago.
    pub fn begin() {
        LazyLock::force(&BEGINNING);
    }

    /// A clock that is ready to use.
    pub fn ready() -> Self {
        let cycles = Cycles {
            has_counter: *HAS_COUNTER,
            nanos_per_cycle: Cell::new(1 << FRACTION_BITS),
            compared: Cell::new(*BEGINNING),
        };
        if cycles.has_counter {
            while BEGINNING.at.elapsed() < COMPARED_FIRST {
                std::hint::spin_loop();
            }
            cycles.compare(Moment::now());
        }
        cycles
    }

    /// Compares the clocks again, if it is time.
    pub fn tune(&self) {
        if self.has_counter && self.compared.get().at.elapsed() >= COMPARED_MIN {
            let now = Moment::now();
            self.compare(now);
            self.compared.set(now);
        }
    }

    fn compare(&self, now: Moment) {
        let before = self.compared.get();
        let nanos = now.at.duration_since(before.at).as_nanos();
        let cycles = now.count.saturating_sub(before.count);
        // A counter that did not go on was reset.
        if let Some(nanos_per_cycle) = (nanos << FRACTION_BITS).checked_div(cycles.into()) {
            let nanos_per_cycle = u64::try_from(nanos_per_cycle).unwrap_or(u64::MAX);
            self.nanos_per_cycle.set(nanos_per_cycle.max(1));
        }
    }

    /// The counter.
    #[inline]
    pub fn now(&self) -> u64 {
        match self.has_counter {
            true => read_counter(),
            false => BEGINNING.at.elapsed().as_nanos() as u64,
        }
    }

    /// The time from one reading to a later one, in ns; 0 when it is not later.
    #[inline]
    pub fn nanos_between(&self, start: u64, end: u64) -> u64 {
        let cycles = u128::from(end.saturating_sub(start));
        ((cycles * u128::from(self.nanos_per_cycle.get())) >> FRACTION_BITS) as u64
    }

    /// How far the counter goes in so many ns.
    pub fn cycles_in(&self, nanos: u64) -> u64 {
        let cycles = (u128::from(nanos) << FRACTION_BITS) / u128::from(self.nanos_per_cycle.get());
        u64::try_from(cycles).unwrap_or(u64::MAX)
    }
}

/// Whether the counter goes at one pace whatever the processor does.
#[cfg(target_arch = "x86_64")]
fn has_steady_counter() -> bool {
    use std::arch::x86_64::__cpuid;
    /// Advanced power management; bit 8 of EDX: the time stamp counter is invariant.
    const POWER_LEAF: u32 = 0x8000_0007;
    const INVARIANT_BIT: u32 = 1 << 8;
    __cpuid(0x8000_0000).eax >= POWER_LEAF && __cpuid(POWER_LEAF).edx & INVARIANT_BIT != 0
}

#[cfg(not(target_arch = "x86_64"))]
fn has_steady_counter() -> bool {
    false
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn read_counter() -> u64 {
    // SAFETY: RDTSC is in the x86_64 baseline and reads one register; Linux lets processes use it.
    unsafe { std::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
fn read_counter() -> u64 {
    unreachable!("there is no counter that was found steady")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_as_the_systems_clock_does() {
        let cycles = Cycles::ready();
        let (start, started) = (cycles.now(), Instant::now());
        std::thread::sleep(Duration::from_millis(20));
        let within = started.elapsed().as_nanos() as u64;
        let measured = cycles.nanos_between(start, cycles.now());
        let around = started.elapsed().as_nanos() as u64;
        assert!(
            measured > within / 100 * 99 && measured < around / 100 * 101 + 1_000_000,
            "{measured} ns, between {within} and {around}"
        );
        assert_eq!(cycles.nanos_between(start, start - 1), 0);
    }

    #[test]
    fn nanos_and_cycles_turn_into_each_other() {
        let cycles = Cycles::ready();
        for nanos in [1_000, 250_000, 1_000_000_000] {
            let back = cycles.nanos_between(0, cycles.cycles_in(nanos));
            assert!(back.abs_diff(nanos) <= nanos / 100, "{nanos} ns, {back}");
        }
    }
}
